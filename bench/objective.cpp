#include "bench/objective.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <string_view>
#include <tacit/base/error.hpp>

namespace tacit::bench {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw base::failure{
      fmt::format("--slo: {}: expected such as p99<5ms, max<=1s, mean<2ms, rate>=1000, errors<0.1%",
                  text),
      true};
}

/// Takes a number off the front.
double take_number(std::string_view& from, const std::string& text) {
  double out = 0;
  const auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), out);
  if (error != std::errc{} || !(out >= 0)) refuse(text);
  from.remove_prefix(static_cast<std::size_t>(end - from.data()));
  return out;
}

void read_subject(std::string_view name, objective& into) {
  if (name == "max") {
    into.percentile = 100;
  } else if (name == "mean") {
    into.what = objective::subject::mean;
  } else if (name == "rate") {
    into.what = objective::subject::rate;
  } else if (name == "errors") {
    into.what = objective::subject::errors;
  } else if (name.starts_with('p')) {
    name.remove_prefix(1);
    into.percentile = take_number(name, into.text);
    if (!name.empty() || into.percentile > 100) refuse(into.text);
  } else {
    refuse(into.text);
  }
}

double scale_of(std::string_view unit, const objective& of) {
  if (of.what == objective::subject::rate && unit.empty()) return 1;
  if (of.what == objective::subject::errors) {
    if (unit.empty()) return 1;
    if (unit == "%") return 0.01;
  }
  if (of.what == objective::subject::percentile || of.what == objective::subject::mean) {
    if (unit == "us") return 1e3;
    if (unit == "ms") return 1e6;
    if (unit == "s") return 1e9;
  }
  refuse(of.text);
}

std::string shown(const objective& of, double figure) {
  switch (of.what) {
    case objective::subject::rate:
      return fmt::format("{:.1f}/s", figure);
    case objective::subject::errors:
      return fmt::format("{:.3f} %", figure * 100);
    default:
      return fmt::format("{:.3f} ms", figure / 1e6);
  }
}

}  // namespace

objective parse_objective(const std::string& text) {
  objective out;
  out.text = text;
  std::string_view rest{text};
  const auto at = rest.find_first_of("<>");
  if (at == std::string_view::npos) refuse(text);
  read_subject(rest.substr(0, at), out);
  const bool is_below = rest[at] == '<';
  rest.remove_prefix(at + 1);
  const bool is_inclusive = rest.starts_with('=');
  if (is_inclusive) rest.remove_prefix(1);
  out.relation = is_below ? (is_inclusive ? objective::order::at_most : objective::order::below)
                          : (is_inclusive ? objective::order::at_least : objective::order::above);
  const double number = take_number(rest, text);
  out.bound = number * scale_of(rest, out);
  return out;
}

double objective::figure_of(const phase_result& run) const {
  const auto& counts = run.recorded.counts;
  switch (what) {
    case subject::percentile:
      return static_cast<double>(run.recorded.latency().at_percentile(percentile));
    case subject::mean:
      return run.recorded.latency().mean();
    case subject::rate:
      return run.rate_per_s();
    case subject::errors:
      break;
  }
  // A failed connect is an error without a request, so the share may be above 1.
  return static_cast<double>(counts.errors_total()) /
         static_cast<double>(std::max<std::uint64_t>(counts.due, 1));
}

bool objective::holds(double figure) const noexcept {
  switch (relation) {
    case order::below:
      return figure < bound;
    case order::at_most:
      return figure <= bound;
    case order::above:
      return figure > bound;
    case order::at_least:
      break;
  }
  return figure >= bound;
}

std::string objective_result::sentence() const {
  return fmt::format("{}: {}, {}", asked.text, shown(asked, figure), is_met ? "met" : "MISSED");
}

std::vector<objective_result> judge_objectives(const std::vector<objective>& asked,
                                               const phase_result& run) {
  std::vector<objective_result> out;
  for (const auto& one : asked) {
    const double figure = one.figure_of(run);
    // Without an answer there is no latency to be below a bound.
    const bool is_known =
        run.recorded.counts.answered > 0 || one.what == objective::subject::errors;
    out.push_back({one, figure, is_known && one.holds(figure)});
  }
  return out;
}

}  // namespace tacit::bench
