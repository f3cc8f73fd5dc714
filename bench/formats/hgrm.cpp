#include "bench/formats/hgrm.hpp"

#include <fmt/format.h>
#include <bit>
#include <charconv>
#include <cmath>
#include <tacit/base/error.hpp>

namespace tacit::bench::formats {
namespace {

constexpr double ns_per_ms = 1e6;
constexpr double ticks_per_halving = 5;

/// The level of the line behind one at `level` percent.
double next_level(double level) {
  const double halvings = std::floor(std::log(100.0 / (100.0 - level)) / std::log(2.0)) + 1;
  return level + 100.0 / (ticks_per_halving * std::pow(2.0, halvings));
}

std::string line_of(double ns, double level, std::uint64_t count) {
  const auto out = fmt::format("{:12.3f} {:.12f} {:10}", ns / ns_per_ms, level / 100, count);
  return level < 100 ? fmt::format("{} {:14.2f}\n", out, 1 / (1 - level / 100)) : out + '\n';
}

struct moments {
  double mean = 0;
  double deviation = 0;
};

moments moments_of(const observe::histogram& from) {
  const auto slots = from.slots();
  const auto middle = [&](std::size_t slot) {
    const auto lowest = from.lowest_in_slot(slot);
    const auto half = (from.highest_in_slot(slot) - lowest + 1) / 2;
    return static_cast<double>(lowest + half);
  };
  const auto mean_of = [&](auto value) {
    double sum = 0;
    for (std::size_t slot = 0; slot < slots.size(); ++slot) {
      if (slots[slot] > 0) sum += value(middle(slot)) * static_cast<double>(slots[slot]);
    }
    return from.count() == 0 ? 0 : sum / static_cast<double>(from.count());
  };
  const double mean = mean_of([](double value) { return value; });
  return {mean, std::sqrt(mean_of([&](double value) { return (value - mean) * (value - mean); }))};
}

std::string lines_of(const observe::histogram& from) {
  std::string out;
  const auto slots = from.slots();
  const auto total = static_cast<double>(from.count());
  std::uint64_t seen = 0;
  double level = 0;
  for (std::size_t slot = 0; slot < slots.size() && seen < from.count(); ++slot) {
    if (slots[slot] == 0) continue;
    seen += slots[slot];
    const auto value = static_cast<double>(from.highest_in_slot(slot));
    // The slot that completes the count gets one line here; the last line, below, is its own.
    while (level < 100 && 100.0 * static_cast<double>(seen) / total >= level) {
      out += line_of(value, level, seen);
      level = next_level(level);
      if (seen == from.count()) break;
    }
    if (seen == from.count()) out += line_of(value, 100, seen);
  }
  return out;
}

/// Takes the next number off the front of a line.
template <class Number>
bool take(std::string_view& line, Number& into) {
  const auto begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return false;
  line.remove_prefix(begin);
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), into);
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return error == std::errc{};
}

/// "#[Max     =     1.000, Total count    =     1000]"; other lines of this kind say nothing new.
void read_trailer(std::string_view line, percentile_distribution& into) {
  if (!line.starts_with("#[Max")) return;
  const auto first = line.find('=');
  const auto second = line.rfind('=');
  auto max = line.substr(first == std::string_view::npos ? line.size() : first + 1);
  auto count = line.substr(second == std::string_view::npos ? line.size() : second + 1);
  (void)take(max, into.max);
  (void)take(count, into.count);
}

}  // namespace

double percentile_distribution::at_percentile(double percentile) const noexcept {
  for (const auto& line : lines) {
    if (line.share * 100 >= percentile) return line.value;
  }
  return lines.empty() ? 0 : lines.back().value;
}

std::string to_hgrm(const observe::histogram& from) {
  auto out = fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount",
                         "1/(1-Percentile)");
  out += lines_of(from);
  const auto m = moments_of(from);
  out += fmt::format("#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n", m.mean / ns_per_ms,
                     m.deviation / ns_per_ms);
  const auto max = from.count() == 0 ? 0 : from.highest_in_slot(from.slot_of(from.max()));
  out += fmt::format("#[Max     = {:12.3f}, Total count    = {:12}]\n",
                     static_cast<double>(max) / ns_per_ms, from.count());
  const auto sub_buckets = std::bit_ceil(
      static_cast<unsigned>(2 * std::pow(10.0, static_cast<double>(from.significant_digits()))));
  out += fmt::format("#[Buckets = {:12}, SubBuckets     = {:12}]\n",
                     std::bit_width(from.highest_trackable() / sub_buckets) + 1, sub_buckets);
  return out;
}

percentile_distribution parse_hgrm(std::string_view text, const std::string& name) {
  percentile_distribution out;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) continue;
    line.remove_prefix(begin);
    if (line.starts_with("#")) {
      read_trailer(line, out);
    } else if (!line.starts_with("Value")) {
      percentile_line next;
      if (!take(line, next.value) || !take(line, next.share) || !take(line, next.count)) {
        throw base::failure{
            fmt::format("{}: line {} is none of a percentile distribution", name, number)};
      }
      out.lines.push_back(next);
    }
  }
  if (out.lines.empty()) throw base::failure{fmt::format("{}: no percentile distribution", name)};
  if (out.count == 0) out.count = out.lines.back().count;
  if (out.max == 0) out.max = out.lines.back().value;
  return out;
}

}  // namespace tacit::bench::formats
