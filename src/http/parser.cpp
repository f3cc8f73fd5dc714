#include "http/parser.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <functional>

#include <tacit/memory/memory_budget.hpp>

#include "http/field_text.hpp"

namespace tacit::http {

namespace beast_http = boost::beast::http;

namespace {

std::string_view view(boost::beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

// What a registered name may consist of (RFC 3986 section 3.2.2), but for the comma: what looks
// like a list of hosts is none.
constexpr std::array<bool, 256> host_characters = [] {
  std::array<bool, 256> allowed{};
  for (const char each : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789-._~%!$&'()*+;=")) {
    allowed[static_cast<unsigned char>(each)] = true;
  }
  return allowed;
}();

bool is_port(std::string_view text) noexcept {
  return text.size() <= 5 && std::all_of(text.begin(), text.end(),
                                         [](char each) { return each >= '0' && each <= '9'; });
}

// [ uri-host [ ":" port ] ]
bool is_authority(std::string_view text) noexcept {
  std::size_t at = 0;
  if (text.starts_with('[')) {
    at = text.find_first_not_of("0123456789abcdefABCDEF:.", 1);
    if (at == std::string_view::npos || at < 3 || text[at] != ']') return false;
    ++at;
  } else {
    while (at < text.size() && host_characters[static_cast<unsigned char>(text[at])])
      ++at;
  }
  return at == text.size() || (text[at] == ':' && at > 0 && is_port(text.substr(at + 1)));
}

bool has_port(std::string_view authority) noexcept {
  return !authority.empty() && authority.back() >= '0' && authority.back() <= '9' &&
         authority.rfind(':') != std::string_view::npos;
}

// Obsolete line folding, which RFC 9112 section 5.2 lets a server refuse. Beast joins the lines in
// memory of its own, unless there was nothing on the first ones.
bool is_folded(std::string_view name, std::string_view value, std::string_view input) noexcept {
  const std::less<const char*> before;
  if (before(value.data(), input.data()) || before(input.data() + input.size(), value.data())) {
    return true;
  }
  const char* const colon = name.data() + name.size();
  const auto between = static_cast<std::size_t>(value.data() - colon);
  return between > 2 && std::string_view(colon, between).find('\n') != std::string_view::npos;
}

// A list of codings of which the last is chunked, and no other.
bool ends_in_chunked(std::string_view codings) noexcept {
  constexpr std::string_view chunked = "chunked";
  const auto comma = codings.rfind(',');
  if (comma == std::string_view::npos) return false;
  const std::string_view before = codings.substr(0, comma);
  std::string_view last = codings.substr(comma + 1);
  last.remove_prefix(std::min(last.find_first_not_of(" \t"), last.size()));
  if (!equals_ignoring_case(last, chunked)) return false;
  return std::search(before.begin(), before.end(), chunked.begin(), chunked.end(),
                     [](char a, char b) { return (a | 0x20) == b; }) == before.end();
}

// A request line with another version of HTTP, as opposed to something else in that place. Looks at
// no more than the parser has seen when it refuses, so that the answer does not depend on how the
// bytes arrive.
bool names_another_version(std::string_view head) noexcept {
  const auto target = head.find(' ');
  if (target == std::string_view::npos) return false;
  const auto version = head.find(' ', target + 1);
  if (version == std::string_view::npos) return false;
  const std::string_view text = head.substr(version + 1, 8);
  const auto is_digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  return text.size() == 8 && text.starts_with("HTTP/") && is_digit(5) && text[6] == '.' &&
         is_digit(7) && text != "HTTP/1.0" && text != "HTTP/1.1";
}

}  // namespace

parser::parser(const limits& bounds, request& into, std::pmr::memory_resource& memory)
    : limits_(bounds), request_(into), gathered_(&memory) {
  // Beast's own limit begins anew with each field that it has consumed. It only bounds what this
  // parser has not counted yet.
  header_limit(static_cast<std::uint32_t>(bounds.head_bytes_max) + 1);
  body_limit(boost::none);  // Whether there is one depends on who handles the request.
}

parser::progress parser::parse(std::string_view bytes, std::size_t& consumed) {
  unparsed_ = bytes;
  const bool had_head = is_header_done();
  eager(had_head);
  error_code ec;
  consumed = feed(bytes, ec);
  if (!had_head && is_head_too_large(bytes, consumed, ec)) ec = beast_http::error::header_limit;
  if (ec == beast_http::error::need_more) {
    if (!has_ended_early(bytes)) return progress::need_more;
    ec = beast_http::error::bad_version;
  }
  if (ec) {
    if (!refused_) refusal_ = translate(ec, bytes);
    return progress::refused;
  }
  if (is_done()) {
    if (!gathered_.empty()) request_.body = gathered_;
    return progress::complete;
  }
  return had_head || !is_header_done() ? progress::need_more : progress::head_complete;
}

// Counted from the first byte to the end of the head, or, while that has not come, to the last byte
// that has: so it does not depend on how the bytes arrive.
bool parser::is_head_too_large(std::string_view bytes, std::size_t consumed, error_code ec) {
  head_bytes_ += consumed;
  if (ec == beast_http::error::need_more) {
    return head_bytes_ + (bytes.size() - consumed) > limits_.head_bytes_max;
  }
  return !ec && head_bytes_ > limits_.head_bytes_max;
}

// A head that has come as a whole, but with less than a version at the end of its first line: there
// Beast waits for eight characters, and has passed the end when it looks for that.
bool parser::has_ended_early(std::string_view bytes) const {
  return request_.target.empty() && bytes.find("\r\n\r\n") != std::string_view::npos;
}

std::size_t parser::feed(std::string_view bytes, error_code& ec) {
  // Beast takes for granted that no body of chunks is shorter.
  constexpr std::size_t shortest_chunked_body = std::string_view("0\r\n\r\n").size();
  if (is_header_done() && chunked() && !has_chunk_begun_ && bytes.size() < shortest_chunked_body) {
    ec = beast_http::error::need_more;
    return 0;
  }
  return put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
}

parser::progress parser::parse_piece(std::string_view bytes, std::size_t& consumed,
                                     std::string_view& piece) {
  consumed = 0;
  gathers_ = false;
  piece_ = {};
  eager(false);
  while (consumed < bytes.size() && piece_.empty()) {
    unparsed_ = bytes.substr(consumed);
    error_code ec;
    consumed += feed(unparsed_, ec);
    piece = piece_;
    if (ec == beast_http::error::need_more) return progress::need_more;
    if (ec) {
      if (!refused_) refusal_ = translate(ec, unparsed_);
      return progress::refused;
    }
    if (is_done()) return progress::complete;
  }
  return piece_.empty() ? progress::need_more : progress::piece;
}

void parser::on_request_impl(verb, string_view name, string_view target, int version,
                             error_code& ec) {
  request_.method_name = view(name);
  request_.method = to_method(request_.method_name);
  request_.version = version;
  request_.target = view(target);
  if (request_.target.size() > limits_.target_bytes_max) {
    return refuse(414, "the request target is longer than this server takes", ec);
  }
  if (request_.method == method::connect) {
    if (!is_authority(request_.target) || !has_port(request_.target)) {
      return refuse(400, "the target of CONNECT is not a host and a port", ec);
    }
    return refuse(501, "this server is no proxy and knows no CONNECT", ec);
  }
  if (!split_target(request_.target)) {
    return refuse(400, "the request target is not in a form that RFC 9112 section 3.2 allows", ec);
  }
}

// RFC 9112 section 3.2: origin-form, absolute-form, and asterisk-form for OPTIONS.
bool parser::split_target(std::string_view target) {
  if (target.find('#') != std::string_view::npos) return false;
  if (target == "*") {
    request_.path = target;
    return request_.method == method::options;
  }
  if (!target.starts_with('/')) {
    const auto scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return false;
    const std::string_view scheme = target.substr(0, scheme_end);
    if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) {
      return false;
    }
    target.remove_prefix(scheme_end + 3);
    const auto path = std::min(target.find_first_of("/?"), target.size());
    // It replaces the Host field (RFC 9112 section 3.2.2).
    request_.authority = target.substr(0, path);
    is_absolute_ = true;
    if (request_.authority.empty() || !is_authority(request_.authority)) return false;
    target.remove_prefix(path);
  }
  const auto question = target.find('?');
  request_.path = target.substr(0, question);
  if (request_.path.empty()) request_.path = "/";
  if (question != std::string_view::npos) request_.query = target.substr(question + 1);
  return true;
}

void parser::on_field_impl(field_name name, string_view name_text, string_view value,
                           error_code& ec) {
  if (is_folded(view(name_text), view(value), unparsed_)) {
    return refuse(400, "a header field is folded over several lines", ec);
  }
  if (in_trailer_) return on_trailer(view(name_text), view(value), ec);
  if (request_.fields.size() == limits_.fields_max) {
    return refuse(431, "there are more header fields than this server takes", ec);
  }
  if (request_.fields.empty()) request_.fields.reserve(16);
  const std::string_view text = view(value);
  request_.fields.push_back({view(name_text), text});

  switch (name) {
    case field_name::host:
      ++hosts_;
      if (!is_authority(text)) return refuse(400, "the Host field is malformed", ec);
      if (!is_absolute_) request_.authority = text;
      break;
    case field_name::content_length:
      // A list or a repetition, even of equal values, is a known way to smuggle (RFC 9112
      // section 6.3).
      if (++lengths_ > 1 || text.find(',') != std::string_view::npos) {
        return refuse(400, "Content-Length occurs more than once", ec);
      }
      break;
    case field_name::transfer_encoding:
      if (request_.version < 11) {
        return refuse(400, "HTTP/1.0 knows no Transfer-Encoding", ec);
      }
      if (!equals_ignoring_case(text, "chunked")) {
        // Without chunked last nobody knows where the body ends (RFC 9112 section 6.3).
        return ends_in_chunked(text)
                   ? refuse(501, "the only transfer coding that this server takes is chunked", ec)
                   : refuse(400, "the last transfer coding is not chunked", ec);
      }
      chunked_ = true;
      break;
    case field_name::expect:
      if (!equals_ignoring_case(text, "100-continue")) {
        return refuse(417, "the only expectation that this server knows is 100-continue", ec);
      }
      expects_continue_ = request_.version >= 11;
      break;
    default:
      break;
  }
}

void parser::on_trailer(std::string_view name, std::string_view value, error_code& ec) {
  if (is_barred_from_trailers(name)) {
    return refuse(400, "a field behind the body has its place before it", ec);
  }
  if (request_.trailers.size() == limits_.fields_max) {
    return refuse(431, "there are more trailer fields than this server takes", ec);
  }
  request_.trailers.push_back({name, value});
}

void parser::on_header_impl(error_code& ec) {
  // RFC 9112 section 3.2: exactly one Host in HTTP/1.1, at most one in HTTP/1.0.
  if (hosts_ > 1 || (hosts_ == 0 && request_.version >= 11)) {
    return refuse(400, hosts_ ? "Host occurs more than once" : "the Host field is missing", ec);
  }
  if (chunked_ && lengths_ != 0) {
    return refuse(400, "Content-Length and Transfer-Encoding exclude each other", ec);
  }
  request_.keep_alive = keep_alive();
  in_trailer_ = true;
}

void parser::on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) {}

std::size_t parser::on_body_impl(string_view body, error_code& ec) {
  const std::string_view bytes = view(body);
  if (!gathers_) {
    piece_ = bytes;
    return bytes.size();
  }
  if (gathered_.empty() && bytes.size() == remaining().value_or(0)) {
    request_.body = bytes;
    return bytes.size();
  }
  return add_to_body(bytes, ec);
}

void parser::on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& ec) {
  has_chunk_begun_ = true;
  if (gathers_ && size > limits_.body_bytes_max - gathered_.size()) {
    return refuse(413, "the request body is larger than this server takes", ec);
  }
  extension_bytes_ += extensions.size();
  if (extension_bytes_ > limits_.chunk_extension_bytes_max) {
    return refuse(400, "the chunk extensions are longer than this server takes", ec);
  }
  // Beast takes anything between quotes. Who ends lines at a line feed would see another chunk.
  if (!is_field_text(view(extensions))) {
    refuse(400, "a chunk extension has a control character", ec);
  }
}

std::size_t parser::on_chunk_body_impl(std::uint64_t, string_view body, error_code& ec) {
  if (gathers_) return add_to_body(view(body), ec);
  piece_ = view(body);
  return body.size();
}

std::size_t parser::add_to_body(std::string_view piece, error_code& ec) {
  if (gathered_.size() + piece.size() > limits_.body_bytes_max) {
    refuse(413, "the request body is larger than this server takes", ec);
    return 0;
  }
  try {
    // At once: growing bit by bit would leave as much behind in the request's memory.
    if (gathered_.empty() && !chunked_) {
      gathered_.reserve(std::min(remaining().value_or(0), limits_.body_bytes_max));
    }
    gathered_.append(piece);
  } catch (const memory::out_of_budget&) {
    refuse(503, "the server is short of memory for a body", ec);
    return 0;
  }
  return piece.size();
}

void parser::on_finish_impl(error_code&) {}

void parser::refuse(int status, std::string_view reason, error_code& ec) {
  refused_ = true;
  refusal_ = {status, reason};
  ec = beast_http::error::bad_value;
}

refusal parser::translate(error_code ec, std::string_view bytes) const {
  using beast_http::error;
  if (ec == error::header_limit) {
    if (request_.target.empty() && bytes.find('\n') == std::string_view::npos) {
      return {414, "the request line is longer than this server takes"};
    }
    return {431, "the header fields are larger than this server takes"};
  }
  if (ec == error::bad_version && names_another_version(bytes)) {
    return {505, "this server speaks HTTP/1.1 and HTTP/1.0"};
  }
  if (ec == error::bad_method) return {400, "the request line does not start with a method"};
  if (ec == error::bad_target) return {400, "the request target is malformed"};
  if (ec == error::bad_version)
    return {400, "the request line does not end with a version of HTTP"};
  if (ec == error::bad_field) return {400, "a header field's name is malformed"};
  if (ec == error::bad_value) return {400, "a header field's value is malformed"};
  if (ec == error::bad_content_length || ec == error::multiple_content_length) {
    return {400, "Content-Length is malformed"};
  }
  if (ec == error::bad_transfer_encoding) return {400, "Transfer-Encoding is malformed"};
  if (ec == error::bad_chunk || ec == error::bad_chunk_extension) {
    return {400, "the chunked body is malformed"};
  }
  return {400, "the request is malformed"};
}

}  // namespace tacit::http
