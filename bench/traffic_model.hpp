#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bench/formats/recorded_traffic.hpp"

namespace tacit::bench {

/// Traffic that is made up instead of recorded.
///
/// - `web`: visitors who load a page and what belongs to it, over keep-alive connections. Sizes are
///   log-normal, popularity is Zipf's; one request in twenty-five posts a form.
/// - `api`: Poisson arrivals; most read, a quarter post JSON.
/// - `danmaku`: comments that fly over a live stream. Something happens, everybody writes at once,
///   and it dies down: bursts of up to 20 times the calm rate. Most are posts of some tens of
///   bytes.
///
/// The targets are those that `tacit serve` answers; a rewrite makes others of them.
struct traffic_model {
  enum class kind { web, api, danmaku };

  kind what = kind::web;
  std::uint64_t requests = 10'000;

  friend bool operator==(const traffic_model&, const traffic_model&) = default;

  static constexpr std::uint64_t requests_max = 1'000'000;

  /// `model:NAME` or `model:NAME:REQUESTS`; nullopt for what does not begin with `model:`. Throws
  /// base::failure (usage) for a model that there is not.
  [[nodiscard]] static std::optional<traffic_model> named(const std::string& text);

  /// A function of the model and the seed, with times.
  [[nodiscard]] formats::recorded_traffic traffic(std::uint64_t seed) const;
};

}  // namespace tacit::bench
