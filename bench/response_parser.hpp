#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bench/body_rule.hpp"

namespace tacit::bench {

/// One answer, read to its end.
struct answer {
  int status = 0;
  std::uint64_t body_bytes = 0;
  bool keep_alive = true;  ///< False when the server closes the connection after it.
  bool body_fits = true;   ///< Unless a rule about its body says otherwise.
};

/// Turns the bytes of one connection into answers.
///
/// Beast's parser reads the header and chunked bodies, strictly; bodies with a Content-Length are
/// counted here, so that the caller may discard them without looking at them. Interim answers
/// (1xx) are skipped.
///
/// Beast costs about 0.2 µs per answer, a fifth of the budget at a million answers per second. The
/// same bytes parse the same way every time, so a header that equals the one before it is not
/// parsed again.
///
/// Use: begin() for every request in the order sent, then consume() until it says `complete`.
class response_parser {
 public:
  enum class state {
    idle,       ///< Between two answers; begin() is due.
    need_more,  ///< In an answer. Bytes that were not consumed belong in front of the next ones.
    complete,   ///< The answer is in result(); the next call is begin().
    failed,     ///< The bytes are not HTTP; see error().
  };

  response_parser() = default;
  response_parser(const response_parser&) = delete;
  response_parser& operator=(const response_parser&) = delete;

  /// The next answer belongs to a request that was or was not a HEAD.
  void begin(bool to_head);

  /// Parses what it can of `bytes` and returns how many were used up. Stops after one answer. With
  /// nothing used up and `need_more`, more bytes have to be there; header_bytes_max bounds them.
  std::size_t consume(std::string_view bytes);

  /// Forgets the answer in progress or the one that was read.
  void reset() noexcept {
    state_ = state::idle;
    left_ = 0;
    started_ = false;
  }

  /// The peer closed its side. Completes a body that lasts until then; anything else in progress
  /// becomes `failed`.
  void end_of_stream();

  [[nodiscard]] state status() const noexcept { return state_; }
  [[nodiscard]] const answer& result() const noexcept { return answer_; }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

  /// How many bytes of the body are certain to follow. The caller may discard as many of them
  /// unseen, and says so with discarded().
  [[nodiscard]] std::uint64_t body_bytes_left() const noexcept { return left_; }
  void discarded(std::uint64_t bytes) noexcept;

  /// Where bodies are copied to; nullptr (the default) drops them. Must outlive the parsing.
  void capture(std::string* body) noexcept { capture_ = body; }

  /// What takes note of bodies; nullptr (the default): nobody. Must outlive the parsing.
  void digest(body_digest* body) noexcept { digest_ = body; }
  [[nodiscard]] bool is_digesting() const noexcept { return digest_ != nullptr; }

  static constexpr std::uint32_t header_bytes_max = 64 * 1024;

 private:
  // Beast's parser with its callbacks; the body goes to the owner.
  class beast_parser final : public boost::beast::http::basic_parser<false> {
   public:
    explicit beast_parser(response_parser& owner) : owner_{owner} {}

   private:
    using error_code = boost::beast::error_code;
    using text = boost::beast::string_view;
    using field_name = boost::beast::http::field;
    void on_request_impl(boost::beast::http::verb, text, text, int, error_code&) override {}
    void on_response_impl(int status, text, int, error_code&) override;
    void on_field_impl(field_name, text, text, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(text body, error_code&) override;
    void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, text body, error_code&) override;
    void on_finish_impl(error_code&) override {}

    response_parser& owner_;
  };

  std::size_t consume_known_head(std::string_view bytes);
  std::size_t consume_head_or_chunks(std::string_view bytes);
  std::size_t consume_counted_body(std::string_view bytes);
  void header_done(std::string_view head);
  void remember(std::string_view head);
  void take_body(std::string_view body);
  void fail(std::string why);

  /// A header that came in one piece, and what it says.
  struct known_head {
    std::string bytes;
    bool to_head = false;
    answer said;
    std::uint64_t length = 0;
  };

  std::optional<beast_parser> parser_;  // made when an answer's header has to be parsed
  known_head known_;
  state state_ = state::idle;
  bool to_head_ = false;
  bool started_ = false;  // a byte of this answer was used up by an earlier call
  bool header_done_ = false;
  std::uint64_t left_ = 0;  // of a body with a Content-Length
  answer answer_;
  std::string error_;
  std::string* capture_ = nullptr;
  body_digest* digest_ = nullptr;
};

}  // namespace tacit::bench
