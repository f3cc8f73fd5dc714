#include <tacit/sched/block_on.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <thread>

namespace tacit::sched {
namespace {

// Suspends and is made ready by a thread of its own.
struct woken_elsewhere : runnable {
  std::thread* waker;
  explicit woken_elsewhere(std::thread* out) : waker(out) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> awaiting) {
    coroutine = awaiting;
    home = current_agent();
    *waker = std::thread([this] { make_ready(); });
  }
  void await_resume() const {}
};

TEST(block_on, resumes_on_its_own_thread_what_another_thread_made_ready) {
  std::thread waker;
  const auto body = [](std::thread* out) -> task<std::thread::id> {
    co_await woken_elsewhere(out);
    co_return std::this_thread::get_id();
  };
  EXPECT_EQ(block_on(body(&waker)), std::this_thread::get_id());
  waker.join();
}

TEST(block_on, leaves_the_thread_without_an_agent) {
  block_on([]() -> task<> { co_return; }());
  EXPECT_EQ(current_agent(), nullptr);
}

TEST(start_here, runs_up_to_the_first_suspension_at_once) {
  blocking_agent here;
  std::thread waker;
  int step = 0;
  const auto body = [](int* at, std::thread* out) -> task<> {
    *at = 1;
    co_await woken_elsewhere(out);
    *at = 2;
  };
  auto handle = start_here(body(&step, &waker));
  EXPECT_EQ(step, 1);
  EXPECT_FALSE(handle.has_ended());
  here.run_one();
  EXPECT_EQ(step, 2);
  EXPECT_TRUE(handle.has_ended());
  waker.join();
}

}  // namespace
}  // namespace tacit::sched
