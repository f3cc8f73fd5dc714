#pragma once

#include <sched.h>
#include <chrono>

namespace tacit::support {

/// How long a test waits for an event before it calls it missing. It is a safety net against tests
/// that hang, not a promise about speed: far above what the slowest sanitizer build needs.
inline constexpr std::chrono::seconds patience{60};

/// Asks `holds` again and again until it says yes; false if it never does. For what announces
/// itself in no other way, such as a socket that another process closes.
template <class Predicate>
[[nodiscard]] bool eventually(Predicate holds) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::sched_yield();
  }
  return true;
}

}  // namespace tacit::support
