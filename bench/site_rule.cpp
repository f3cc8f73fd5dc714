#include "bench/site_rule.hpp"

#include <algorithm>

namespace tacit::bench {
namespace {

using logged = std::pair<int, std::uint64_t>;  // status, bytes; ordered as ties are broken

struct tally {
  std::map<logged, std::uint64_t> plain;
  std::map<logged, std::uint64_t> head;
};

/// The most frequent entry; the map's order makes the first of equals the right one.
logged most_frequent(const std::map<logged, std::uint64_t>& counts) {
  return std::max_element(counts.begin(), counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

}  // namespace

site_rule::site_rule(const std::vector<base::combined_log_line>& records,
                     std::uint64_t body_bytes_max)
    : body_bytes_max_{body_bytes_max} {
  std::map<std::string_view, tally> tallies;
  for (const auto& line : records) {
    tally& t = tallies[line.target];
    ++(line.method == "HEAD" ? t.head : t.plain)[{line.status, line.bytes.value_or(0)}];
  }
  for (const auto& [target, t] : tallies) {
    const auto [status, bytes] = most_frequent(t.plain.empty() ? t.head : t.plain);
    pages_.emplace(target, page{status, bytes});
  }
}

expected_answer site_rule::answer_to(std::string_view method, std::string_view target) const {
  const auto found = pages_.find(target);
  if (found == pages_.end()) return {404, std::nullopt};
  const int status = found->second.status < 200 ? 200 : found->second.status;
  const bool bodiless = method == "HEAD" || status == 204 || status == 304;
  return {status, bodiless ? 0 : std::min(found->second.bytes, body_bytes_max_)};
}

}  // namespace tacit::bench
