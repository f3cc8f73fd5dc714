#include "bench/response_parser.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace tacit::bench {
namespace http = boost::beast::http;

void response_parser::beast_parser::on_response_impl(int status, text, int, error_code&) {
  owner_.answer_.status = status;
}

std::size_t response_parser::beast_parser::on_body_impl(text body, error_code&) {
  owner_.take_body(body);
  return body.size();
}

std::size_t response_parser::beast_parser::on_chunk_body_impl(std::uint64_t, text body,
                                                              error_code&) {
  owner_.take_body(body);
  return body.size();
}

void response_parser::begin(bool to_head) {
  to_head_ = to_head;
  started_ = header_done_ = false;
  left_ = 0;
  answer_ = {};
  parser_.reset();
  state_ = state::need_more;
}

std::size_t response_parser::consume(std::string_view bytes) {
  if (state_ != state::need_more || bytes.empty()) return 0;
  std::size_t used = started_ ? 0 : consume_known_head(bytes);
  while (state_ == state::need_more && used < bytes.size()) {
    const auto step = left_ > 0 ? consume_counted_body(bytes.substr(used))
                                : consume_head_or_chunks(bytes.substr(used));
    if (step == 0) break;
    used += step;
  }
  started_ = started_ || used > 0;
  return used;
}

std::size_t response_parser::consume_known_head(std::string_view bytes) {
  if (parser_ || known_.bytes.empty() || known_.to_head != to_head_ ||
      !bytes.starts_with(known_.bytes)) {
    return 0;
  }
  answer_ = known_.said;
  left_ = known_.length;
  header_done_ = true;
  if (left_ == 0) state_ = state::complete;
  return known_.bytes.size();
}

std::size_t response_parser::consume_head_or_chunks(std::string_view bytes) {
  if (!parser_) {
    parser_.emplace(*this);
    parser_->skip(to_head_);
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(boost::none);
  }
  boost::beast::error_code ec;
  const auto used = parser_->put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  if (ec == http::error::need_more) {
    if (used == 0 && bytes.size() > header_bytes_max) fail("a header or chunk line is too long");
  } else if (ec) {
    fail(ec.message());
  } else if (!header_done_ && parser_->is_header_done()) {
    header_done(bytes.substr(0, used));
  } else if (parser_->is_done()) {
    state_ = state::complete;
  }
  return used;
}

/// `head` is the whole header, or its last part where it came in several.
void response_parser::header_done(std::string_view head) {
  if (answer_.status == 101) return fail("the server switched protocols unasked");
  if (answer_.status < 200) {  // interim: the real answer follows (RFC 9110 section 15.2)
    begin(to_head_);
    return;
  }
  header_done_ = true;
  answer_.keep_alive = parser_->keep_alive();
  if (parser_->is_done()) {
    state_ = state::complete;
  } else if (parser_->content_length()) {
    left_ = *parser_->content_length();
  } else {
    parser_->eager(true);  // chunks, or bytes until the end of the stream: take all there is
    return;
  }
  remember(head);
}

void response_parser::remember(std::string_view head) {
  if (started_ || !head.starts_with("HTTP/")) return;
  known_.bytes = head;
  known_.to_head = to_head_;
  known_.said = answer_;
  known_.length = left_;
}

std::size_t response_parser::consume_counted_body(std::string_view bytes) {
  const auto part = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
  take_body(part);
  left_ -= part.size();
  if (left_ == 0) state_ = state::complete;
  return part.size();
}

void response_parser::discarded(std::uint64_t bytes) noexcept {
  left_ -= bytes;
  answer_.body_bytes += bytes;
  if (left_ == 0) state_ = state::complete;
}

void response_parser::take_body(std::string_view body) {
  answer_.body_bytes += body.size();
  if (capture_ != nullptr) capture_->append(body);
  if (digest_ != nullptr) digest_->add(body);
}

void response_parser::end_of_stream() {
  if (state_ != state::need_more) return;
  if (header_done_ && parser_ && parser_->need_eof()) {
    answer_.keep_alive = false;
    state_ = state::complete;
  } else {
    fail("the connection closed in the middle of an answer");
  }
}

void response_parser::fail(std::string why) {
  error_ = std::move(why);
  state_ = state::failed;
}

}  // namespace tacit::bench
