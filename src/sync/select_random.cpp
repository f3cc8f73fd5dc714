#include <tacit/sync/select.hpp>

namespace tacit::sync::detail {
namespace {

constinit thread_local std::uint64_t state = 0;

}  // namespace

// xorshift64*: the choice has to be fair, not unpredictable. Threads begin at their own address.
std::uint32_t select_random(std::uint32_t bound) noexcept {
  std::uint64_t next =
      state ? state : reinterpret_cast<std::uintptr_t>(&state) * 0x9e3779b97f4a7c15;
  next ^= next >> 12;
  next ^= next << 25;
  next ^= next >> 27;
  state = next;
  return static_cast<std::uint32_t>(((next * 0x2545f4914f6cdd1d >> 32) * bound) >> 32);
}

}  // namespace tacit::sync::detail
