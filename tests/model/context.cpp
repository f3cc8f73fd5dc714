#include "model/context.hpp"

#include <utility>

#include <boost/context/fixedsize_stack.hpp>

namespace tacit::model {
namespace {

constexpr std::size_t stack_bytes = 256 * 1024;

// Who has just been left: its rest is known only where execution goes on.
context* leaving = nullptr;

}  // namespace

context::context(std::function<void()> entry)
    : rest_(std::allocator_arg, boost::context::fixedsize_stack(stack_bytes),
            [run = std::move(entry)](boost::context::fiber&& left) {
              leaving->rest_ = std::move(left);
              run();
              return boost::context::fiber();
            }) {}

void context::switch_to(context& to) {
  leaving = this;
  boost::context::fiber left = std::move(to.rest_).resume();
  leaving->rest_ = std::move(left);
}

void context::abandon() {
  new boost::context::fiber(std::move(rest_));
}

}  // namespace tacit::model
