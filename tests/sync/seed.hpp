#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>

namespace tacit::tests {

/// A seed that is printed, so that a failure can be repeated: TACIT_SEED=… sets it.
inline std::uint64_t seed() {
  const char* given = std::getenv("TACIT_SEED");
  const std::uint64_t value = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "seed " << value << '\n';
  return value;
}

}  // namespace tacit::tests
