#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <tacit/base/source_place.hpp>
#include <vector>

namespace tacit::sched {

/// A coroutine that keeps its worker for longer than it should.
struct stall {
  std::uint32_t worker = 0;
  std::chrono::nanoseconds duration{0};  ///< So far: it may still go on.
  base::source_place function;           ///< The coroutine that the worker resumed.
  std::uint64_t request = 0;             ///< The request that it serves; 0 for none.

  /// Addresses, innermost first; empty if `why_no_frames` says why.
  std::vector<std::uintptr_t> frames;
  const char* why_no_frames = nullptr;

  /// The frames as text, or why there are none. The first call reads the program's symbols, which
  /// may outlast the stall: ask what may end meanwhile, as the request, before.
  [[nodiscard]] std::vector<std::string> stack() const;
};

}  // namespace tacit::sched
