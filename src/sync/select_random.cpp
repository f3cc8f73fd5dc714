#include <tacit/base/quick_random.hpp>
#include <tacit/sync/select.hpp>

namespace tacit::sync::detail {

// Of 32 random bits, the share that is below `bound`.
std::uint32_t select_random(std::uint32_t bound) noexcept {
  return static_cast<std::uint32_t>(((base::quick_random() >> 32) * bound) >> 32);
}

}  // namespace tacit::sync::detail
