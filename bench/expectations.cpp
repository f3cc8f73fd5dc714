#include "bench/expectations.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <tacit/base/error.hpp>

namespace tacit::bench {
namespace {

constexpr const char* option = "--expect";

template <class Number>
Number parse_number(std::string_view digits, int base, const std::string& text) {
  Number out = 0;
  const auto* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, out, base);
  if (error != std::errc{} || end != last) {
    throw base::failure{fmt::format("{}: {}: {} is no number", option, text, digits), true};
  }
  return out;
}

}  // namespace

expectations::expectation expectations::parse(const std::string& text) {
  expectation out;
  const auto arrow = text.find("=>");
  const auto what = arrow == std::string::npos ? text : text.substr(arrow + 2);
  if (arrow != std::string::npos) out.route = compile_expression(text.substr(0, arrow), option);
  const auto is = [&](std::string_view name) { return what.starts_with(name); };
  const auto value = std::string_view{what}.substr(std::min(what.size(), what.find_first_of("=~")));
  if (is("status=")) {
    out.status = parse_number<int>(value.substr(1), 10, text);
  } else if (is("length=")) {
    out.body_bytes = parse_number<std::uint64_t>(value.substr(1), 10, text);
  } else if (is("crc32=")) {
    out.body.emplace().crc32 = parse_number<std::uint32_t>(value.substr(1), 16, text);
  } else if (is("body~")) {
    out.body.emplace().pattern = compile_expression(std::string{value.substr(1)}, option);
  } else {
    throw base::failure{
        fmt::format("{}: {}: expected [ROUTE=>] and status=N, length=N, crc32=HEX or body~PATTERN",
                    option, text),
        true};
  }
  return out;
}

expectations::expectations(const std::vector<std::string>& texts) {
  for (const auto& text : texts)
    all_.push_back(parse(text));
}

void expectations::apply(const std::string& method_and_target, expected_answer& to) const {
  for (const auto& one : all_) {
    if (one.route && !is_found(one.route, method_and_target)) continue;
    if (one.status) to.status = one.status;
    if (one.body_bytes) to.body_bytes = one.body_bytes;
    if (one.body) to.body = &*one.body;
  }
}

}  // namespace tacit::bench
