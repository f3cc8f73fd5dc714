#include <charconv>

#include "bench/formats/recorded_traffic.hpp"

namespace tacit::bench::formats {
namespace {

constexpr std::string_view separator = "\n\xF0\x9F\x90\xB5\xF0\x9F\x99\x88\xF0\x9F\x99\x89\n";

/// Takes what is before `end` off the front, and `end` with it.
std::string_view take_until(std::string_view& text, std::string_view end) {
  const auto at = text.find(end);
  const auto out = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + end.size());
  return out;
}

const char* parse_fields(std::string_view head, recorded_request& into, bool& is_chunked) {
  while (!head.empty()) {
    const auto line = take_until(head, "\r\n");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return "a field without a colon";
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t'))
      value.remove_prefix(1);
    const auto name = line.substr(0, colon);
    if (name == "Transfer-Encoding" || name == "transfer-encoding") is_chunked = true;
    if (is_replayed(name)) into.fields.emplace_back(name, value);
  }
  return nullptr;
}

const char* parse_chunks(std::string_view rest, std::string& into) {
  for (;;) {
    const auto line = take_until(rest, "\r\n");
    std::size_t bytes = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), bytes, 16);
    if (error != std::errc{} || bytes > rest.size()) return "the chunked body is cut off";
    if (bytes == 0) return nullptr;
    into += rest.substr(0, bytes);
    rest.remove_prefix(bytes);
    (void)take_until(rest, "\r\n");
  }
}

const char* parse_request(std::string_view bytes, recorded_request& into) {
  const auto head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return "the request has no end of its fields";
  auto head = bytes.substr(0, head_end);
  const auto body = bytes.substr(head_end + 4);
  auto line = take_until(head, "\r\n");
  into.method = take_until(line, " ");
  const auto target = target_of(take_until(line, " "));
  if (!target || !line.starts_with("HTTP/1.")) return "the request has no proper first line";
  into.target = *target;
  bool is_chunked = false;
  if (const char* wrong = parse_fields(head, into, is_chunked)) return wrong;
  if (is_chunked) return parse_chunks(body, into.body.emplace());
  if (!body.empty() || into.method == "POST" || into.method == "PUT") into.body = body;
  return nullptr;
}

}  // namespace

const char* parse_gor_payload(std::string_view payload, std::optional<recorded_request>& into) {
  auto head = take_until(payload, "\n");
  const auto type = take_until(head, " ");
  if (type == "2" || type == "3") return nullptr;  // answers
  const auto id = take_until(head, " ");
  const auto time = take_until(head, " ");
  std::int64_t ns = 0;
  const auto [end, error] = std::from_chars(time.data(), time.data() + time.size(), ns);
  if (type != "1" || id.empty() || error != std::errc{} || end != time.data() + time.size()) {
    return "no line of type, id and time before a request";
  }
  recorded_request request;
  request.time_ns = ns;
  if (const char* wrong = parse_request(payload, request)) return wrong;
  if (const char* wrong = not_sendable(request)) return wrong;
  into = std::move(request);
  return nullptr;
}

recorded_traffic parse_gor(std::string_view text) {
  recorded_traffic out;
  std::uint64_t line = 1;
  while (!text.empty()) {
    const auto before = text;
    const auto payload = take_until(text, separator);
    std::optional<recorded_request> request;
    if (const char* wrong = parse_gor_payload(payload, request)) out.rejected.add(line, wrong);
    if (request) out.requests.push_back(std::move(*request));
    const auto used = before.substr(0, before.size() - text.size());
    for (const char c : used)
      line += c == '\n';
  }
  order(out);
  return out;
}

}  // namespace tacit::bench::formats
