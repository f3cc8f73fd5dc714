// One peer. The input block holds, in this order:
//
//   [ consumed | message: head, then body as far as it came | unparsed ]
//              ^ message_                                  ^ parsed_    ^ end_
//
// Views of the request point into the message, so it does not move until it is answered. A message
// that is incomplete and does not start at the front of the block is moved there and parsed anew,
// before more is read: that happens at most once per batch, at its end. Body bytes that came in
// several pieces have been gathered elsewhere, so their room is used again.

#include "http/connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <new>
#include <optional>

#include <tacit/http/status.hpp>
#include <tacit/memory/arena.hpp>
#include <tacit/memory/buffer_pool.hpp>
#include <tacit/sched/join.hpp>
#include <tacit/sched/own_note.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>

#include "http/connection_set.hpp"
#include "http/file_sender.hpp"
#include "http/parser.hpp"
#include "http/pipeline.hpp"
#include "http/request_label.hpp"
#include "http/response_writer.hpp"

namespace tacit::http {
namespace {

// What is read and thrown away after a refusal, so that the peer can read the answer: closing with
// unread bytes makes the kernel send a reset, which may overtake the answer (RFC 9112 section 9.6).
constexpr std::size_t linger_bytes_max = 256 * 1024;
constexpr std::chrono::milliseconds linger_timeout{1000};

class connection {
 public:
  connection(const service& of, io::stream& peer, connection_set& among)
      : service_(of),
        peer_(peer),
        set_(among),
        entry_(among, peer),
        memory_(of.memory == memory::mode::arena ? static_cast<std::pmr::memory_resource&>(arena_)
                                                 : *std::pmr::new_delete_resource()) {}
  ~connection() { drop_message(); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  sched::task<> serve();

 private:
  enum class next { read, respond, refuse };

  next advance();
  bool head_fits(std::size_t end);
  [[nodiscard]] bool owes_continue() const noexcept;
  void append_continue();
  void begin_message();
  void end_message() noexcept;
  void drop_message() noexcept;
  void label_request() noexcept;
  bool make_room();
  void restart_at_front();
  [[nodiscard]] std::string_view unparsed() const noexcept {
    return {input_.data() + parsed_, end_ - parsed_};
  }
  [[nodiscard]] std::span<char> room() const noexcept {
    return {input_.data() + end_, input_.size() - end_};
  }
  [[nodiscard]] io::stream::duration read_timeout() const noexcept;
  void received(std::size_t bytes);
  bool answer_read_failure(base::error_code ec);
  void answer_refusal(const refusal& why);
  void write_answer();
  bool append_source();
  bool flush_now();
  sched::task<bool> finish_flush();
  sched::task<bool> stream_body();
  sched::task<bool> send_file(file_extent from);
  sched::task<> linger();
  sched::task<> run_coroutine(const handler& with);
  template <class T>
  sched::join_handle<T> start_for_request(sched::task<T> part);

  const service& service_;
  io::stream& peer_;
  connection_set& set_;
  connection_set::entry entry_;

  memory::buffer input_;
  std::size_t message_ = 0;
  std::size_t parsed_ = 0;
  std::size_t end_ = 0;
  output output_;

  memory::arena arena_;
  std::pmr::memory_resource& memory_;
  context* context_ = nullptr;  // While a message is being received or answered.
  std::optional<parser> parser_;
  request_label label_;
  memory::frame_note* note_ = nullptr;  // Of serve(), and gone with it.
  std::size_t head_end_ = 0;            // Where the body starts; 0 before the head is complete.
  base::steady_time head_deadline_{};
  bool close_after_answer_ = false;
  bool continued_ = false;
  bool broken_ = false;
};

// Where the stream never suspends (thread mode), a task awaited in this loop would, in a build
// without tail calls, deepen the stack with each request. start_here() runs it as a call that
// returns.
sched::task<> connection::serve() {
  note_ = co_await sched::own_note();
  for (;;) {
    next step = parsed_ < end_ ? advance() : next::read;
    while (step == next::read) {
      if (!make_room()) {
        answer_refusal({400, "a line of the chunked body is too long"});
        step = next::refuse;
        break;
      }
      if (owes_continue()) append_continue();
      if (!flush_now() && !co_await finish_flush()) co_return;
      // Back to the pool. Without one the block stays, as an ordinary server's write buffer would.
      if (service_.memory == memory::mode::arena) output_.release();
      if (!context_) entry_.set_idle();
      const io::transfer read = co_await peer_.read(room(), read_timeout());
      if (!context_) entry_.set_busy();
      if (read.error) {
        if (!answer_read_failure(read.error)) co_return;
        step = next::refuse;
        break;
      }
      received(read.bytes);
      step = advance();
    }

    if (step == next::respond) {
      label_request();
      if (const handler* with = route(service_, *context_)) {
        if (with->plain) {
          run_plain(service_, *with, *context_);
        } else {
          auto running = start_for_request(run_coroutine(*with));
          // What is answered does not wait for a handler that does; what the socket does not take
          // now is sent with the handler's own answer.
          if (!running.has_ended()) flush_now();
          co_await std::move(running);
        }
      }
      // Requests that have come already are answered, also while the server drains.
      close_after_answer_ =
          !context_->request.keep_alive || (set_.is_draining() && parsed_ == end_);
      write_answer();
      const response& answer = context_->response;
      if (answer.source && context_->request.method != method::head &&
          !co_await start_for_request(stream_body())) {
        co_return;
      }
      end_message();
    }
    if (close_after_answer_) {
      if (!flush_now() && !co_await finish_flush()) co_return;
      if (step == next::refuse) co_await linger();
      co_return;
    }
    if (output_.room() < output::capacity / 4 && !flush_now() && !co_await finish_flush())
      co_return;
  }
}

// Parses what is there. On `refuse` the answer is written already.
connection::next connection::advance() {
  if (!context_) {
    // An empty line before a request is ignored (RFC 9112 section 2.2).
    while (unparsed().starts_with("\r\n"))
      parsed_ += 2;
    if (unparsed().empty() || unparsed() == "\r") return next::read;
    message_ = parsed_;
    begin_message();
  }
  for (;;) {
    std::size_t consumed = 0;
    const auto progress = parser_->parse(unparsed(), consumed);
    parsed_ += consumed;
    switch (progress) {
      case parser::progress::complete:
        return next::respond;
      case parser::progress::refused:
        answer_refusal(parser_->why());
        return next::refuse;
      case parser::progress::head_complete:
        head_end_ = parsed_;
        if (!head_fits(head_end_)) return next::refuse;
        if (parsed_ == end_) return next::read;
        break;
      case parser::progress::need_more:
        return head_end_ != 0 || head_fits(end_) ? next::read : next::refuse;
    }
  }
}

// Refuses a head that reaches to `end` if that is too far. The parser bounds each of its parts.
bool connection::head_fits(std::size_t end) {
  if (end - message_ <= service_.limits.head_bytes_max) return true;
  answer_refusal(context_->request.target.empty()
                     ? refusal{414, "the request line is longer than this server takes"}
                     : refusal{431, "the header fields are larger than this server takes"});
  return false;
}

// A peer that waits for it gets it once, unless it has sent some of the body without waiting.
bool connection::owes_continue() const noexcept {
  return head_end_ != 0 && end_ == head_end_ && !continued_ && parser_->expects_continue();
}

void connection::append_continue() {
  constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  output_.ensure_room(interim.size());
  output_.append(interim);
  continued_ = true;
}

void connection::begin_message() {
  std::pmr::polymorphic_allocator<> allocator(&memory_);
  context_ = allocator.new_object<context>(memory_);
  parser_.emplace(service_.limits, context_->request, memory_);
  head_end_ = 0;
  head_deadline_ = sched::this_worker::coarse_now() + service_.limits.head_timeout;
}

void connection::end_message() noexcept {
  if (context_) memory::note<std::uint64_t>(note_->request, 0);
  drop_message();
}

// Touches nothing of serve(), which may have ended.
void connection::drop_message() noexcept {
  if (!context_) return;
  label_.end();
  parser_.reset();
  std::pmr::polymorphic_allocator<>(&memory_).delete_object(context_);
  context_ = nullptr;
  continued_ = false;
  head_end_ = 0;
  arena_.reset();
  message_ = parsed_;
  if (parsed_ == end_) message_ = parsed_ = end_ = 0;
}

// For the listing of live coroutines, and for reports of stalls.
void connection::label_request() noexcept {
  const request& asked = context_->request;
  const char* const line = asked.method_name.data();  // The target follows, a space apart.
  const char* const end = asked.target.data() + asked.target.size();
  const char* const input_end = input_.data() + input_.size();
  const std::uint64_t number = label_.begin({line, static_cast<std::size_t>(end - line)},
                                            static_cast<std::size_t>(input_end - line));
  memory::note(note_->request, number);
  sched::this_worker::serves(number);
}

// As start_here(), for a coroutine that serves the same request.
template <class T>
sched::join_handle<T> connection::start_for_request(sched::task<T> part) {
  memory::note(part.promise().note().request, note_->request.load(base::memory_order_relaxed));
  return sched::start_here(std::move(part));
}

// Before a read. False if the block is full of one line that belongs to no head.
bool connection::make_room() {
  if (!input_) {
    input_ = memory::buffer(
        std::max(memory::buffer_pool::block_bytes, 2 * service_.limits.head_bytes_max));
  }
  if (!context_) {
    std::memmove(input_.data(), input_.data() + parsed_, end_ - parsed_);
    end_ -= parsed_;
    message_ = parsed_ = 0;
    return true;
  }
  if (message_ > 0) restart_at_front();
  if (end_ < input_.size()) return true;
  // The head takes half of the block at most, so there is room once the gathered body has left.
  std::memmove(input_.data() + head_end_, input_.data() + parsed_, end_ - parsed_);
  end_ -= parsed_ - head_end_;
  parsed_ = head_end_;
  return end_ < input_.size();
}

void connection::restart_at_front() {
  std::memmove(input_.data(), input_.data() + message_, end_ - message_);
  end_ -= message_;
  const std::size_t kept = end_;
  parsed_ = end_;  // For end_message: nothing is left over.
  end_message();
  end_ = kept;
  begin_message();
  // What this gives is known: the same bytes were not enough a moment ago.
  static_cast<void>(advance());
}

io::stream::duration connection::read_timeout() const noexcept {
  if (!context_) return service_.limits.idle_timeout;
  if (head_end_ != 0) return service_.limits.body_timeout;
  const auto left = head_deadline_ - sched::this_worker::coarse_now();
  return std::max<io::stream::duration>(left, std::chrono::milliseconds(1));
}

void connection::received(std::size_t bytes) {
  end_ += bytes;
  service_.count.received_bytes.add(bytes);
}

// True if there is an answer to be sent.
bool connection::answer_read_failure(base::error_code ec) {
  if (ec != base::errc::timed_out) return false;
  service_.count.timeouts.add();
  if (!context_) return false;
  answer_refusal({408, "the request did not come in time"});
  return true;
}

void connection::answer_refusal(const refusal& why) {
  service_.count.refused_requests.add();
  close_after_answer_ = true;
  context_->response.fields.clear();
  context_->problem(why.status, why.reason);
  context_->request.method = method::get;  // The body says why, whatever the method was.
  write_answer();
}

// The head, and the body if it is in memory.
void connection::write_answer() {
  const response& answer = context_->response;
  const request& asked = context_->request;
  persistence goes_on = persistence::implied;
  if (close_after_answer_) {
    goes_on = persistence::close;
  } else if (asked.version < 11) {
    goes_on = persistence::keep_alive;
  }
  const bool has_body = asked.method != method::head && !has_no_content(answer.status);
  const std::size_t body_bytes = has_body && !answer.source ? answer.body.size() : 0;
  output_.ensure_room(head_bytes_max(answer) + body_bytes);
  write_head(output_, answer, goes_on);
  if (body_bytes != 0) output_.append(answer.body);
  const int status_class = std::clamp(answer.status / 100, 1, 5);
  service_.count.answers_by_class[status_class - 1].add();
}

// False if something is left, or the stream is broken: finish_flush() tells.
bool connection::flush_now() {
  if (output_.empty()) return true;
  const io::const_buffer pending(output_.pending().data(), output_.pending().size());
  const io::transfer written = peer_.try_write({&pending, 1});
  broken_ = static_cast<bool>(written.error);
  service_.count.sent_bytes.add(written.bytes);
  output_.consume(written.bytes);
  return output_.empty();
}

sched::task<bool> connection::finish_flush() {
  if (broken_) co_return false;
  while (!output_.empty()) {
    const io::const_buffer pending(output_.pending().data(), output_.pending().size());
    const io::transfer written =
        co_await peer_.write_some({&pending, 1}, service_.limits.write_timeout);
    if (written.error) {
      if (written.error == base::errc::timed_out) service_.count.timeouts.add();
      co_return false;
    }
    service_.count.sent_bytes.add(written.bytes);
    output_.consume(written.bytes);
  }
  co_return true;
}

// A small body joins what is waiting; a large one is gathered from its source, piece by piece,
// together with what is waiting, and never copied.
sched::task<bool> connection::stream_body() {
  const response& answer = context_->response;
  if (has_no_content(answer.status)) co_return true;
  if (answer.source_bytes <= output_.room()) {
    co_return append_source();
  }
  // About 50 us of copying; then the connections of the same worker have their turn.
  constexpr std::uint64_t turn_bytes_max = 256 * 1024;
  constexpr std::size_t pieces_max = 16;
  std::uint64_t offset = 0;
  while (!output_.empty() || offset < answer.source_bytes) {
    const std::uint64_t left = answer.source_bytes - offset;
    if (const auto extent = left != 0 ? answer.source->extent(offset, left) : std::nullopt) {
      if (!co_await send_file(*extent)) co_return false;
      offset += extent->bytes;
      continue;
    }
    std::array<io::const_buffer, pieces_max> pieces;
    std::size_t count = 0;
    const std::size_t waiting = output_.pending().size();
    if (waiting != 0) pieces[count++] = {output_.pending().data(), waiting};
    const std::uint64_t turn_end = std::min(answer.source_bytes, offset + turn_bytes_max);
    for (std::uint64_t at = offset; count < pieces_max && at < turn_end;) {
      if (at != offset && answer.source->extent(at, turn_end - at)) break;
      const std::string_view slice = answer.source->slice(at, turn_end - at);
      pieces[count++] = {slice.data(), slice.size()};
      at += slice.size();
    }
    const std::span<const io::const_buffer> message(pieces.data(), count);
    io::transfer written = peer_.try_write(message);
    if (!written.error && written.bytes == 0) {
      written = co_await peer_.write_some(message, service_.limits.write_timeout);
    }
    if (written.error) {
      if (written.error == base::errc::timed_out) service_.count.timeouts.add();
      co_return false;
    }
    service_.count.sent_bytes.add(written.bytes);
    const std::size_t from_output = std::min(waiting, written.bytes);
    output_.consume(from_output);
    offset += written.bytes - from_output;
    if (offset < answer.source_bytes) co_await sched::yield();
  }
  co_return true;
}

// What waits leaves together with the first bytes of the file, which costs less than two writes.
sched::task<bool> connection::send_file(file_extent from) {
  constexpr std::uint64_t joined_max = 4096;
  const file_extent first{
      from.fd, from.offset,
      output_.empty() ? 0 : std::min({from.bytes, joined_max, std::uint64_t{output_.room()}})};
  if (!append_extent(output_, first)) co_return false;
  if (!flush_now() && !co_await finish_flush()) co_return false;
  const base::error_code failed = co_await send_extent(
      service_, peer_, {from.fd, from.offset + first.bytes, from.bytes - first.bytes});
  co_return !failed;
}

// False if a file that it comes from has become shorter.
bool connection::append_source() {
  const response& answer = context_->response;
  for (std::uint64_t at = 0; at < answer.source_bytes;) {
    if (const auto extent = answer.source->extent(at, answer.source_bytes - at)) {
      if (!append_extent(output_, *extent)) return false;
      at += extent->bytes;
      continue;
    }
    const std::string_view slice = answer.source->slice(at, answer.source_bytes - at);
    output_.append(slice);
    at += slice.size();
  }
  return true;
}

sched::task<> connection::run_coroutine(const handler& with) {
  try {
    co_await with.coroutine(*context_);
  } catch (...) {
    recover(service_, *context_);
  }
}

sched::task<> connection::linger() {
  peer_.finish_writing();
  std::size_t left = linger_bytes_max;
  while (left > 0) {
    const auto into = std::span(input_.data(), std::min(left, input_.size()));
    const io::transfer read = co_await peer_.read(into, linger_timeout);
    if (read.error) break;
    left -= std::min(left, read.bytes);
  }
}

}  // namespace

sched::task<> serve_connection(const service& of, io::stream& peer, connection_set& among) {
  connection one(of, peer, among);
  co_await one.serve();
}

}  // namespace tacit::http
