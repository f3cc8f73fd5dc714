#pragma once

#include <cstdint>
#include <string>

namespace tacit::bench {

/// How pauses are looked for.
struct probe_settings {
  unsigned probes = 4;
  double rate_per_s = 1'000;  ///< Of each probe.
  std::string path = "/plaintext";
  std::int64_t timeout_ns = 30'000'000'000;  ///< For one answer.

  static constexpr unsigned probes_max = 64;
};

}  // namespace tacit::bench
