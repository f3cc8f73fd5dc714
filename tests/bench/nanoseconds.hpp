#pragma once

#include <cstdint>

namespace tacit::bench {

inline constexpr std::int64_t us = 1'000;
inline constexpr std::int64_t ms = 1'000'000;

}  // namespace tacit::bench
