#include <nlohmann/json.hpp>

#include "bench/formats/base64.hpp"
#include "bench/formats/recorded_traffic.hpp"

namespace tacit::bench::formats {
namespace {

using json = nlohmann::json;

const char* read_header(const json& header, recorded_request& into) {
  if (!header.is_object()) return "header is no object";
  for (const auto& [name, values] : header.items()) {
    if (!values.is_array()) return "a field's values are no array";
    for (const auto& value : values) {
      if (!value.is_string()) return "a field's value is no string";
      if (is_replayed(name)) into.fields.emplace_back(name, value.get<std::string>());
    }
  }
  return nullptr;
}

const char* read_target(const json& from, recorded_request& into) {
  if (!from.is_object()) return "no JSON object";
  const auto text = [&](const char* key) {
    const auto at = from.find(key);
    return at != from.end() && at->is_string() ? at->get<std::string>() : std::string{};
  };
  into.method = text("method");
  const auto target = target_of(text("url"));
  if (!target) return "url is none, or not http";
  into.target = *target;
  if (const auto header = from.find("header"); header != from.end() && !header->is_null()) {
    if (const char* wrong = read_header(*header, into)) return wrong;
  }
  if (from.contains("body")) {
    into.body = from_base64(text("body"));
    if (!into.body) return "body is not base64";
  }
  if (from.contains("timestamp")) {
    into.time_ns = parse_rfc3339(text("timestamp"));
    if (!into.time_ns) return "timestamp is not of RFC 3339";
  }
  return not_sendable(into);
}

}  // namespace

const char* parse_vegeta_line(std::string_view line, recorded_request& into) {
  return read_target(json::parse(line, nullptr, false), into);
}

recorded_traffic parse_vegeta(std::string_view text) {
  recorded_traffic out;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    recorded_request request;
    if (const char* wrong = parse_vegeta_line(line, request)) {
      out.rejected.add(number, wrong);
    } else {
      out.requests.push_back(std::move(request));
    }
  }
  order(out);
  return out;
}

}  // namespace tacit::bench::formats
