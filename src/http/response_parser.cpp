#include "http/response_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "http/field_text.hpp"

namespace tacit::http {

namespace beast_http = boost::beast::http;

namespace {

// As of a server's limits: nobody uses them, but they make a body cost many times what it brings.
constexpr std::size_t chunk_extension_bytes_max = 4 * 1024;

std::string_view view(boost::beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

// Obsolete folding (RFC 9112 section 5.2), which Beast would join in memory of its own.
bool has_folded_field(std::string_view head) noexcept {
  return head.find("\n ") != std::string_view::npos || head.find("\n\t") != std::string_view::npos;
}

}  // namespace

response_parser::response_parser(const client_options& bounds, bool to_head,
                                 std::pmr::memory_resource& memory)
    : fields(&memory), bounds_(bounds) {
  // Who calls has measured the head already.
  header_limit(static_cast<std::uint32_t>(bounds.head_bytes_max + 1));
  body_limit(boost::none);
  eager(false);
  skip(to_head);
}

bool response_parser::parse_head(std::string_view head) {
  if (has_folded_field(head)) return false;
  error_code ec;
  const std::size_t consumed = put(boost::asio::const_buffer(head.data(), head.size()), ec);
  return !ec && is_header_done() && consumed == head.size();
}

response_parser::progress response_parser::parse_body(std::string_view bytes, std::size_t& consumed,
                                                      std::string_view& piece) {
  consumed = 0;
  piece_ = {};
  while (consumed < bytes.size() && piece_.empty()) {
    error_code ec;
    consumed += feed(bytes.substr(consumed), ec);
    piece = piece_;
    if (ec == beast_http::error::need_more) return progress::need_more;
    if (ec) return progress::failed;
    if (is_done()) return progress::complete;
  }
  return piece_.empty() ? progress::need_more : progress::piece;
}

std::size_t response_parser::feed(std::string_view bytes, error_code& ec) {
  // Beast takes for granted that no body of chunks is shorter.
  constexpr std::size_t shortest_chunked_body = std::string_view("0\r\n\r\n").size();
  if (is_chunked_ && !has_chunk_begun_ && bytes.size() < shortest_chunked_body) {
    ec = beast_http::error::need_more;
    return 0;
  }
  return put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
}

bool response_parser::finish() {
  error_code ec;
  put_eof(ec);
  return !ec && is_done();
}

std::optional<std::uint64_t> response_parser::length() const {
  if (!has_length_) return std::nullopt;
  return content_length().value_or(0);
}

void response_parser::on_response_impl(int code, string_view reason_text, int of_version,
                                       error_code& ec) {
  status = code;
  reason = view(reason_text);
  version = of_version;
  if (code < 100 || code == 101) ec = beast_http::error::bad_status;
}

void response_parser::on_field_impl(field_name name, string_view name_text, string_view value,
                                    error_code& ec) {
  if (in_trailer_) {
    trailer_bytes_ += name_text.size() + value.size();
    if (trailer_bytes_ > bounds_.head_bytes_max || trailers.size() == bounds_.fields_max) {
      ec = beast_http::error::header_limit;
    } else if (!is_barred_from_trailers(view(name_text))) {
      trailers.emplace_back(name_text, value);
    }
    return;
  }
  if (fields.size() == bounds_.fields_max) {
    ec = beast_http::error::header_limit;
    return;
  }
  fields.push_back({view(name_text), view(value)});
  if (name == field_name::content_length) {
    if (has_length_ || value.find(',') != string_view::npos) ec = beast_http::error::bad_field;
    has_length_ = true;
  } else if (name == field_name::transfer_encoding) {
    if (version < 11 || is_chunked_ || !equals_ignoring_case(view(value), "chunked"))
      ec = beast_http::error::bad_transfer_encoding;
    is_chunked_ = true;
  }
}

std::size_t response_parser::on_body_impl(string_view body, error_code&) {
  piece_ = view(body);
  return body.size();
}

void response_parser::on_chunk_header_impl(std::uint64_t, string_view extensions, error_code& ec) {
  has_chunk_begun_ = true;
  extension_bytes_ += extensions.size();
  if (extension_bytes_ > chunk_extension_bytes_max || !is_field_text(view(extensions))) {
    ec = beast_http::error::bad_chunk_extension;
  }
}

std::size_t response_parser::on_chunk_body_impl(std::uint64_t, string_view body, error_code&) {
  piece_ = view(body);
  return body.size();
}

}  // namespace tacit::http
