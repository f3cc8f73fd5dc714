#pragma once

#include <cstdint>

namespace tacit::bench {

/// Times are counted in nanoseconds.
inline constexpr std::int64_t second_ns = 1'000'000'000;

}  // namespace tacit::bench
