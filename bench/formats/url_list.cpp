#include <algorithm>
#include <charconv>
#include <numeric>

#include "bench/formats/recorded_traffic.hpp"
#include "bench/schedule.hpp"

namespace tacit::bench::formats {
namespace {

constexpr unsigned weight_max = 1'000;

std::string_view take_word(std::string_view& line) {
  const auto begin = std::min(line.find_first_not_of(" \t\r"), line.size());
  const auto end = std::min(line.find_first_of(" \t\r", begin), line.size());
  const auto out = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return out;
}

const char* read_line(std::string_view line, recorded_request& into, unsigned& weight) {
  auto word = take_word(line);
  weight = 1;
  if (word.find_first_not_of("0123456789") == std::string_view::npos) {
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), weight);
    if (error != std::errc{} || weight == 0 || weight > weight_max) return "weights are 1 to 1,000";
    word = take_word(line);
  }
  if (!target_of(word)) {
    into.method = word;
    word = take_word(line);
  }
  const auto target = target_of(word);
  if (!target) return "expected [WEIGHT] [METHOD] URL";
  into.target = *target;
  if (!take_word(line).empty()) return "there is something behind the URL";
  return not_sendable(into);
}

/// A permutation that the seed decides (Fisher and Yates).
std::vector<std::size_t> shuffled(std::size_t size, std::uint64_t seed) {
  std::vector<std::size_t> out(size);
  std::iota(out.begin(), out.end(), std::size_t{0});
  for (std::size_t left = size; left > 1; --left)
    std::swap(out[left - 1], out[mix(seed, left) % left]);
  return out;
}

}  // namespace

recorded_traffic parse_url_list(std::string_view text, std::uint64_t seed) {
  recorded_traffic listed;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    recorded_request request;
    unsigned weight = 1;
    if (const char* wrong = read_line(line, request, weight)) {
      listed.rejected.add(number, wrong);
    } else {
      listed.requests.insert(listed.requests.end(), weight, request);
    }
  }
  if (listed.requests.empty()) return listed;
  recorded_traffic out;
  out.rejected = std::move(listed.rejected);
  for (const auto at : shuffled(listed.requests.size(), seed))
    out.requests.push_back(listed.requests[at]);
  return out;
}

}  // namespace tacit::bench::formats
