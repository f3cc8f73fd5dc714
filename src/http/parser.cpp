#include "http/parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <functional>

namespace tacit::http {

namespace beast_http = boost::beast::http;

namespace {

std::string_view view(boost::beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

// uri-host [ ":" port ] without going into detail: what no host may contain (RFC 3986
// section 3.2.2).
bool is_plausible_host(std::string_view host) noexcept {
  return host.find_first_of(" \t,/?#@\\\"<>") == std::string_view::npos;
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
  header_limit(static_cast<std::uint32_t>(bounds.head_bytes_max));
  body_limit(bounds.body_bytes_max);
}

parser::progress parser::parse(std::string_view bytes, std::size_t& consumed) {
  unparsed_ = bytes;
  const bool had_head = is_header_done();
  eager(had_head);
  error_code ec;
  consumed = put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
  if (ec == beast_http::error::need_more) return progress::need_more;
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

void parser::on_request_impl(verb, string_view name, string_view target, int version,
                             error_code& ec) {
  request_.method_name = view(name);
  request_.method = to_method(request_.method_name);
  request_.version = version;
  request_.target = view(target);
  if (request_.target.size() > limits_.target_bytes_max) {
    return refuse(414, "the request target is longer than this server takes", ec);
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
    const auto path = target.find_first_of("/?", scheme_end + 3);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  const auto question = target.find('?');
  request_.path = target.substr(0, question);
  if (request_.path.empty()) request_.path = "/";
  if (question != std::string_view::npos) request_.query = target.substr(question + 1);
  return true;
}

void parser::on_field_impl(field_name name, string_view name_text, string_view value,
                           error_code& ec) {
  // Beast joins a folded line in memory of its own. RFC 9112 section 5.2 lets a server refuse it.
  const std::less<const char*> before;
  if (!value.empty() && (before(value.data(), unparsed_.data()) ||
                         !before(value.data(), unparsed_.data() + unparsed_.size()))) {
    return refuse(400, "a header field is folded over several lines", ec);
  }
  if (in_trailer_) return;
  if (request_.fields.size() == limits_.fields_max) {
    return refuse(431, "there are more header fields than this server takes", ec);
  }
  if (request_.fields.empty()) request_.fields.reserve(16);
  const std::string_view text = view(value);
  request_.fields.push_back({view(name_text), text});

  switch (name) {
    case field_name::host:
      ++hosts_;
      if (!is_plausible_host(text)) return refuse(400, "the Host field is malformed", ec);
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
        return refuse(501, "the only transfer coding that this server takes is chunked", ec);
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
  const std::string_view piece = view(body);
  if (gathered_.empty() && piece.size() == content_length_remaining().value_or(0)) {
    request_.body = piece;
    return piece.size();
  }
  return add_to_body(piece, ec);
}

void parser::on_chunk_header_impl(std::uint64_t, string_view, error_code&) {}

std::size_t parser::on_chunk_body_impl(std::uint64_t, string_view body, error_code& ec) {
  return add_to_body(view(body), ec);
}

std::size_t parser::add_to_body(std::string_view piece, error_code& ec) {
  // Beast subtracts chunk sizes from its limit; this bound does not depend on that.
  if (gathered_.size() + piece.size() > limits_.body_bytes_max) {
    refuse(413, "the request body is larger than this server takes", ec);
    return 0;
  }
  gathered_.append(piece);
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
    if (request_.target.empty()) return {414, "the request line is longer than this server takes"};
    return {431, "the header fields are larger than this server takes"};
  }
  if (ec == error::body_limit) return {413, "the request body is larger than this server takes"};
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
