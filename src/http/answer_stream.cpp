#include "http/answer_stream.hpp"

#include <tacit/http/status.hpp>

namespace tacit::http {

void answer_stream::begin(output& out, const context& c, std::optional<std::uint64_t> length,
                          persistence goes_on) {
  has_begun_ = true;
  sends_no_body_ = c.request.method == method::head || has_no_content(c.response.status);
  left_ = length.value_or(0);
  ends_ = length                    ? body_end{body_end::by::length, *length}
          : c.request.version >= 11 ? body_end{body_end::by::chunks, 0}
                                    : body_end{body_end::by::close, 0};
  out.ensure_room(head_bytes_max(c.response));
  write_head(out, c.response, goes_on, ends_);
}

base::error_code answer_stream::admit(std::string_view bytes) noexcept {
  if (!has_begun_) return base::errc::wrong_use;
  if (error_) return error_;
  if (ends_.is != body_end::by::length) return {};
  if (bytes.size() > left_) {
    fail("its handler wrote more than it had promised");
    return error_ = base::errc::wrong_use;
  }
  left_ -= bytes.size();
  return {};
}

void answer_stream::begin_piece(output& out, std::size_t bytes) const {
  out.ensure_room(frame_bytes_max);
  if (ends_.is != body_end::by::chunks) return;
  out.append_number(bytes, 16);
  out.append("\r\n");
}

void answer_stream::end_piece(output& out) const {
  if (ends_.is != body_end::by::chunks) return;
  out.ensure_room(2);
  out.append("\r\n");
}

base::error_code answer_stream::note(base::error_code error) noexcept {
  if (error) {
    error_ = error;
    fail("it could not be written");
  }
  return error;
}

const char* answer_stream::end(output& out, const response& answer) {
  if (why_ || sends_no_body_) return why_;
  if (ends_.is == body_end::by::length && left_ != 0) {
    return "its handler wrote less than it had promised";
  }
  if (ends_.is != body_end::by::chunks) return nullptr;
  std::size_t bytes = 5;
  for (const auto& [name, value] : answer.trailers)
    bytes += name.size() + value.size() + 4;
  out.ensure_room(bytes);
  out.append("0\r\n");
  for (const auto& [name, value] : answer.trailers) {
    out.append(name);
    out.append(": ");
    out.append(value);
    out.append("\r\n");
  }
  out.append("\r\n");
  return nullptr;
}

}  // namespace tacit::http
