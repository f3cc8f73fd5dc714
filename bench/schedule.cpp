#include "bench/schedule.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace tacit::bench {

std::uint64_t mix(std::uint64_t seed, std::uint64_t position) noexcept {
  std::uint64_t z = seed + (position + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double unit_interval(std::uint64_t bits) noexcept {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

schedule schedule::constant(double rate_per_s) {
  assert(rate_per_s > 0);
  schedule out{kind::constant};
  out.gap_ns_ = 1e9 / rate_per_s;
  return out;
}

schedule schedule::poisson(double rate_per_s, std::uint64_t seed) {
  assert(rate_per_s > 0);
  schedule out{kind::poisson};
  out.gap_ns_ = 1e9 / rate_per_s;
  out.seed_ = seed;
  return out;
}

schedule schedule::recorded(std::vector<std::int64_t> times_ns, double speed,
                            std::int64_t period_ns) {
  assert(!times_ns.empty() && speed > 0 && period_ns >= times_ns.back());
  schedule out{kind::recorded};
  out.gap_ns_ = 1 / speed;
  out.times_ = std::make_shared<const std::vector<std::int64_t>>(std::move(times_ns));
  out.period_ns_ = period_ns;
  return out;
}

schedule schedule::shaped(const rate_profile& profile) {
  schedule out{kind::shaped};
  out.profile_ = std::make_shared<const rate_profile>(profile);
  return out;
}

schedule schedule::shaped(const rate_profile& profile, std::uint64_t seed) {
  auto out = shaped(profile);
  out.kind_ = kind::shaped_poisson;
  out.seed_ = seed;
  return out;
}

schedule schedule::saturating() {
  return schedule{kind::saturating};
}

double schedule::rate_per_s() const noexcept {
  switch (kind_) {
    case kind::constant:
    case kind::poisson:
      return 1e9 / gap_ns_;
    case kind::shaped:
    case kind::shaped_poisson:
      return profile_->count_until(profile_->length_s()) / profile_->length_s();
    case kind::recorded:
      return static_cast<double>(times_->size()) * 1e9 /
             (static_cast<double>(period_ns_) * gap_ns_);
    case kind::saturating:
      break;
  }
  return 0;
}

std::int64_t schedule::due_ns(std::uint64_t index, std::int64_t previous_ns) const noexcept {
  switch (kind_) {
    case kind::constant:
      return std::llround(static_cast<double>(index) * gap_ns_);
    case kind::poisson: {
      // The first request is due one gap after the start, as in any Poisson process.
      const double gap = -std::log1p(-unit_interval(mix(seed_, index))) * gap_ns_;
      return (index == 0 ? 0 : previous_ns) + std::llround(gap);
    }
    case kind::shaped:
      return std::llround(profile_->time_of(static_cast<double>(index)) * 1e9);
    case kind::shaped_poisson: {
      // A process of rate 1, stretched so that its counts are the profile's.
      const double before =
          index == 0 ? 0 : profile_->count_until(static_cast<double>(previous_ns) / 1e9);
      const double step = -std::log1p(-unit_interval(mix(seed_, index)));
      const auto due = std::llround(profile_->time_of(before + step) * 1e9);
      return index == 0 ? due : std::max<std::int64_t>(due, previous_ns);
    }
    case kind::recorded: {
      const auto lap = static_cast<std::int64_t>(index / times_->size());
      const auto time = (*times_)[index % times_->size()] + lap * period_ns_;
      return std::llround(static_cast<double>(time) * gap_ns_);
    }
    case kind::saturating:
      break;
  }
  assert(false && "a closed loop has no due times");
  return 0;
}

}  // namespace tacit::bench
