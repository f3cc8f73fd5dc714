// Of a connection: the answer that is not streamed, the end of one that is, and whether the
// connection goes on behind it.

#include <algorithm>
#include <string>

#include <tacit/observe/log.hpp>
#include <tacit/sched/this_worker.hpp>

#include "http/connection.hpp"
#include "http/file_sender.hpp"
#include "http/pipeline.hpp"

namespace tacit::http {
namespace {

// What is read and thrown away after a refusal, so that the peer can read the answer: closing with
// unread bytes makes the kernel send a reset, which may overtake the answer (RFC 9112 section 9.6).
constexpr std::size_t linger_bytes_max = 256 * 1024;
constexpr std::chrono::milliseconds linger_timeout{1000};  // Of silence.
constexpr std::chrono::seconds linger_time_max{5};

}  // namespace

void connection::answer_refusal(const refusal& why) {
  service_.count.refused_requests.add();
  close_after_answer_ = true;
  context& c = message_->c;
  c.response.fields.clear();
  c.problem(why.status, why.reason);
  if (why.status == 503) c.set("Retry-After", "1");
  conclude(service_, c);
  c.request.method = method::get;  // The body says why, whatever the method was.
  write_answer();
  tell_answered(service_, c, sent_body_bytes());
}

// Of an answer that is not streamed.
std::uint64_t connection::sent_body_bytes() const noexcept {
  return sends_body(message_->c) ? message_->c.response.content_length() : 0;
}

// Requests that have come already are answered, also while the server drains. A peer that did not
// ask for the end may have sent more, which the closing must not turn into a reset.
void connection::decide_persistence() noexcept {
  const bool goes_on = message_->c.request.keep_alive && can_drain_body();
  lingers_ = goes_on && set_.is_draining() && !inbox_.has_unparsed();
  close_after_answer_ = !goes_on || lingers_;
}

persistence connection::goes_on() const noexcept {
  if (close_after_answer_) return persistence::close;
  return message_->c.request.version < 11 ? persistence::keep_alive : persistence::implied;
}

// Whether the connection can go on behind a body that nobody has read. A peer that was not told to
// send it may do so or not, which cannot be told apart (RFC 9110 section 10.1.1).
bool connection::can_drain_body() const noexcept {
  if (message_->is_body_complete) return true;
  if (owes_continue()) return false;
  return message_->parser.remaining().value_or(0) <= limits_->unread_body_bytes_max;
}

// The head, and the body if it is in memory.
void connection::write_answer() {
  const response& answer = message_->c.response;
  const std::size_t body_bytes = sends_body(message_->c) && !answer.source ? answer.body.size() : 0;
  output& out = sender_.waiting();
  if (body_bytes >= memory::memory_budget::large_bytes) service_.budget.note_taken(body_bytes);
  out.ensure_room(head_bytes_max(answer) + body_bytes);
  write_head(out, answer, goes_on(), {body_end::by::length, answer.content_length()});
  if (body_bytes != 0) out.append(answer.body);
  count_answer();
}

void connection::count_answer() const noexcept {
  const int status_class = std::clamp(message_->c.response.status / 100, 1, 5);
  service_.count.answers_by_class[status_class - 1].add();
}

// A small body joins what is waiting; a large one is gathered from its source, piece by piece,
// together with what is waiting, and never copied.
sched::task<bool> connection::send_source() {
  const response& answer = message_->c.response;
  if (answer.source_bytes <= sender_.waiting().room()) {
    if (append_source()) co_return true;
    peer_.cut();
    co_return false;
  }
  const base::error_code failed = co_await sender_.send(*answer.source, answer.source_bytes);
  co_return !failed;
}

// False if a file that it comes from has become shorter.
bool connection::append_source() {
  const response& answer = message_->c.response;
  for (std::uint64_t at = 0; at < answer.source_bytes;) {
    if (const auto extent = answer.source->extent(at, answer.source_bytes - at)) {
      if (!append_extent(sender_.waiting(), *extent)) return false;
      at += extent->bytes;
      continue;
    }
    const std::string_view slice = answer.source->slice(at, answer.source_bytes - at);
    sender_.waiting().append(slice);
    at += slice.size();
  }
  return true;
}

// False if the answer has no proper end: then the peer is not to take it for one.
bool connection::end_stream() {
  message& m = *message_;
  const char* const why = m.stream.end(sender_.waiting(), m.c.response);
  if (!why) return true;
  // If it is the peer who has left, that is no news.
  if (!sender_.is_broken() && !m.client_is_gone) {
    service_.count.cut_answers.add();
    observe::log(observe::severity::warning,
                 "the answer to " + std::string(m.c.request.method_name) + " " +
                     std::string(m.c.request.path) + " was cut: " + why);
  }
  peer_.cut();
  return false;
}

// Reads and drops what a handler left of the body. False if that is too much, or fails.
sched::task<bool> connection::drain_body() {
  message_->continued = true;
  std::uint64_t left = limits_->unread_body_bytes_max;
  for (;;) {
    const body_read piece = co_await read_some_body();
    if (piece.error || piece.bytes.size() > left) co_return false;
    if (piece.bytes.empty()) co_return true;
    left -= piece.bytes.size();
  }
}

sched::task<> connection::linger() {
  entry_.set(activity::lingering);
  peer_.finish_writing();
  std::size_t left = linger_bytes_max;
  const auto until = sched::this_worker::coarse_now() + linger_time_max;
  while (left > 0 && sched::this_worker::coarse_now() < until) {
    // What has come is dropped.
    inbox_.parsed(inbox_.unparsed().size());
    inbox_.compact();
    const io::transfer read = co_await receive(linger_timeout);
    if (read.error) break;
    left -= std::min(left, read.bytes);
  }
}

}  // namespace tacit::http
