#include <tacit/http/content_coding.hpp>

#include <algorithm>
#include <optional>

#include "http/field_list.hpp"

namespace tacit::http {
namespace {

// "0", "0.5", "1.000" in thousandths (RFC 9110 section 12.4.2); nullopt if it is not in that form.
std::optional<int> to_weight(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int scale = 100;
  for (std::size_t i = 2; i < text.size(); ++i, scale /= 10) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    weight += (text[i] - '0') * scale;
  }
  return weight <= 1000 ? std::optional(weight) : std::nullopt;
}

struct weighed {
  std::string_view name;
  int weight = 1000;
};

// "gzip;q=0.5". One that cannot be read counts as refused.
weighed to_weighed(std::string_view element) noexcept {
  const auto semicolon = element.find(';');
  weighed found{trimmed(element.substr(0, semicolon))};
  if (semicolon == std::string_view::npos) return found;
  const std::string_view parameter = trimmed(element.substr(semicolon + 1));
  const bool is_weight = parameter.starts_with("q=") || parameter.starts_with("Q=");
  found.weight = is_weight ? to_weight(parameter.substr(2)).value_or(0) : 0;
  return found;
}

std::optional<content_coding> to_coding(std::string_view name) noexcept {
  if (equals_ignoring_case(name, "x-gzip")) return content_coding::gzip;
  for (std::size_t i = 0; i < content_coding_count; ++i) {
    const auto candidate = static_cast<content_coding>(i);
    if (equals_ignoring_case(name, to_string(candidate))) return candidate;
  }
  return std::nullopt;
}

}  // namespace

coding_preference::coding_preference(const request& asked, const coding_ranking& ranking) noexcept {
  constexpr int unnamed = -1;
  std::array<int, content_coding_count> weights;
  weights.fill(unnamed);
  int others = unnamed;  // What "*" gives.
  for (const field& each : asked.fields) {
    if (!equals_ignoring_case(each.name, "Accept-Encoding")) continue;
    field_list list(each.value);
    while (const auto element = list.next()) {
      const weighed one = to_weighed(*element);
      if (one.name == "*") others = one.weight;
      if (const auto coding = to_coding(one.name)) {
        weights[static_cast<std::size_t>(*coding)] = one.weight;
      }
    }
  }
  for (int& weight : weights) {
    if (weight == unnamed) weight = std::max(others, 0);
  }
  for (const content_coding each : ranking) {
    if (weights[static_cast<std::size_t>(each)] > 0) order_[count_++] = each;
  }
  std::stable_sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(count_),
                   [&](content_coding a, content_coding b) {
                     return weights[static_cast<std::size_t>(a)] >
                            weights[static_cast<std::size_t>(b)];
                   });
  // Not named, identity has the least weight (section 12.5.3), hence is last.
  const auto* const place = std::find_if(begin(), end(), [&](content_coding each) {
    return weights[static_cast<std::size_t>(each)] < weights[0];
  });
  const auto at = place - begin();
  std::copy_backward(order_.begin() + at, order_.begin() + static_cast<std::ptrdiff_t>(count_),
                     order_.begin() + static_cast<std::ptrdiff_t>(count_) + 1);
  order_[static_cast<std::size_t>(at)] = content_coding::identity;
  ++count_;
}

}  // namespace tacit::http
