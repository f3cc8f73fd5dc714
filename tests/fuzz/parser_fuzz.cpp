#include <algorithm>

#include "fuzz/reading.hpp"
#include "fuzz/targets.hpp"

namespace tacit::fuzz {
namespace {

std::vector<std::string> values_of(const message& of, std::string_view name) {
  std::vector<std::string> values;
  for (const std::string& each : of.fields) {
    const auto colon = each.find(':');
    if (http::equals_ignoring_case(std::string_view(each).substr(0, colon), name))
      values.push_back(each.substr(colon + 1));
  }
  return values;
}

// RFC 9112 sections 2.2 and 5: nothing of a head can be taken for the end of a line.
void require_clean(const message& of) {
  const auto is_clean = [](const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char each) {
      const auto byte = static_cast<unsigned char>(each);
      return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
    });
  };
  for (const std::string& each : of.fields) {
    require(is_clean(each), "a field has a control character");
    require(each.find_first_of(" \t") >= each.find(':'), "a field's name has white space");
  }
  require(std::all_of(of.trailers.begin(), of.trailers.end(), is_clean),
          "a trailer has a control character");
  require(is_clean(of.target) && of.target.find_first_of(" \t#") == std::string::npos,
          "the target has a character that it cannot have");
  require(of.path.starts_with('/') || (of.path == "*" && of.method == "OPTIONS"),
          "the path has none of the forms of RFC 9112 section 3.2");
}

// RFC 9112 section 6.3, from the bytes as they were sent.
void require_framing(const message& of, std::string_view sent) {
  while (sent.starts_with("\r\n"))
    sent.remove_prefix(2);
  const auto head = sent.find("\r\n\r\n");
  require(head != std::string_view::npos, "a head without its end was taken");
  const std::string_view behind = sent.substr(head + 4);
  const auto hosts = values_of(of, "Host");
  require(hosts.size() == 1 || (of.version == 10 && hosts.empty()), "not one Host");
  const auto lengths = values_of(of, "Content-Length");
  const auto codings = values_of(of, "Transfer-Encoding");
  if (codings.empty()) {
    require(of.trailers.empty(), "trailers without chunks");
    const std::string length = lengths.empty() ? "0" : lengths.front();
    require(lengths.size() <= 1, "several lengths were taken");
    require(!length.empty() && length.find_first_not_of("0123456789") == std::string::npos,
            "a length that is no number was taken");
    const auto digits = length.substr(std::min(length.find_first_not_of('0'), length.size() - 1));
    require(digits == std::to_string(behind.size()), "it does not end where its length says");
    require(of.body == behind, "the body is not what was sent");
    return;
  }
  require(codings.size() == 1 && http::equals_ignoring_case(codings.front(), "chunked"),
          "a coding besides chunked was taken");
  require(lengths.empty() && of.version == 11, "chunks with a length, or in HTTP/1.0");
  const auto decoded = decode_chunks(behind);
  require(decoded && decoded->end == behind.size() && decoded->text == of.body,
          "the chunks do not make up the body");
}

void require_round_trip(const message& of) {
  http::limits wide;
  wide.head_bytes_max = 1 << 20;
  wide.chunk_extension_bytes_max = 0;
  const std::string text = write(of);
  reading again = read_all(text, {}, wide);
  require(again.messages.size() == 1 && again.messages[0].end == text.size(),
          "written out again it is not one request");
  again.messages[0].end = of.end;
  require(again.messages[0] == of, "written out again it is another request");
}

}  // namespace

void fuzz_parser(input bytes) {
  const http::limits bounds = small_limits();
  const std::string_view text = as_text(bytes);
  const reading whole = read_all(text, {}, bounds);
  require(whole.refused_with == 0 || (whole.refused_with >= 400 && whole.refused_with <= 505),
          "refused without a status");
  std::size_t begin = 0;
  for (const message& each : whole.messages) {
    require_clean(each);
    require_framing(each, text.substr(begin, each.end - begin));
    require_round_trip(each);
    begin = each.end;
  }
  require_same_at_every_cut(text, bounds, whole);
}

}  // namespace tacit::fuzz
