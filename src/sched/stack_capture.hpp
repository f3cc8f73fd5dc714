#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace tacit::sched {

enum class capture_status {
  captured,
  signal_taken,    ///< The program has a handler of its own for the signal.
  no_such_thread,  ///< It has ended.
  no_answer,       ///< It did not run the handler in time: signal blocked, or no CPU for it.
  unwinding,       ///< It was throwing, when its stack must not be walked.
};

/// What the status says, as a sentence for the log. Static storage.
[[nodiscard]] const char* to_words(capture_status status) noexcept;

struct captured_stack {
  capture_status status = capture_status::captured;

  /// Innermost first, each within the instruction that was executed or that called. Empty unless
  /// captured; at most 64.
  std::vector<std::uintptr_t> frames;
};

/// The stack of another thread of this process, while that thread goes on with what it does.
///
/// `thread` is what gettid() gives on it. It is interrupted by SIGURG, which kernels send for
/// nothing but out-of-band data, and which is ignored unless handled. The handler is installed by
/// the first call, if the program has none, and stays. System calls are restarted; those that never
/// are (sleeps, polls) end early with EINTR, as after any signal.
///
/// Threads: any but the captured one; one capture at a time, others wait their turn.
/// Bound:   waits for `bound`, and for as long again if the walk has begun.
[[nodiscard]] captured_stack capture_stack(pid_t thread, std::chrono::milliseconds bound);

}  // namespace tacit::sched
