#pragma once

// One run of a body, under a schedule that a strategy decides.
//
// All threads of the run live on one thread of the operating system, each on its own stack, and
// exactly one of them runs. Before each access that others can see there is a scheduling point
// (`point`), where the strategy may let another thread go on. So the run is a sequence of accesses,
// and a function of the decisions alone.
//
// What the threads know of each other is kept beside that: a vector clock per thread, joined by
// what synchronises (location.hpp). By it loads may see older stores, and races on plain data are
// found in runs where nothing went wrong.
//
// A run that fails is not unwound: its stacks are given up (context.hpp), since an exception would
// end at the first noexcept function.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/context.hpp"
#include "model/knowledge.hpp"
#include "model/place.hpp"
#include "model/strategy.hpp"

namespace tacit::model {

/// The stacks on which threads run: they outlive a run, since making them is dear.
class stage {
 public:
  /// The stack of thread `which`. What `body` was given for it is run at the first switch to it.
  context& stack(std::uint32_t which, std::function<void()> body);

  /// Where the explorer itself runs.
  [[nodiscard]] context& explorer() { return explorer_; }

  /// After a run that did not end: gives up all stacks.
  void clear();

 private:
  struct seat {
    std::unique_ptr<context> stack;
    std::function<void()> body;
  };
  context explorer_;
  std::vector<std::unique_ptr<seat>> seats_;
};

class execution {
 public:
  execution(strategy& decides, std::uint32_t steps_max, stage& on, bool traced);
  execution(const execution&) = delete;
  execution& operator=(const execution&) = delete;

  /// The run that the caller is part of, or nullptr: then model types are plain variables.
  [[nodiscard]] static execution* current() noexcept { return current_; }

  /// Runs `body` as thread 0 until every thread has ended. Returns what went wrong.
  std::optional<std::string> run(std::function<void()> body);

  /// Adds a thread, which knows what the caller knows. Nobody is scheduled by that.
  std::uint32_t spawn(std::function<void()> body);
  /// Waits until the thread has ended.
  void join(std::uint32_t thread);

  /// A scheduling point. What the caller does next is its next step.
  void point();
  /// The caller's next step, one that others cannot see happen: nobody is scheduled.
  void tick();
  /// As point(), by a thread that waits for another's progress: the others come first.
  void give_way();
  /// Suspends the caller until somebody wakes who waits on `what`. False if it was woken because
  /// nobody else could go on, which only happens to a wait that is `timed`.
  bool block(const void* what, const char* name, bool timed = false);
  /// Makes ready all who wait on `what`, or one of them.
  void wake_all(const void* what);
  void wake_one(const void* what);

  /// One of `count` options; 0 without asking if there is but one.
  std::uint32_t choose(choice_kind kind, std::uint32_t count);

  /// Ends the run.
  [[noreturn]] void fail(std::string why);

  /// Adds a line to the trace, if there is one: `what` was done by the caller at `where`.
  [[nodiscard]] bool is_traced() const noexcept { return traced_; }
  void note(const std::string& what, place where);
  /// The same for the same object, and the same in every repetition; unlike its address.
  [[nodiscard]] std::size_t number_of(const void* object);

  /// Of all runs of the process.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] std::uint32_t self() const noexcept { return running_; }
  /// The caller's next step's time on its own clock.
  [[nodiscard]] std::uint32_t now() const { return mine().known.happened[running_]; }
  [[nodiscard]] const knowledge& known() const { return mine().known; }
  /// What a relaxed store publishes: what was known at the last fence.
  [[nodiscard]] const knowledge& fenced() const { return mine().fenced; }
  void acquire(const knowledge& published) { mine().known.join(published); }
  /// Takes effect at the next fence.
  void acquire_later(const knowledge& published) { mine().unfenced.join(published); }
  void fence_seq_cst();

  /// The next place in the order of the seq_cst operations.
  std::uint32_t next_seq_cst() { return ++seq_cst_; }
  /// What all seq_cst fences so far have put in order.
  [[nodiscard]] const vector_clock& fences() const noexcept { return fences_; }

  [[nodiscard]] const schedule& decisions() const noexcept { return decisions_; }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  [[nodiscard]] const std::vector<std::string>& trace() const noexcept { return trace_; }

 private:
  enum class thread_state : std::uint8_t { ready, blocked, ended };
  struct thread {
    context* stack = nullptr;
    thread_state state = thread_state::ready;
    bool timed = false;
    bool timed_out = false;
    const void* waits_on = nullptr;
    const char* waits_on_name = "";
    knowledge known;
    knowledge fenced;
    knowledge unfenced;
  };

  void run_thread(std::uint32_t which, std::function<void()> body);
  void count_step();
  void reschedule(choice_kind kind);
  std::uint32_t ask(const choice& what);
  void switch_to(std::uint32_t next);
  bool let_time_pass();
  [[nodiscard]] std::string who_waits() const;
  [[nodiscard]] thread& mine() { return threads_[running_]; }
  [[nodiscard]] const thread& mine() const { return threads_[running_]; }

  static inline execution* current_ = nullptr;
  static inline std::uint64_t runs_ = 0;

  const std::uint64_t number_ = ++runs_;
  strategy& strategy_;
  const std::uint32_t steps_max_;
  stage& stage_;
  const bool traced_;

  std::array<thread, thread_max> threads_;
  std::uint32_t thread_count_ = 0;
  std::uint32_t running_ = 0;
  std::uint32_t steps_ = 0;
  std::uint32_t seq_cst_ = 0;
  vector_clock fences_;
  schedule decisions_;
  std::vector<std::string> trace_;
  std::vector<const void*> numbered_;
  std::optional<std::string> failed_;
  std::exception_ptr broken_;  // The exploration itself cannot go on.
};

}  // namespace tacit::model
