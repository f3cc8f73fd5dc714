#include "bench/capacity_search.hpp"

#include <algorithm>

namespace tacit::bench {
namespace {

// A rate below this share of the first one is no rate worth looking for.
constexpr double lowest_share = 1.0 / 256;
// Where the harness cannot even hold this share, the machine is too busy to look any further.
constexpr double lowest_share_invalid = 1.0 / 4;
constexpr unsigned misses_believed = 2;
// Other load on the machine passes more often than a target changes.
constexpr unsigned invalids_believed = 4;

}  // namespace

std::optional<double> capacity_search::next() const noexcept {
  return is_done_ ? std::nullopt : std::optional{rate_};
}

bool capacity_search::is_narrow() const noexcept {
  return bad_ && met_ > 0 && *bad_ / met_ <= 1 + asked_.precision;
}

void capacity_search::raise() {
  if (is_narrow() || rate_ >= asked_.highest_per_s) {
    // Nothing more to find above: what is left is to confirm.
    is_done_ = met_times_ >= asked_.confirmations;
    rate_ = met_;
    return;
  }
  rate_ = std::min(bad_ ? (met_ + *bad_) / 2 : 2 * rate_, asked_.highest_per_s);
}

void capacity_search::lower() {
  bad_ = bad_ ? std::min(*bad_, rate_) : rate_;
  if (met_ >= *bad_) {
    // What was met before was not met again: its confirmation failed.
    met_ = 0;
    met_times_ = 0;
    for (const auto& one : tries_) {
      if (one.result == try_result::met && one.rate_per_s < *bad_) {
        met_ = std::max(met_, one.rate_per_s);
        met_times_ = met_ == one.rate_per_s ? 1 : met_times_;
      }
    }
  }
  if (met_ == 0) {
    rate_ /= 2;
    const bool is_invalid = tries_.back().result == try_result::invalid;
    is_done_ = rate_ < asked_.first_per_s * (is_invalid ? lowest_share_invalid : lowest_share);
  } else {
    rate_ = is_narrow() ? met_ : (met_ + *bad_) / 2;
    is_done_ = is_narrow() && met_times_ >= asked_.confirmations;
  }
}

void capacity_search::add(try_result result, std::string why) {
  tries_.push_back({rate_, result, std::move(why)});
  if (result == try_result::met) {
    failed_here_ = 0;
    met_times_ = rate_ == met_ ? met_times_ + 1 : 1;
    met_ = rate_;
    raise();
  } else if (++failed_here_ >=
             (result == try_result::missed ? misses_believed : invalids_believed)) {
    failed_here_ = 0;
    lower();
  }
  is_done_ = is_done_ || tries_.size() >= asked_.tries_max;
}

std::optional<double> capacity_search::highest_met() const noexcept {
  return met_ > 0 ? std::optional{met_} : std::nullopt;
}

bool capacity_search::is_confirmed() const noexcept {
  return is_narrow() && met_times_ >= asked_.confirmations;
}

const capacity_try* capacity_search::limit() const noexcept {
  const auto found = std::find_if(tries_.rbegin(), tries_.rend(), [&](const auto& one) {
    return one.result != try_result::met && bad_ && one.rate_per_s == *bad_;
  });
  return found == tries_.rend() ? nullptr : &*found;
}

}  // namespace tacit::bench
