#pragma once

#include <cstdint>

namespace tacit::base {

/// A number that is different each time, from a generator per thread. Not for secrets: who sees
/// some can compute the next.
[[nodiscard]] std::uint64_t quick_random() noexcept;

}  // namespace tacit::base
