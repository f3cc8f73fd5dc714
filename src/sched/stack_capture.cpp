// The requester and the signal handler meet in `state`: a phase, and the thread that is meant.
//
//   idle ──requester──► asked ──handler──► writing ──handler──► ready ──requester──► idle
//                         └──requester, out of time──► idle
//
// 1. Only the named thread's handler leaves `asked` for `writing`, by a compare-exchange that a
//    requester out of time competes with. So a signal that arrives late finds nothing to do.
// 2. The frames belong to the handler in `writing`, and to the requester otherwise.
// 3. A handler that lost its CPU in `writing` keeps the buffer: until it is `ready`, further
//    requests get no answer. Nothing ever waits for it without a bound.
//
// The handler allocates nothing and takes no lock of ours. It walks with libgcc's unwinder, which
// looks functions up without a lock in a dynamic program. In a static one the tables are registered
// at start, and a look-up takes libgcc's mutex: the handler would wait for ever on a thread that it
// interrupted in there. That thread is throwing, so the handler does not walk while it does. The
// look-up also allocates once per program, which prepare() has happen beforehand.
//
// Rejected: frame pointers (neither the libraries nor the program's own code need have them), and
// copying the stack to walk it elsewhere (that needs an unwinder that reads from a copy).

#include "sched/stack_capture.hpp"

#include <semaphore.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <exception>
#include <mutex>

#include <tacit/base/atomic.hpp>

namespace tacit::sched {
namespace {

constexpr int interrupting_signal = SIGURG;

enum class phase : std::uint64_t { idle, asked, writing, ready };

constexpr std::uint64_t state_of(phase now, pid_t thread = 0) noexcept {
  return static_cast<std::uint64_t>(thread) << 2 | static_cast<std::uint64_t>(now);
}

constexpr phase phase_of(std::uint64_t state) noexcept {
  return static_cast<phase>(state & 3);
}

// What is found on the way from the handler to the root of the thread.
struct walk {
  std::array<std::uintptr_t, 64> frames;
  std::size_t count;
  bool below_signal;  // The frames of the handler itself are behind us.
};

// Process-wide, because a signal handler is.
base::mutex one_at_a_time;
base::atomic<std::uint64_t> state{state_of(phase::idle)};
walk found;
bool was_unwinding = false;
// A semaphore, because posting one is all that may wake a thread from within a signal handler.
sem_t answered;

_Unwind_Reason_Code on_frame(_Unwind_Context* frame, void* into) {
  walk& walked = *static_cast<walk*>(into);
  int is_interrupted = 0;
  std::uintptr_t address = _Unwind_GetIPInfo(frame, &is_interrupted);
  if (address == 0) return _URC_END_OF_STACK;
  // The first frame that was interrupted, not called from, is the one that the signal hit.
  if (is_interrupted && !walked.below_signal) {
    walked.below_signal = true;
    walked.count = 0;
  }
  // A call may be the last instruction of its function, and the return address the next one's.
  walked.frames[walked.count++] = is_interrupted ? address : address - 1;
  return walked.count == walked.frames.size() ? _URC_END_OF_STACK : _URC_NO_REASON;
}

void walk_from_here() noexcept {
  found.count = 0;
  found.below_signal = false;
  _Unwind_Backtrace(on_frame, &found);
}

void on_signal(int, siginfo_t*, void*) {
  const int interrupted_errno = errno;
  std::uint64_t expected = state_of(phase::asked, gettid());
  // acquire: the requester is done with the frames. release, below: they are there for it.
  if (state.compare_exchange_strong(expected, state_of(phase::writing), base::memory_order_acquire,
                                    base::memory_order_relaxed)) {
    found.count = 0;
    was_unwinding = std::uncaught_exceptions() != 0;
    if (!was_unwinding) walk_from_here();
    state.store(state_of(phase::ready), base::memory_order_release);
    sem_post(&answered);
  }
  errno = interrupted_errno;
}

// False if the program wants the signal for itself. Asked each time: it may have changed its mind.
bool prepare() noexcept {
  struct sigaction present = {};
  sigaction(interrupting_signal, nullptr, &present);
  if ((present.sa_flags & SA_SIGINFO) != 0 && present.sa_sigaction == on_signal) return true;
  if (present.sa_handler != SIG_DFL && present.sa_handler != SIG_IGN) return false;
  sem_init(&answered, 0, 0);
  walk_from_here();
  struct sigaction ours = {};
  ours.sa_sigaction = on_signal;
  ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  return sigaction(interrupting_signal, &ours, nullptr) == 0;
}

bool wait_until_ready(std::chrono::milliseconds bound) noexcept {
  timespec deadline = {};
  clock_gettime(CLOCK_MONOTONIC, &deadline);
  const auto at =
      std::chrono::seconds(deadline.tv_sec) + std::chrono::nanoseconds(deadline.tv_nsec) + bound;
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(at);
  deadline.tv_sec = whole.count();
  deadline.tv_nsec = (at - whole).count();
  while (phase_of(state.load(base::memory_order_acquire)) != phase::ready) {
    if (sem_clockwait(&answered, CLOCK_MONOTONIC, &deadline) != 0 && errno == ETIMEDOUT)
      return false;
  }
  return true;
}

bool withdraw(pid_t thread) noexcept {
  std::uint64_t expected = state_of(phase::asked, thread);
  return state.compare_exchange_strong(expected, state_of(phase::idle), base::memory_order_relaxed);
}

captured_stack failed(capture_status why) {
  return {why, {}};
}

}  // namespace

captured_stack capture_stack(pid_t thread, std::chrono::milliseconds bound) {
  const std::lock_guard lock(one_at_a_time);
  if (phase_of(state.load(base::memory_order_acquire)) == phase::writing)
    return failed(capture_status::no_answer);
  if (!prepare()) return failed(capture_status::signal_taken);
  // The post of a handler that finished after its requester had given up.
  while (sem_trywait(&answered) == 0) {
  }
  state.store(state_of(phase::asked, thread), base::memory_order_release);
  if (syscall(SYS_tgkill, getpid(), thread, interrupting_signal) != 0) {
    withdraw(thread);
    return failed(capture_status::no_such_thread);
  }
  if (!wait_until_ready(bound) && (withdraw(thread) || !wait_until_ready(bound)))
    return failed(capture_status::no_answer);
  captured_stack result;
  if (was_unwinding) {
    result.status = capture_status::unwinding;
  } else {
    result.frames.assign(found.frames.begin(), found.frames.begin() + found.count);
  }
  state.store(state_of(phase::idle), base::memory_order_relaxed);
  return result;
}

const char* to_words(capture_status status) noexcept {
  switch (status) {
    case capture_status::captured:
      return "captured";
    case capture_status::signal_taken:
      return "no stack: the program handles SIGURG itself";
    case capture_status::no_such_thread:
      return "no stack: the thread has ended";
    case capture_status::no_answer:
      return "no stack: the thread did not answer in time";
    case capture_status::unwinding:
      return "no stack: the thread was throwing";
  }
  return "no stack";
}

}  // namespace tacit::sched
