#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include <tacit/http/limits.hpp>
#include <tacit/http/request.hpp>

namespace tacit::http {

/// Why a request is refused.
struct refusal {
  int status = 400;
  std::string_view reason;
};

/// Bytes to one request, within limits (RFC 9112).
///
/// Beast's parser does the syntax; this class keeps fields as views into the connection's buffer
/// and refuses what RFC 9112 lets a server refuse: every way to make two parties disagree about
/// where a message ends.
///
/// The head must be contiguous and stay where it is until the request is answered. A body is
/// gathered by parse(), or taken piece by piece with parse_piece(), once the head is complete.
/// Gathered, it is a view too if it came with the head in one piece; else it is in the request's
/// memory, and limits.body_bytes_max is its limit. Trailers must stay where they are, too.
class parser final : private boost::beast::http::basic_parser<true> {
 public:
  enum class progress { need_more, head_complete, piece, complete, refused };

  parser(const limits& bounds, request& into, std::pmr::memory_resource& memory);

  /// Takes bytes, of which the first are those not consumed by the last call. Stops after the head,
  /// so that the caller may decide on it, and after the message.
  progress parse(std::string_view bytes, std::size_t& consumed);

  /// As parse(), behind the head: stops when there is a piece of the body, which is a view into
  /// `bytes`. The last piece may come with `complete`.
  progress parse_piece(std::string_view bytes, std::size_t& consumed, std::string_view& piece);

  /// Once the head is complete: how much of the body is still to be parsed; nullopt if it is in
  /// chunks.
  [[nodiscard]] std::optional<std::uint64_t> remaining() const {
    if (chunked_) return std::nullopt;
    return content_length_remaining().value_or(0);
  }

  [[nodiscard]] const refusal& why() const noexcept { return refusal_; }
  [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_; }

 private:
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;
  using verb = boost::beast::http::verb;
  using field_name = boost::beast::http::field;

  void on_request_impl(verb method, string_view name, string_view target, int version,
                       error_code& ec) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(field_name name, string_view name_text, string_view value,
                     error_code& ec) override;
  void on_header_impl(error_code& ec) override;
  void on_body_init_impl(boost::optional<std::uint64_t> const& length, error_code& ec) override;
  std::size_t on_body_impl(string_view body, error_code& ec) override;
  void on_chunk_header_impl(std::uint64_t size, string_view extensions, error_code& ec) override;
  std::size_t on_chunk_body_impl(std::uint64_t remain, string_view body, error_code& ec) override;
  void on_finish_impl(error_code& ec) override;

  [[nodiscard]] bool is_head_too_large(std::string_view bytes, std::size_t consumed, error_code ec);
  [[nodiscard]] bool has_ended_early(std::string_view bytes) const;
  std::size_t feed(std::string_view bytes, error_code& ec);
  void refuse(int status, std::string_view reason, error_code& ec);
  [[nodiscard]] refusal translate(error_code ec, std::string_view bytes) const;
  bool split_target(std::string_view target);
  std::size_t add_to_body(std::string_view piece, error_code& ec);
  void on_trailer(std::string_view name, std::string_view value, error_code& ec);

  const limits& limits_;
  request& request_;
  std::pmr::string gathered_;
  std::string_view unparsed_;  // What the present call was given, to tell views from copies.
  std::string_view piece_;     // Of the present parse_piece().
  refusal refusal_;
  int hosts_ = 0;
  int lengths_ = 0;
  std::size_t head_bytes_ = 0;
  std::size_t extension_bytes_ = 0;
  bool gathers_ = true;
  bool is_absolute_ = false;
  bool chunked_ = false;
  bool expects_continue_ = false;
  bool refused_ = false;
  bool has_chunk_begun_ = false;
  bool in_trailer_ = false;
};

}  // namespace tacit::http
