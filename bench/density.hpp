#pragma once

#include <atomic>

#include "bench/options.hpp"

namespace tacit::bench {

/// `tacit-bench density`: how many instances of a server a budget of memory and CPU holds, and what
/// one takes to start and to keep. Returns the exit status. Throws base::failure.
[[nodiscard]] int measure_density(const density_options& options, const std::atomic<bool>& stop);

}  // namespace tacit::bench
