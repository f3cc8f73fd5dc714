#include "http/response_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <tacit/http/status.hpp>

#include "http/date.hpp"

namespace tacit::http {
namespace {

// Status line, Server, Date, Content-Length, Connection and the empty line, generously.
constexpr std::size_t fixed_bytes_max = 320;

}  // namespace

void output::ensure_room(std::size_t bytes) {
  if (!buffer_) {
    buffer_ = memory::buffer(std::max(capacity, bytes));
  } else if (buffer_.size() - end_ < bytes) {
    memory::buffer larger(end_ - begin_ + bytes);
    std::memcpy(larger.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    buffer_ = std::move(larger);
  }
}

void output::append(std::string_view bytes) noexcept {
  std::memcpy(buffer_.data() + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void output::append_number(std::uint64_t value, int base) noexcept {
  const auto [end, ec] =
      std::to_chars(buffer_.data() + end_, buffer_.data() + buffer_.size(), value, base);
  end_ = static_cast<std::size_t>(end - buffer_.data());
}

void output::consume(std::size_t bytes) noexcept {
  begin_ += bytes;
  if (begin_ != end_) return;
  begin_ = end_ = 0;
  if (buffer_.size() > capacity) release();  // Made for one large answer.
}

std::size_t head_bytes_max(const response& answer) noexcept {
  std::size_t bytes = fixed_bytes_max + answer.content_type.size();
  for (const auto& [name, value] : answer.fields)
    bytes += name.size() + value.size() + 4;
  return bytes;
}

namespace {

void write_body_end(output& out, body_end ends) {
  switch (ends.is) {
    case body_end::by::length:
      out.append("Content-Length: ");
      out.append_number(ends.length);
      out.append("\r\n");
      break;
    case body_end::by::chunks:
      out.append("Transfer-Encoding: chunked\r\n");
      break;
    case body_end::by::close:
      break;
  }
}

}  // namespace

void write_head(output& out, const response& answer, persistence goes_on, body_end ends) {
  if (answer.status == 200) {
    out.append("HTTP/1.1 200 OK\r\nServer: tacit\r\n");
  } else {
    out.append("HTTP/1.1 ");
    out.append_number(static_cast<std::uint64_t>(answer.status));
    out.append(" ");
    out.append(reason_phrase(answer.status));
    out.append("\r\nServer: tacit\r\n");
  }
  out.append(date_field());
  if (!answer.content_type.empty()) {
    out.append("Content-Type: ");
    out.append(answer.content_type);
    out.append("\r\n");
  }
  for (const auto& [name, value] : answer.fields) {
    out.append(name);
    out.append(": ");
    out.append(value);
    out.append("\r\n");
  }
  if (!has_no_content(answer.status)) write_body_end(out, ends);
  switch (goes_on) {
    case persistence::implied:
      out.append("\r\n");
      break;
    case persistence::keep_alive:
      out.append("Connection: keep-alive\r\n\r\n");
      break;
    case persistence::close:
      out.append("Connection: close\r\n\r\n");
      break;
  }
}

}  // namespace tacit::http
