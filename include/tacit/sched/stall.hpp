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
  std::vector<std::string> stack;        ///< Innermost first, or why there is none.
};

}  // namespace tacit::sched
