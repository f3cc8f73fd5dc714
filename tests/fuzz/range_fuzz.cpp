#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include <tacit/http/byte_range.hpp>

#include "fuzz/targets.hpp"

namespace tacit::fuzz {
namespace {

using http::byte_range;
using http::byte_ranges;

// Text to ranges once more, in the plainest way: nullopt where the field is to be ignored.
std::optional<std::vector<byte_range>> asked_for(std::string_view field, std::uint64_t length) {
  std::vector<byte_range> all;
  std::size_t named = 0;
  std::string_view rest = field.substr(std::min(field.find('=') + 1, field.size()));
  while (!rest.empty()) {
    std::string_view each = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(each.size() + 1, rest.size()));
    each.remove_prefix(std::min(each.find_first_not_of(" \t"), each.size()));
    each = each.substr(0, each.find_last_not_of(" \t") + 1);
    if (each.empty()) continue;
    ++named;
    const auto dash = each.find('-');
    const auto number = [&](std::string_view digits) {
      std::uint64_t value = 0;
      const auto ec = std::from_chars(digits.data(), digits.data() + digits.size(), value).ec;
      return ec == std::errc::result_out_of_range ? UINT64_MAX : value;
    };
    if (dash == std::string_view::npos) return std::nullopt;
    const auto before = each.substr(0, dash), behind = each.substr(dash + 1);
    if (before.empty()) {
      const auto last = std::min(number(behind), length);
      if (last > 0) all.push_back({length - last, length - 1});
    } else if (number(before) < length) {
      const auto last = behind.empty() ? UINT64_MAX : number(behind);
      all.push_back({number(before), std::min(last, length - 1)});
    }
  }
  if (named == 0) return std::nullopt;
  return all;
}

std::string write(std::span<const byte_range> ranges) {
  std::string text = "bytes=";
  for (const byte_range& each : ranges)
    text += std::to_string(each.first) + "-" + std::to_string(each.last) + ",";
  return text;
}

bool lies_in(const byte_range& small, const byte_range& large) {
  return small.first >= large.first && small.last <= large.last;
}

void require_apart(std::span<const byte_range> ranges) {
  for (const byte_range& a : ranges) {
    for (const byte_range& b : ranges) {
      require(&a == &b || a.first > b.last || b.first > a.last, "ranges overlap");
      require(b.first <= a.last || b.first - a.last > byte_ranges::gap_min, "ranges lie too close");
    }
  }
}

}  // namespace

void fuzz_range(input bytes) {
  const std::string_view text = as_text(bytes);
  std::uint64_t length = 0;
  const auto line = std::min(text.find('\n'), text.size());
  std::from_chars(text.data(), text.data() + line, length);
  const std::string_view field = text.substr(std::min(line + 1, text.size()));

  const auto found = byte_ranges::parse(field, length);
  const auto ranges = found.ranges();
  require((found.result() == byte_ranges::outcome::some) == !ranges.empty(),
          "the outcome does not tell whether there are ranges");
  require(ranges.size() <= byte_ranges::count_max, "more ranges than there may be");
  for (const byte_range& each : ranges)
    require(each.first <= each.last && each.last < length, "a range leaves the representation");
  require_apart(ranges);
  if (found.result() == byte_ranges::outcome::whole) return;

  const auto asked = asked_for(field, length);
  require(asked.has_value(), "a field without ranges was honoured");
  require(asked->empty() == ranges.empty(), "416 and what can be had do not agree");
  for (const byte_range& each : *asked) {
    require(std::any_of(ranges.begin(), ranges.end(),
                        [&](const byte_range& large) { return lies_in(each, large); }),
            "something that was asked for is not there");
  }
  for (const byte_range& each : ranges) {
    const auto is_edge = [&](auto edge) {
      return std::any_of(asked->begin(), asked->end(),
                         [&](const byte_range& of) { return of.*edge == each.*edge; });
    };
    require(is_edge(&byte_range::first) && is_edge(&byte_range::last),
            "a range reaches further than what was asked for");
  }
  if (ranges.empty()) return;
  const auto again = byte_ranges::parse(write(ranges), length);
  require(std::equal(ranges.begin(), ranges.end(), again.ranges().begin(), again.ranges().end()),
          "written out again they are other ranges");
}

}  // namespace tacit::fuzz
