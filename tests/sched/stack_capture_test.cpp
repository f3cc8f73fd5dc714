#include "sched/stack_capture.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <functional>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

#include <tacit/sched/block_on.hpp>
#include <tacit/sched/task.hpp>

#include "sched/stack_symbols.hpp"

extern "C" const char __ehdr_start[];  // The linker's: the first byte of the program.

namespace tacit::sched {

// Not in the anonymous namespace: no clone of them is made.
[[gnu::noinline]] void spin_where_the_test_looks(std::atomic<bool>& started,
                                                 std::atomic<bool>& stop) {
  started = true;
  while (!stop) {
  }
}

[[gnu::noinline]] int call_what_spins(std::atomic<bool>& started, std::atomic<bool>& stop) {
  spin_where_the_test_looks(started, stop);
  return started ? 1 : 2;  // Something to do: not a tail call.
}

task<> coroutine_that_spins(std::atomic<bool>& started, std::atomic<bool>& stop) {
  call_what_spins(started, stop);
  co_return;
}

namespace {

// Where an answer comes, it comes long before; where none does, the test says so.
constexpr std::chrono::seconds patience(60);
constexpr std::chrono::milliseconds brief(20);

// A thread that runs `body` until it is told to stop.
class victim {
 public:
  using work = std::function<void(std::atomic<bool>& started, std::atomic<bool>& stop)>;

  explicit victim(work body)
      : thread_([this, does = std::move(body)] {
          id_ = gettid();
          does(started_, stop_);
        }) {
    while (!started_)
      std::this_thread::yield();
  }
  ~victim() { stop(); }

  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] pid_t id() const { return id_; }

 private:
  std::atomic<bool> started_{false};
  std::atomic<bool> stop_{false};
  std::atomic<pid_t> id_{0};
  std::thread thread_;
};

std::string text_of(const captured_stack& stack) {
  std::string text = to_words(stack.status);
  for (const std::uintptr_t frame : stack.frames)
    text += "\n  " + describe_address(frame);
  return text;
}

void wait_until_asleep(pid_t thread) {
  const std::string file = "/proc/self/task/" + std::to_string(thread) + "/stat";
  for (;;) {
    std::string stat;
    std::getline(std::ifstream(file), stat);
    if (stat.find(") S ") != std::string::npos) return;
    std::this_thread::yield();
  }
}

TEST(stack_capture, names_the_function_that_another_thread_is_in_and_who_called_it) {
  victim spinning([](auto& started, auto& stop) { call_what_spins(started, stop); });
  const captured_stack stack = capture_stack(spinning.id(), patience);
  const std::string text = text_of(stack);
  ASSERT_EQ(stack.status, capture_status::captured);
  const std::size_t inner = text.find("spin_where_the_test_looks");
  const std::size_t outer = text.find("call_what_spins");
  ASSERT_NE(inner, std::string::npos) << text;
  ASSERT_NE(outer, std::string::npos) << text;
  EXPECT_LT(inner, outer) << text;
#if !defined(__SANITIZE_THREAD__)
  // Under TSan the handler runs inside its runtime, at the next atomic access.
  EXPECT_NE(describe_address(stack.frames[0]).find("spin_where_the_test_looks"), std::string::npos)
      << text;
#endif
}

TEST(stack_capture, leaves_the_thread_running_and_can_be_repeated) {
  std::atomic<std::uint64_t> turns{0};
  victim counting([&](auto& started, auto& stop) {
    started = true;
    while (!stop)
      ++turns;
  });
  for (int i = 0; i < 50; ++i) {
    const std::uint64_t before = turns;
    ASSERT_EQ(capture_stack(counting.id(), patience).status, capture_status::captured);
    while (turns == before)
      std::this_thread::yield();
  }
}

TEST(stack_capture, gives_the_innermost_frames_of_a_stack_that_is_deep) {
  struct deep {
    static int dive(int depth, std::atomic<bool>& started, std::atomic<bool>& stop) {
      if (depth == 0) return call_what_spins(started, stop);
      volatile int after_the_call = depth;  // So that it is not turned into a loop.
      const int below = dive(depth - 1, started, stop);
      return below + after_the_call;
    }
  };
  victim diving([](auto& started, auto& stop) { deep::dive(1000, started, stop); });
  const captured_stack stack = capture_stack(diving.id(), patience);
  EXPECT_EQ(stack.status, capture_status::captured);
  EXPECT_EQ(stack.frames.size(), 64U);
  EXPECT_NE(text_of(stack).find("spin_where_the_test_looks"), std::string::npos);
}

TEST(stack_capture, a_thread_that_blocks_the_signal_gives_no_stack_now_or_later) {
  std::latch unblock(1);
  std::atomic<bool> unblocked{false};
  victim deaf([&](auto& started, auto& stop) {
    sigset_t urgent;
    sigemptyset(&urgent);
    sigaddset(&urgent, SIGURG);
    pthread_sigmask(SIG_BLOCK, &urgent, nullptr);
    started = true;
    unblock.wait();
    pthread_sigmask(SIG_UNBLOCK, &urgent, nullptr);
    unblocked = true;
    while (!stop) {
    }
  });
  const captured_stack none = capture_stack(deaf.id(), brief);
  EXPECT_EQ(none.status, capture_status::no_answer);
  EXPECT_TRUE(none.frames.empty());
  // The signal arrives late and finds nobody who asks. The next request is served as ever.
  unblock.count_down();
  while (!unblocked)
    std::this_thread::yield();
  EXPECT_EQ(capture_stack(deaf.id(), patience).status, capture_status::captured);
}

TEST(stack_capture, a_thread_that_has_ended_is_told_from_one_that_does_not_answer) {
  victim ended([](auto& started, auto&) { started = true; });
  ended.stop();
  // A join comes back before the kernel is done with the thread.
  while (access(("/proc/self/task/" + std::to_string(ended.id())).c_str(), F_OK) == 0)
    std::this_thread::yield();
  EXPECT_EQ(capture_stack(ended.id(), patience).status, capture_status::no_such_thread);
}

TEST(stack_capture, leaves_the_signal_to_a_program_that_handles_it) {
  victim spinning(call_what_spins);
  static std::atomic<int> handled{0};
  struct sigaction own = {};
  struct sigaction before = {};
  own.sa_handler = [](int) { ++handled; };
  ASSERT_EQ(sigaction(SIGURG, &own, &before), 0);
  EXPECT_EQ(capture_stack(spinning.id(), patience).status, capture_status::signal_taken);
  EXPECT_EQ(handled, 0);
  ASSERT_EQ(sigaction(SIGURG, &before, nullptr), 0);
  EXPECT_EQ(capture_stack(spinning.id(), patience).status, capture_status::captured);
}

TEST(stack_capture, an_interrupted_system_call_is_restarted) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "TSan runs handlers only after the system call, so there is no answer in one";
#endif
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  std::atomic<ssize_t> got{-2};
  victim reading([&](auto& started, auto&) {
    char byte = 0;
    started = true;
    got = read(ends[0], &byte, 1);
  });
  for (int i = 0; i < 10; ++i) {
    wait_until_asleep(reading.id());
    EXPECT_EQ(capture_stack(reading.id(), patience).status, capture_status::captured);
  }
  EXPECT_EQ(got, -2);
  EXPECT_EQ(write(ends[1], "x", 1), 1);
  reading.stop();
  EXPECT_EQ(got, 1);
  close(ends[0]);
  close(ends[1]);
}

TEST(stack_capture, a_thread_that_is_throwing_is_not_walked) {
  struct spins_when_destroyed {
    std::atomic<bool>& started;
    std::atomic<bool>& stop;
    ~spins_when_destroyed() { call_what_spins(started, stop); }
  };
  victim throwing([](auto& started, auto& stop) {
    try {
      const spins_when_destroyed on_the_way{started, stop};
      throw std::runtime_error("as planned");
    } catch (const std::runtime_error&) {
    }
  });
  const captured_stack none = capture_stack(throwing.id(), patience);
  EXPECT_EQ(none.status, capture_status::unwinding);
  EXPECT_TRUE(none.frames.empty());
}

TEST(stack_capture, a_thread_that_throws_all_the_time_is_never_stuck) {
  victim throwing([](auto& started, auto& stop) {
    started = true;
    while (!stop) {
      try {
        throw std::runtime_error("as planned");
      } catch (const std::runtime_error&) {
      }
    }
  });
  int answers = 0;
  for (int i = 0; i < 2000; ++i) {
    const capture_status status = capture_stack(throwing.id(), patience).status;
    ASSERT_NE(status, capture_status::no_answer) << "after " << answers;
    ++answers;
  }
}

TEST(stack_symbols, name_a_function_of_the_program) {
  const auto address = reinterpret_cast<std::uintptr_t>(&call_what_spins);
  EXPECT_EQ(describe_address(address + 1).find("tacit::sched::call_what_spins(std::atomic<bool>&"),
            0U)
      << describe_address(address + 1);
}

TEST(stack_symbols, name_a_coroutine_as_it_is_written) {
  victim spinning([](auto& started, auto& stop) { block_on(coroutine_that_spins(started, stop)); });
  const std::string text = text_of(capture_stack(spinning.id(), patience));
  EXPECT_NE(text.find("\n  tacit::sched::coroutine_that_spins(std::atomic<bool>&"),
            std::string::npos)
      << text;
}

TEST(stack_symbols, give_module_and_offset_where_no_function_is) {
  const auto address = reinterpret_cast<std::uintptr_t>(&__ehdr_start);
  EXPECT_EQ(describe_address(address + 8).find("stack_capture_test+0x"), 0U)
      << describe_address(address + 8);
}

TEST(stack_symbols, give_the_bare_address_outside_of_any_module) {
  EXPECT_EQ(describe_address(0x10), "0x10");
}

}  // namespace
}  // namespace tacit::sched
