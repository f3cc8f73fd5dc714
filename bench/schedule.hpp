#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bench/rate_profile.hpp"

namespace tacit::bench {

/// When each request of a run is due, in nanoseconds from the start of the run.
///
/// A pure function of the request's number and of the due time before it: nothing that happens
/// during the run moves it, which is what keeps a slow target from slowing the load down. There is
/// one schedule for a run, whatever the number of threads and connections, so that they make no
/// bursts of their own.
///
/// Threads:  immutable; every thread may walk it on its own. Copies share the recorded times.
class schedule {
 public:
  /// Request i is due i / `rate_per_s` seconds after the start.
  [[nodiscard]] static schedule constant(double rate_per_s);

  /// Exponential gaps with a mean of 1 / `rate_per_s` seconds; the same seed gives the same gaps.
  [[nodiscard]] static schedule poisson(double rate_per_s, std::uint64_t seed);

  /// The given times, which must not descend, divided by `speed`; after the last one they begin
  /// again, `period_ns / speed` later.
  [[nodiscard]] static schedule recorded(std::vector<std::int64_t> times_ns, double speed,
                                         std::int64_t period_ns);

  /// Request i is due when the profile's count reaches i.
  [[nodiscard]] static schedule shaped(const rate_profile& profile);

  /// A Poisson process whose rate follows the profile; the same seed gives the same times.
  [[nodiscard]] static schedule shaped(const rate_profile& profile, std::uint64_t seed);

  /// Closed loop: a request is due when a connection is free to send it.
  [[nodiscard]] static schedule saturating();

  [[nodiscard]] bool is_closed_loop() const noexcept { return kind_ == kind::saturating; }

  /// The mean rate asked for, over the length of a profile; 0 for a closed loop.
  [[nodiscard]] double rate_per_s() const noexcept;

  /// The due time of request `index`, given that of `index - 1` (ignored for index 0). Only for an
  /// open loop.
  [[nodiscard]] std::int64_t due_ns(std::uint64_t index, std::int64_t previous_ns) const noexcept;

 private:
  enum class kind { constant, poisson, shaped, shaped_poisson, recorded, saturating };

  explicit schedule(kind k) : kind_{k} {}

  kind kind_;
  double gap_ns_ = 0;  // mean gap; for recorded times 1 / speed
  std::uint64_t seed_ = 0;
  std::shared_ptr<const std::vector<std::int64_t>> times_;
  std::int64_t period_ns_ = 0;
  std::shared_ptr<const rate_profile> profile_;
};

/// Mixes two numbers into one whose bits look independent of both (splitmix64). Seeded choices that
/// have to be a function of a position use it instead of a generator with a state.
[[nodiscard]] std::uint64_t mix(std::uint64_t seed, std::uint64_t position) noexcept;

/// A number in [0, 1) from 64 random bits.
[[nodiscard]] double unit_interval(std::uint64_t bits) noexcept;

}  // namespace tacit::bench
