#pragma once

#include <atomic>

#include "bench/options.hpp"

namespace tacit::bench {

/// `tacit-bench capacity`: the highest rate at which a target still meets the objectives, and what
/// limits it. Every try is an open-loop run with its verdict. Returns the exit status. Throws
/// base::failure.
[[nodiscard]] int find_capacity(const capacity_options& options, const std::atomic<bool>& stop);

}  // namespace tacit::bench
