#include <tacit/base/word_lock.hpp>

#include <gtest/gtest.h>

#include <mutex>

#include "model/explore.hpp"
#include "model/plain.hpp"

namespace tacit::base {
namespace {

TEST(word_lock_model, excludes_and_publishes) {
  model::expect_holds(model::search{.preemptions = 3, .stale_reads = 2}, [] {
    model::plain<int> count;
    word_lock lock;
    const auto increase = [&] {
      const std::lock_guard held(lock);
      count.write(count.read() + 1);
    };
    model::together(increase, increase, [&] {
      if (!lock.try_lock()) return;
      count.write(count.read() + 1);
      lock.unlock();
    });
    model::require(count.read() >= 2 && count.read() <= 3, "an increment is lost");
  });
}

}  // namespace
}  // namespace tacit::base
