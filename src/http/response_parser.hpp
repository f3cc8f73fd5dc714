#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tacit/http/client.hpp>

namespace tacit::http {

/// Bytes to one answer, within limits: the client's half of RFC 9112.
///
/// Beast's parser does the syntax and the rules of section 6.3 about where a body ends. This class
/// refuses what would leave a doubt about that: several lengths, also equal ones, a length beside
/// chunks, codings other than chunked, Transfer-Encoding in HTTP/1.0, folded fields, and a change
/// of protocol that nobody asked for.
class response_parser final : private boost::beast::http::basic_parser<false> {
 public:
  enum class progress { need_more, piece, complete, failed };

  /// `to_head`: it answers a HEAD request, so that no body comes, whatever the fields say.
  response_parser(const client_options& bounds, bool to_head, std::pmr::memory_resource& memory);

  /// The whole head, with the empty line at its end; fields are views into it. False if it is
  /// malformed.
  bool parse_head(std::string_view head);

  /// Bytes behind the head, of which the first are those not consumed by the last call. Stops when
  /// there is a piece of the body, a view into `bytes`. The last one may come with `complete`.
  progress parse_body(std::string_view bytes, std::size_t& consumed, std::string_view& piece);

  /// The peer has closed. Whether that is the proper end of the body.
  bool finish();

  [[nodiscard]] bool is_complete() const { return is_done(); }
  [[nodiscard]] bool keeps_alive() const { return keep_alive(); }

  /// Of a body that announces it; nullopt otherwise.
  [[nodiscard]] std::optional<std::uint64_t> length() const;

  int status = 0;
  int version = 11;
  std::string_view reason;
  std::pmr::vector<field> fields;
  std::vector<std::pair<std::string, std::string>> trailers;

 private:
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;
  using field_name = boost::beast::http::field;

  void on_request_impl(boost::beast::http::verb, string_view, string_view, int,
                       error_code&) override {}
  void on_response_impl(int code, string_view reason_text, int of_version, error_code& ec) override;
  void on_field_impl(field_name name, string_view name_text, string_view value,
                     error_code& ec) override;
  void on_header_impl(error_code&) override { in_trailer_ = true; }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code&) override;
  void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, string_view body, error_code&) override;
  void on_finish_impl(error_code&) override {}

  std::size_t feed(std::string_view bytes, error_code& ec);

  const client_options& bounds_;
  std::string_view piece_;
  std::size_t trailer_bytes_ = 0;
  std::size_t extension_bytes_ = 0;
  bool has_length_ = false;
  bool is_chunked_ = false;
  bool has_chunk_begun_ = false;
  bool in_trailer_ = false;
};

}  // namespace tacit::http
