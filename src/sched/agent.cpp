#include <tacit/sched/agent.hpp>

#include <utility>

namespace tacit::sched {
namespace {

// Read only through functions of this file, which are never inlined into a coroutine: a compiler
// may keep the address of a thread_local across a suspension, after which the thread is another
// one.
constinit thread_local agent* current = nullptr;

}  // namespace

agent* current_agent() noexcept {
  return current;
}

agent* detail::exchange_current_agent(agent* next) noexcept {
  return std::exchange(current, next);
}

}  // namespace tacit::sched
