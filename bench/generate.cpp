#include "bench/generate.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <iostream>
#include <numbers>
#include <optional>
#include <string_view>
#include <vector>

#include "bench/browser_traffic.hpp"
#include "bench/dice.hpp"
#include "bench/output_file.hpp"

namespace tacit::bench {
namespace {

constexpr std::size_t targets = 320;
constexpr std::int64_t first_second = 1'767'603'600;  // 5 January 2026, 09:00 UTC
constexpr double span_s = 240;

/// One address of the made-up site.
struct page {
  std::string target;
  int status = 200;
  std::uint64_t bytes = 0;
  bool is_cacheable = false;  // answered 304 to a share of its visitors
  bool is_ranged = false;     // answered 206 to a share of them
  bool is_posted = false;
};

page draw_page(dice& random, std::size_t rank) {
  constexpr std::array<std::string_view, 8> words = {"harbour", "lantern", "meadow", "quartz",
                                                     "ribbon",  "sparrow", "timber", "velvet"};
  const auto word = words[random.below(words.size())];
  const double kind = random.unit();
  if (rank == 0) return {"/", 200, random.log_normal(14'000, 0.2)};
  if (kind < 0.25) {
    return {fmt::format("/articles/{}-{}", word, rank), 200, random.log_normal(18'000, 0.7)};
  }
  if (kind < 0.50) {
    return {fmt::format("/images/{}-{}.jpg", word, rank), 200, random.log_normal(45'000, 1.0),
            true};
  }
  if (kind < 0.65) {
    return {fmt::format("/assets/{}.{}.{}", word, rank, random.chance(0.5) ? "css" : "js"), 200,
            random.log_normal(12'000, 0.9), true};
  }
  if (kind < 0.83) {
    return {fmt::format("/api/items?tag={}&page={}", word, rank), 200, random.log_normal(900, 0.8)};
  }
  if (kind < 0.88) return {fmt::format("/api/orders/{}", rank), 200, 64, false, false, true};
  if (kind < 0.91) {
    return {fmt::format("/files/{}-{}.tar.gz", word, rank), 200, random.log_normal(300'000, 1.2),
            false, true};
  }
  if (kind < 0.95) return {fmt::format("/{}-{}", word, rank), 301, 178};
  if (kind < 0.99) return {fmt::format("/old/{}-{}.html", word, rank), 404, 153};
  return {fmt::format("/api/reports/{}", rank), 500, 77};
}

std::vector<page> draw_site(dice& random) {
  std::vector<page> site;
  for (std::size_t rank = 0; rank < targets; ++rank)
    site.push_back(draw_page(random, rank));
  return site;
}

/// Cumulated weights of Zipf's law: the page of rank r is asked for 1 / r as often as the first.
std::vector<double> zipf_weights() {
  std::vector<double> cumulated;
  double sum = 0;
  for (std::size_t rank = 1; rank <= targets; ++rank)
    cumulated.push_back(sum += 1.0 / static_cast<double>(rank));
  return cumulated;
}

/// Times with the shape of a short day: two swells and a burst.
std::vector<double> draw_times(dice& random, std::uint64_t lines) {
  const auto intensity = [](double share) {
    const double swell = 0.5 - 0.4 * std::cos(4 * std::numbers::pi * share);
    return swell + (share > 0.6 && share < 0.63 ? 0.9 : 0.0);
  };
  std::vector<double> times;
  times.reserve(lines);
  while (times.size() < lines) {
    const double share = random.unit();
    if (random.unit() * 1.8 < intensity(share)) times.push_back(share * span_s);
  }
  std::sort(times.begin(), times.end());
  return times;
}

std::string_view draw_agent(dice& random) {
  return made_up_agents[random.below(made_up_agents.size())];
}

void append_line(std::string& out, dice& random, const page& asked, double time) {
  const auto at = std::chrono::sys_seconds{
      std::chrono::seconds{first_second + static_cast<std::int64_t>(time)}};
  int status = asked.status;
  std::optional<std::uint64_t> bytes = asked.bytes;
  if (asked.is_cacheable && random.chance(0.2)) {
    status = 304;
    bytes.reset();
  } else if (asked.is_ranged && random.chance(0.3)) {
    status = 206;
    bytes = random.below(asked.bytes) + 1;
  }
  const bool is_head = !asked.is_posted && random.chance(0.01);
  if (is_head) bytes.reset();
  fmt::format_to(
      std::back_inserter(out),
      "10.{}.{}.{} - - [{:%d/%b/%Y:%H:%M:%S} +0000] \"{} {} HTTP/1.1\" {} {} \"{}\" \"{}\"\n",
      random.below(4), random.below(256), random.below(256), at,
      asked.is_posted ? "POST"
      : is_head       ? "HEAD"
                      : "GET",
      asked.target, status, bytes ? std::to_string(*bytes) : "-",
      random.chance(0.4) ? "http://site.example/" : "-", draw_agent(random));
}

}  // namespace

std::string generated_log(std::uint64_t lines, std::uint64_t seed) {
  dice random{seed};
  const auto site = draw_site(random);
  const auto weights = zipf_weights();
  std::string out;
  for (const double time : draw_times(random, lines)) {
    const auto rank =
        std::lower_bound(weights.begin(), weights.end(), random.unit() * weights.back());
    append_line(out, random, site[static_cast<std::size_t>(rank - weights.begin())], time);
  }
  return out;
}

void generate(const generate_options& options) {
  check_writable(options.output_path);
  const auto log = generated_log(options.lines, options.seed);
  if (!options.output_path.empty()) return write_file(options.output_path, log);
  std::cout << log << std::flush;
}

}  // namespace tacit::bench
