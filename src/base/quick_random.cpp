#include <tacit/base/quick_random.hpp>

#include <sys/random.h>

#include <ctime>

namespace tacit::base {
namespace {

constinit thread_local std::uint64_t state = 0;

void seed() noexcept {
  if (::getrandom(&state, sizeof state, 0) == sizeof state && state != 0) return;
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  state = static_cast<std::uint64_t>(now.tv_nsec) ^ reinterpret_cast<std::uintptr_t>(&state);
}

}  // namespace

// SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t quick_random() noexcept {
  if (state == 0) seed();
  std::uint64_t mixed = state += 0x9E3779B97F4A7C15U;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31);
}

}  // namespace tacit::base
