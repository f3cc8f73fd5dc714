#include "bench/traffic_model.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <tacit/base/error.hpp>
#include <vector>

#include "bench/dice.hpp"
#include "bench/made_up_body.hpp"
#include "bench/schedule.hpp"

namespace tacit::bench {
namespace {

using formats::recorded_request;
using fields = std::vector<std::pair<std::string, std::string>>;

/// Ranks from 0; that of rank r comes as often as 1 / (r + 1)^exponent says.
class zipf {
 public:
  zipf(std::size_t ranks, double exponent) {
    double sum = 0;
    for (std::size_t rank = 1; rank <= ranks; ++rank)
      cumulated_.push_back(sum += std::pow(static_cast<double>(rank), -exponent));
  }

  [[nodiscard]] std::size_t draw(dice& random) const {
    const auto at =
        std::lower_bound(cumulated_.begin(), cumulated_.end(), random.unit() * cumulated_.back());
    return static_cast<std::size_t>(at - cumulated_.begin());
  }

 private:
  std::vector<double> cumulated_;
};

recorded_request post(double time_s, std::string target, const char* type, std::string body) {
  recorded_request out;
  out.method = "POST";
  out.target = std::move(target);
  out.fields = fields{{"Content-Type", type}};
  out.body = std::move(body);
  out.time_ns = static_cast<std::int64_t>(time_s * 1e9);
  return out;
}

recorded_request get(double time_s, std::string target, const char* accept) {
  recorded_request out;
  out.target = std::move(target);
  out.fields = fields{{"Accept", accept}};
  out.time_ns = static_cast<std::int64_t>(time_s * 1e9);
  return out;
}

// Twenty views a second of pages with up to ten parts each, which are asked for soon after.
std::vector<recorded_request> web(std::uint64_t count, dice& random) {
  constexpr std::size_t pages = 400;
  constexpr std::size_t parts = 2'000;
  const zipf page_ranks{pages, 1.0};
  const zipf part_ranks{parts, 0.9};
  std::vector<std::uint64_t> page_bytes;
  std::vector<std::uint64_t> part_bytes;
  for (std::size_t i = 0; i < pages; ++i)
    page_bytes.push_back(random.log_normal(14'000, 0.7));
  for (std::size_t i = 0; i < parts; ++i)
    part_bytes.push_back(random.log_normal(9'000, 1.3));
  std::vector<recorded_request> out;
  for (double time = 0; out.size() < count; time += random.wait(0.05)) {
    const auto page = page_ranks.draw(random);
    if (random.chance(0.25)) {
      out.push_back(post(time, fmt::format("/echo?form={}", page),
                         "application/x-www-form-urlencoded",
                         "text=" + made_up_body(page, random.log_normal(300, 0.8))));
    }
    out.push_back(get(time, fmt::format("/bytes/{}?page={}", page_bytes[page], page), "text/html"));
    if (random.chance(0.05)) out.back().method = "HEAD";
    for (auto left = random.below(11); left > 0; --left) {
      const auto part = part_ranks.draw(random);
      out.push_back(get(time + 0.05 + random.wait(0.15),
                        fmt::format("/bytes/{}?part={}", part_bytes[part], part), "*/*"));
    }
  }
  return out;
}

std::vector<recorded_request> api(std::uint64_t count, dice& random) {
  const zipf items{10'000, 0.9};
  std::vector<recorded_request> out;
  for (double time = 0; out.size() < count; time += random.wait(0.001)) {
    const auto item = items.draw(random);
    if (random.chance(0.25)) {
      const auto text = made_up_body(item, random.log_normal(400, 1.0));
      out.push_back(post(time, fmt::format("/echo?item={}", item), "application/json",
                         fmt::format(R"({{"item":{},"text":"{}"}})", item, text)));
    } else {
      out.push_back(get(time, fmt::format("/json?item={}", item), "application/json"));
    }
  }
  return out;
}

// Calm at 200 requests a second; about every ten seconds something happens, and the rate jumps to
// up to twenty times that and falls again, by e within two seconds.
std::vector<recorded_request> danmaku(std::uint64_t count, dice& random) {
  constexpr double calm_per_s = 200;
  const zipf rooms{200, 1.2};
  std::vector<recorded_request> out;
  double next_event = random.wait(10);
  double event = -1e9;
  double height = 0;
  for (double time = 0; out.size() < count;) {
    if (time >= next_event) {
      event = next_event;
      height = 5 + 14 * random.unit();
      next_event += random.wait(10);
    }
    const auto room = rooms.draw(random);
    if (random.chance(0.8)) {
      const auto text = made_up_body(mix(room, out.size()), 4 + random.log_normal(18, 0.7) % 200);
      out.push_back(post(time, fmt::format("/echo?room={}", room), "application/json",
                         fmt::format(R"({{"room":{},"text":"{}"}})", room, text)));
    } else {
      out.push_back(get(time,
                        fmt::format("/bytes/{}?room={}", 200 + random.log_normal(900, 0.8), room),
                        "application/json"));
    }
    time += random.wait(1 / (calm_per_s * (1 + height * std::exp((event - time) / 2))));
  }
  return out;
}

}  // namespace

std::optional<traffic_model> traffic_model::named(const std::string& text) {
  constexpr std::string_view prefix = "model:";
  if (!text.starts_with(prefix)) return std::nullopt;
  traffic_model out;
  const auto colon = text.find(':', prefix.size());
  const auto name = text.substr(prefix.size(), colon - prefix.size());
  bool is_known = true;
  if (name == "web") {
    out.what = kind::web;
  } else if (name == "api") {
    out.what = kind::api;
  } else if (name == "danmaku") {
    out.what = kind::danmaku;
  } else {
    is_known = false;
  }
  if (is_known && colon != std::string::npos) {
    const auto* last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data() + colon + 1, last, out.requests);
    is_known =
        error == std::errc{} && end == last && out.requests > 0 && out.requests <= requests_max;
  }
  if (is_known) return out;
  throw base::failure{
      fmt::format("{}: expected model:web, model:api or model:danmaku, and :N with N up to {}",
                  text, requests_max),
      true};
}

formats::recorded_traffic traffic_model::traffic(std::uint64_t seed) const {
  dice random{seed};
  formats::recorded_traffic out;
  out.requests = what == kind::web   ? web(requests, random)
                 : what == kind::api ? api(requests, random)
                                     : danmaku(requests, random);
  formats::order(out);
  out.requests.resize(requests);
  return out;
}

}  // namespace tacit::bench
