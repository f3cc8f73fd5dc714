#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tacit::bench {

/// What came of pressing a target at one rate.
enum class try_result {
  met,      ///< The target kept up and every objective was met.
  missed,   ///< It did not, and the harness is not to blame.
  invalid,  ///< The harness was the limit, so nothing is known about the target.
};

/// One try of a search.
struct capacity_try {
  double rate_per_s = 0;
  try_result result = try_result::invalid;
  std::string why;  ///< What was missed or invalid; empty when all was met.
};

/// Finds the highest rate that still meets the objectives: doubles until a rate is missed, halves
/// the gap until it is small, and confirms the rate that it ends with by as many tries as asked.
///
/// One miss is not believed: a rate counts as missed when it was missed twice, because a machine
/// that hiccups once would send the search down for good. The harness is believed to be the limit
/// after four tries. A rate whose confirmation fails becomes
/// the new bound from above, so the answer has been met every time.
///
/// Use: run a try at next() and say what came of it with add(), until next() is nullopt.
class capacity_search {
 public:
  struct settings {
    double first_per_s = 1'000;
    double precision = 0.05;     ///< Of the rate: how far known good and known bad may differ.
    unsigned confirmations = 3;  ///< Tries in which the answer has to be met.
    unsigned tries_max = 60;     ///< Ends a search in noise.
    double highest_per_s = 4e6;  ///< No rate above it is tried.
  };

  explicit capacity_search(const settings& asked) : asked_{asked}, rate_{asked.first_per_s} {}

  /// The rate to try; nullopt when the search has ended.
  [[nodiscard]] std::optional<double> next() const noexcept;
  void add(try_result result, std::string why);

  /// The highest rate that was met; nullopt when none was.
  [[nodiscard]] std::optional<double> highest_met() const noexcept;
  /// Whether the answer was met as often as asked and a rate slightly above it was not.
  [[nodiscard]] bool is_confirmed() const noexcept;
  /// Why the next rate up was not met: the last such try.
  [[nodiscard]] const capacity_try* limit() const noexcept;
  [[nodiscard]] const std::vector<capacity_try>& tries() const noexcept { return tries_; }

 private:
  void raise();
  void lower();
  [[nodiscard]] bool is_narrow() const noexcept;

  settings asked_;
  double rate_;
  double met_ = 0;             // the highest rate met
  unsigned met_times_ = 0;     // in a row, at that rate
  std::optional<double> bad_;  // the lowest rate missed
  unsigned failed_here_ = 0;   // at rate_
  bool is_done_ = false;
  std::vector<capacity_try> tries_;
};

}  // namespace tacit::bench
