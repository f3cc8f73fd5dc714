#pragma once

#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <list>
#include <mutex>
#include <system_error>
#include <tacit/base/source_place.hpp>
#include <type_traits>
#include <utility>

#include <tacit/base/atomic.hpp>
#include <tacit/sched/agent.hpp>
#include <tacit/sched/outcome.hpp>
#include <tacit/sched/promise.hpp>
#include <tacit/sched/this_worker.hpp>

namespace tacit::sched {

struct blocking_pool_options {
  /// Threads at most; 0 counts as 1. Blocked threads cost memory, not CPU; not measured.
  std::uint32_t threads_max = 64;

  /// Jobs that may wait for a thread while all are busy; one more is refused.
  std::uint32_t queued_max = 4096;

  /// How long a thread stays without work before it ends.
  std::chrono::milliseconds keep_alive = std::chrono::seconds(10);
};

/// A snapshot: all taken at the same moment.
struct blocking_pool_statistics {
  std::uint32_t threads = 0;     ///< Alive now.
  std::uint32_t idle = 0;        ///< Of those, without a job.
  std::uint32_t queued = 0;      ///< Jobs that wait for a thread now.
  std::uint32_t queued_max = 0;  ///< The most there ever were.
  std::uint64_t started = 0;     ///< Threads ever started.
  std::uint64_t submitted = 0;   ///< Jobs taken on.
  std::uint64_t refused = 0;     ///< Jobs that found the queue full, or no thread.
};

/// Threads for work that blocks: started when a job finds none idle, ended when idle for long.
///
/// A job is given to the thread that became idle last, so that the others can end. With all busy
/// and threads_max reached it queues, and beyond queued_max it is refused at once.
///
/// Threads:   any. The lock is held to link a job, and while a thread is started.
/// Lifetime:  destroyed before the scheduler whose coroutines it resumes. The destructor closes it,
///            and waits for the jobs that run.
/// Cancel:    a job that runs cannot be cancelled. close() cancels those still queued.
class blocking_pool {
 public:
  /// A job, linked through itself. It is told exactly one of the two, on any thread, after which
  /// the pool no longer touches it.
  class job {
   public:
    virtual void run() noexcept = 0;
    virtual void refuse(std::error_code why) noexcept = 0;

   protected:
    ~job() = default;

   private:
    friend class blocking_pool;
    job* next_ = nullptr;
  };

  explicit blocking_pool(const blocking_pool_options& options = {});
  ~blocking_pool();
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  /// Takes the job on. An error means that it did not, and that the job was told nothing:
  /// resource_unavailable_try_again (the queue is full, or there is no thread to be had) or
  /// operation_canceled (the pool is closed).
  std::error_code submit(job& work) noexcept;

  /// Takes no more jobs, refuses those that are queued with operation_canceled, and lets threads
  /// end. Does not wait. May be called more than once.
  void close() noexcept;

  [[nodiscard]] blocking_pool_statistics statistics() const;

 private:
  struct seat;

  void start_thread(job& first);
  void work(std::list<base::thread>::iterator self, job* next);
  job* next_job(std::unique_lock<base::mutex>& lock);
  bool enqueue(job& work) noexcept;
  void leave(std::list<base::thread>::iterator self, std::unique_lock<base::mutex>& lock);

  const blocking_pool_options options_;
  mutable base::mutex mutex_;
  base::condition_variable all_left_;
  // The rest is guarded by mutex_.
  std::list<base::thread> threads_;
  base::thread left_last_;  // Joined by the next one to leave, at last by the destructor.
  seat* idle_ = nullptr;    // Threads that wait for a job; who came last is on top.
  job* first_ = nullptr;    // Jobs that wait for a thread: only while none is idle.
  job* last_ = nullptr;
  bool closed_ = false;
  blocking_pool_statistics counts_;
};

namespace detail {

// True on a worker, which must not block.
[[nodiscard]] bool may_not_block_here() noexcept;

[[noreturn]] void throw_refusal(std::error_code why);

// GCC copies a lambda that stands inside a co_await expression bit by bit into the frame and
// destroys both: its captures are freed twice (seen with 12.2; Clang 14 does it right).
#if defined(__GNUC__) && !defined(__clang__)
template <class Function>
inline constexpr bool survives_co_await = std::is_trivially_destructible_v<Function>;
#else
template <class Function>
inline constexpr bool survives_co_await = true;
#endif

}  // namespace detail

/// What blocking() returns. Awaited once. `Function` is a reference if the call refers to a
/// function of the caller's.
template <class Function>
class [[nodiscard]] blocking_call final : runnable, blocking_pool::job {
 public:
  using value_type = std::invoke_result_t<Function>;
  static_assert(!std::is_reference_v<value_type>, "return a value, or a pointer");

  blocking_call(blocking_pool* pool, Function&& function)
      : pool_(pool), function_(std::forward<Function>(function)) {}

  bool await_ready() noexcept {
    if (detail::may_not_block_here()) return false;
    call();
    return true;
  }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    suspend(awaiting, "blocking call", place);
    // Once it is taken on the job may run and this object be gone: nothing is touched after that.
    const std::error_code refused = pool_->submit(*this);
    if (!refused) return true;
    set_refusal(refused);
    return carry_on();
  }

  value_type await_resume() { return outcome_.take(); }

 private:
  void run() noexcept override {
    call();
    make_ready();
  }

  void refuse(std::error_code why) noexcept override {
    set_refusal(why);
    make_ready();
  }

  void call() noexcept {
    try {
      if constexpr (std::is_void_v<value_type>) {
        std::forward<Function>(function_)();
      } else {
        outcome_.set_value(std::forward<Function>(function_)());
      }
    } catch (...) {
      outcome_.set_exception();
    }
  }

  void set_refusal(std::error_code why) noexcept {
    try {
      detail::throw_refusal(why);
    } catch (...) {
      outcome_.set_exception();
    }
  }

  blocking_pool* pool_;  // Null off a worker: there it is called in place.
  Function function_;
  outcome<value_type> outcome_;
};

/// Calls `function` on a thread of `pool` while the worker goes on with other coroutines, and gives
/// what it returned or threw. The awaiting coroutine is resumed where it was suspended. Nothing is
/// allocated: the call lives in the awaiting frame.
///
/// On a thread that is no worker (thread-per-connection mode, block_on) it is called in place.
///
/// Lifetime: a named function is referred to, and has to live until the await is over; a temporary
///           is moved in. One that owns something must be named, where the compiler is GCC.
/// Errors:   throws std::system_error if the pool refuses: resource_unavailable_try_again when it
///           is full, so that overload is answered early, operation_canceled when it is closed.
/// Cancel:   once the function runs it runs to its end, and is waited for.
template <std::invocable Function>
blocking_call<Function> blocking(blocking_pool& pool, Function&& function) {
  static_assert(std::is_lvalue_reference_v<Function> || detail::survives_co_await<Function>,
                "name the function before the co_await: GCC frees a temporary's captures twice");
  return {&pool, std::forward<Function>(function)};
}

/// As above, on the threads of the scheduler that the calling worker belongs to:
/// `co_await blocking([] { return read_file(); })`.
template <std::invocable Function>
blocking_call<Function> blocking(Function&& function) {
  static_assert(std::is_lvalue_reference_v<Function> || detail::survives_co_await<Function>,
                "name the function before the co_await: GCC frees a temporary's captures twice");
  return {this_worker::blocking_threads(), std::forward<Function>(function)};
}

}  // namespace tacit::sched
