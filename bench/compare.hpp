#pragma once

#include <atomic>

#include "bench/options.hpp"

namespace tacit::bench {

/// `tacit-bench compare`: starts the contenders, presses them in turns, prints the table, stops
/// what it started. Returns the exit status. Throws base::failure.
[[nodiscard]] int compare(const compare_options& options, const std::atomic<bool>& stop);

}  // namespace tacit::bench
