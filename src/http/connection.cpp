// One peer: read, parse, route, handle, write, repeat.
//
// A plain handler runs inside serve() once the body has been gathered. A coroutine handler starts
// when the head is complete, as a root of its own under the message's scope, and serve() waits for
// its end. Meanwhile it calls back (class exchange) to read the body and to write the answer.
//
// Who touches the connection while such a handler runs:
//
// 1. serve(), until it has settled: a handler that has suspended may go on at once, on another
//    worker, while serve() still sends what was answered before and starts the watch. So what the
//    handler calls first waits for settle(), unless it runs on serve()'s own agent: then serve()
//    either has started it just now, or has come to its own wait.
// 2. After that the handler alone, one call at a time.
// 3. The watch: a read that is under way while the handler waits, so that the end of the stream is
//    noticed. It writes behind the end of what is in the inbox, tells the scope if the client is
//    gone, and is nobody's until it is joined: by the next who needs bytes, which is then given
//    what it has read. So it costs no system call and need not be cancelled.
//
// The watch begins only once the body is complete. Until then, who reads the body notices the end.

#include "http/connection.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

#include <tacit/base/word_lock.hpp>
#include <tacit/http/status.hpp>
#include <tacit/memory/arena.hpp>
#include <tacit/observe/log.hpp>
#include <tacit/sched/join.hpp>
#include <tacit/sched/own_note.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sync/sleep.hpp>

#include "http/answer_stream.hpp"
#include "http/connection_set.hpp"
#include "http/file_sender.hpp"
#include "http/inbox.hpp"
#include "http/parser.hpp"
#include "http/pipeline.hpp"
#include "http/progress_window.hpp"
#include "http/request_label.hpp"
#include "http/request_scope.hpp"
#include "http/response_writer.hpp"
#include "http/sender.hpp"

namespace tacit::http {
namespace {

// What is read and thrown away after a refusal, so that the peer can read the answer: closing with
// unread bytes makes the kernel send a reset, which may overtake the answer (RFC 9112 section 9.6).
constexpr std::size_t linger_bytes_max = 256 * 1024;
constexpr std::chrono::milliseconds linger_timeout{1000};  // Of silence.
constexpr std::chrono::seconds linger_time_max{5};

// A request on its way, and its answer. Lies in the request's memory.
struct message {
  message(const limits& bounds, std::pmr::memory_resource& memory, exchange& over)
      : c(memory, &over),
        parser(bounds, c.request, memory),
        body_progress(bounds.body_timeout, bounds.body_bytes_per_s_min),
        head_deadline(sched::this_worker::coarse_now() + bounds.head_timeout) {}

  context c;
  http::parser parser;
  progress_window body_progress;
  base::steady_time head_deadline;
  const handler* with = nullptr;  // Null before it is routed, and where routing has answered.
  bool is_routed = false;
  bool is_body_complete = false;
  bool has_body_begun = false;  // Some of it has come.
  bool has_given_body = false;  // A whole body, to a handler that takes it in pieces.
  bool continued = false;       // The peer need not, or must not, be told to send its body.
  bool peer_has_left = false;   // In the middle of the body.
  bool client_is_gone = false;  // Noticed while the handler ran.
  std::optional<refusal> body_refusal;
  base::error_code body_error;
  std::optional<request_scope> scope;  // While a coroutine handler runs.
  std::string_view whole_body;         // Of a coroutine handler, if all had come when it started.
  std::optional<std::pmr::string> gathered;  // By read_body().
  answer_stream stream;
};

// Of a request whose beginning came just when the reading was stopped, the rest is still received
// by the kernel, but nothing tells when.
constexpr int late_reads_max = 40;
constexpr std::chrono::milliseconds late_read_pause{5};

class connection final : exchange {
 public:
  connection(const service& of, io::stream& peer, connection_set& among)
      : service_(of),
        peer_(peer),
        set_(among),
        limits_(&of.current_limits()),
        entry_(among, peer, &label_),
        sender_(of, peer),
        memory_(of.memory == memory::mode::arena ? static_cast<std::pmr::memory_resource&>(arena_)
                                                 : *std::pmr::new_delete_resource()) {}
  ~connection() { drop_message(); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  sched::task<> serve();

  /// After serve(): whether end_watch() is still to be awaited.
  [[nodiscard]] bool is_watching() const noexcept { return static_cast<bool>(watch_); }
  sched::task<> end_watch();

 private:
  enum class next { read, respond, refuse };

  // Receiving.
  next advance();
  next act_on_head();
  bool head_fits(std::size_t bytes);
  void route_request();
  void begin_message();
  void end_message() noexcept;
  void drop_message() noexcept;
  void take_limits();
  bool make_room();
  next restart_at_front();
  [[nodiscard]] bool owes_continue() const noexcept;
  void append_continue();
  [[nodiscard]] io::stream::duration read_timeout() const noexcept;
  sched::task<io::transfer> receive(io::stream::duration timeout);
  void received(const io::transfer& read);
  bool is_too_slow(base::steady_time since, std::size_t bytes) noexcept;
  bool may_come_late(base::error_code ec) noexcept;
  bool answer_read_failure(base::error_code ec);

  // The handler.
  void label_request() noexcept;
  template <class T>
  sched::join_handle<T> start_for_request(sched::task<T> part,
                                          sched::cancel_scope* scope = nullptr);
  void begin_handler();
  sched::task<> run_coroutine();
  void settle();
  void await_settled() const noexcept;
  void end_handler();
  void arm_watch();
  sched::task<io::transfer> watch(std::span<char> into, bool has_more);
  void listen_for_end(sched::cancel_scope* scope) noexcept;

  // What it calls.
  sched::task<body_read> read_body() override;
  sched::task<body_read> read_some_body() override;
  sched::task<base::error_code> start_stream(std::optional<std::uint64_t> length) override;
  sched::task<base::error_code> write(std::string_view bytes) override;
  sched::task<base::error_code> write_body(std::string_view bytes, body_encoder::flush how);
  sched::task<base::error_code> flush() override;
  [[nodiscard]] bool has_started_answer() const noexcept override {
    return message_->stream.has_begun();
  }
  void cancel_at_drain(sched::cancel_scope* scope) noexcept override {
    entry_.cancel_at_drain(scope);
  }
  bool take_piece(std::string_view& piece);
  bool may_receive_body();
  bool takes(const io::transfer& read, base::steady_time since, const sched::cancel_scope* around);
  body_read refuse_body(base::errc error, const refusal& why);

  // Answering.
  void answer_refusal(const refusal& why);
  void decide_persistence() noexcept;
  [[nodiscard]] persistence goes_on() const noexcept;
  [[nodiscard]] bool can_drain_body() const noexcept;
  void write_answer();
  [[nodiscard]] std::uint64_t sent_body_bytes() const noexcept;
  sched::task<bool> send_source();
  bool append_source();
  bool end_stream();
  void count_answer() const noexcept;
  sched::task<bool> drain_body();
  sched::task<> linger();

  const service& service_;
  io::stream& peer_;
  connection_set& set_;
  const limits* limits_;  // In force when the present request began; never changed during one.
  request_label label_;   // Before entry_, which shows it to others.
  connection_set::entry entry_;

  inbox inbox_;
  sender sender_;
  memory::arena arena_;
  std::pmr::memory_resource& memory_;
  message* message_ = nullptr;          // While one is being received or answered.
  memory::frame_note* note_ = nullptr;  // Of serve(), and gone with it.
  bool close_after_answer_ = false;
  bool lingers_ = false;
  int late_reads_left_ = late_reads_max;

  base::atomic<bool> settled_{true};  // False from the start of a coroutine handler to settle().
  const sched::agent* starter_ = nullptr;  // Who runs serve() meanwhile.
  sched::join_handle<io::transfer> watch_;
  const char* watched_ = nullptr;  // Where it writes.
  base::word_lock watch_lock_;
  sched::cancel_scope* listening_ = nullptr;  // Guarded by watch_lock_, as is the next.
  bool client_is_gone_ = false;
};

// Where the stream never suspends (thread mode), a task awaited in this loop would, in a build
// without tail calls, deepen the stack with each request. start_here() runs it as a call that
// returns.
sched::task<> connection::serve() {
  note_ = co_await sched::own_note();
  for (;;) {
    next step = inbox_.has_unparsed() ? advance() : next::read;
    while (step == next::read) {
      if (!watch_ && !make_room()) {
        answer_refusal({400, "a line of the chunked body is too long"});
        step = next::refuse;
        break;
      }
      if (owes_continue()) append_continue();
      if (!sender_.flush_now() && co_await sender_.flush()) co_return;
      // Back to the pool. Without one the block stays, as an ordinary server's write buffer would.
      if (service_.memory == memory::mode::arena) sender_.waiting().release();
      if (!message_) entry_.set_idle();
      const auto since = sched::this_worker::coarse_now();
      io::transfer read;
      if (watch_) {
        auto receiving = sched::start_here(receive(read_timeout()));
        read = co_await std::move(receiving);
      } else {
        read = co_await peer_.read(inbox_.room(), read_timeout());
        received(read);
      }
      if (!message_) {
        entry_.set(activity::reading_head);
      } else if (inbox_.has_head() && is_too_slow(since, read.bytes)) {
        read.error = base::errc::timed_out;
      }
      if (message_ && may_come_late(read.error)) {
        const base::error_code stopped = co_await sync::sleep_for(late_read_pause);
        if (stopped) co_return;
        continue;
      }
      if (read.error) {
        if (!answer_read_failure(read.error)) co_return;
        step = next::refuse;
        break;
      }
      step = advance();
    }

    if (step == next::respond) {
      entry_.set(activity::handling);
      label_request();
      if (!message_->is_routed) route_request();
      if (const handler* with = message_->with) {
        if (with->plain) {
          run_plain(service_, *with, message_->c);
        } else {
          begin_handler();
          auto running = start_for_request(run_coroutine(), &*message_->scope);
          if (!running.has_ended()) settle();
          co_await std::move(running);
          end_handler();
        }
      }
      if (message_->peer_has_left) co_return;
      if (message_->stream.has_begun()) {
        const bool has_end = end_stream();
        tell_answered(service_, message_->c, message_->stream.body_bytes());
        if (!has_end) co_return;
      } else if (message_->body_refusal) {
        answer_refusal(*message_->body_refusal);
        step = next::refuse;
      } else {
        conclude(service_, message_->c);
        decide_persistence();
        entry_.set(activity::writing);
        write_answer();
        if (message_->c.response.source && sends_body(message_->c)) {
          auto sending = start_for_request(send_source());
          const bool is_sent = co_await std::move(sending);
          if (!is_sent) co_return;
        }
        tell_answered(service_, message_->c, sent_body_bytes());
      }
      if (!message_->is_body_complete && !close_after_answer_) {
        auto draining = start_for_request(drain_body());
        const bool is_drained = co_await std::move(draining);
        if (!is_drained) close_after_answer_ = true;
      }
      if (!close_after_answer_) end_message();
    }
    if (close_after_answer_) {
      if (!sender_.flush_now() && co_await sender_.flush()) co_return;
      const bool has_more = inbox_.has_unparsed() || !message_->is_body_complete;
      if (step == next::refuse || has_more || lingers_) co_await linger();
      co_return;
    }
    if (sender_.waiting().room() < output::capacity / 4 && !sender_.flush_now() &&
        co_await sender_.flush()) {
      co_return;
    }
  }
}

// ---- Receiving ----

// Parses what is there. On `refuse` the answer is written already.
connection::next connection::advance() {
  if (!message_) {
    // An empty line before a request is ignored (RFC 9112 section 2.2).
    while (inbox_.unparsed().starts_with("\r\n"))
      inbox_.parsed(2);
    if (inbox_.unparsed().empty() || inbox_.unparsed() == "\r") return next::read;
    take_limits();
    begin_message();
  }
  for (;;) {
    std::size_t consumed = 0;
    const auto progress = message_->parser.parse(inbox_.unparsed(), consumed);
    inbox_.parsed(consumed);
    switch (progress) {
      case parser::progress::complete:
        message_->is_body_complete = true;
        return next::respond;
      case parser::progress::refused:
        answer_refusal(message_->parser.why());
        return next::refuse;
      case parser::progress::head_complete: {
        inbox_.end_head();
        entry_.set(activity::reading_body);
        const next step = act_on_head();
        if (step != next::read || !inbox_.has_unparsed()) return step;
        break;
      }
      case parser::progress::piece:
      case parser::progress::need_more:
        if (inbox_.has_head()) {
          message_->has_body_begun = message_->has_body_begun || consumed != 0;
          return next::read;
        }
        return head_fits(inbox_.message().size()) ? next::read : next::refuse;
    }
  }
}

// Of a message with a body. `read` means that the body is to be gathered.
connection::next connection::act_on_head() {
  if (!head_fits(inbox_.head_bytes())) return next::refuse;
  const auto length = message_->parser.remaining();
  const bool is_all_here = length && *length <= inbox_.unparsed().size();
  // What follows takes room behind the head.
  if (!is_all_here && !inbox_.message_is_at_front()) return restart_at_front();
  route_request();
  const handler* with = message_->with;
  const bool is_gathered = with && with->plain;
  if (is_gathered && length.value_or(0) > limits_->body_bytes_max) {
    answer_refusal({413, "the request body is larger than this server takes"});
    return next::refuse;
  }
  return is_gathered || is_all_here ? next::read : next::respond;
}

// Refuses a head that is too long. The parser bounds each of its parts.
bool connection::head_fits(std::size_t bytes) {
  if (bytes <= limits_->head_bytes_max) return true;
  const bool has_request_line = inbox_.message().find('\n') != std::string_view::npos;
  answer_refusal(has_request_line
                     ? refusal{431, "the header fields are larger than this server takes"}
                     : refusal{414, "the request line is longer than this server takes"});
  return false;
}

void connection::route_request() {
  context& c = message_->c;
  message_->is_routed = true;
  message_->with = route(service_, c);
}

void connection::begin_message() {
  std::pmr::polymorphic_allocator<> allocator(&memory_);
  message_ = allocator.new_object<message>(*limits_, memory_, static_cast<exchange&>(*this));
  message_->c.peer = &peer_;
  inbox_.begin_message();
}

void connection::end_message() noexcept {
  if (message_) memory::note<std::uint64_t>(note_->request, 0);
  drop_message();
}

// Touches nothing of serve(), which may have ended.
void connection::drop_message() noexcept {
  if (!message_) return;
  label_.end();
  std::pmr::polymorphic_allocator<>(&memory_).delete_object(message_);
  message_ = nullptr;
  arena_.reset();
  inbox_.end_message();
}

// Between two requests. What has come of the next one moves to a larger block if it takes one,
// unless the watch writes into this one: then the limits wait for the next request.
void connection::take_limits() {
  const limits* const now = &service_.current_limits();
  if (now == limits_ || watch_) return;
  limits_ = now;
  inbox_.ensure_block(2 * limits_->head_bytes_max);
}

// Before a read. False if the block is full of one line that belongs to no head.
bool connection::make_room() {
  if (!message_) take_limits();
  inbox_.ensure_block(2 * limits_->head_bytes_max);
  if (!message_) {
    inbox_.compact();
    return true;
  }
  // What this gives is known: the same bytes were not enough a moment ago.
  if (!inbox_.message_is_at_front()) static_cast<void>(restart_at_front());
  // The head takes half of the block at most, so there is room once the gathered body has left.
  return !inbox_.room().empty() || (inbox_.has_head() && inbox_.make_room_behind_head());
}

connection::next connection::restart_at_front() {
  inbox_.restart_at_front();
  end_message();
  begin_message();
  return advance();
}

// A peer that waits for it gets it once, unless it has sent some of the body without waiting.
bool connection::owes_continue() const noexcept {
  return message_ && inbox_.has_head() && inbox_.has_only_head() && !message_->has_body_begun &&
         !message_->continued && message_->parser.expects_continue();
}

void connection::append_continue() {
  constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  sender_.waiting().ensure_room(interim.size());
  sender_.waiting().append(interim);
  message_->continued = true;
}

io::stream::duration connection::read_timeout() const noexcept {
  if (!message_) return limits_->idle_timeout;
  if (inbox_.has_head()) return message_->body_progress.patience();
  const auto left = message_->head_deadline - sched::this_worker::coarse_now();
  return std::max<io::stream::duration>(left, std::chrono::milliseconds(1));
}

// The next bytes, which may have been read by the watch. Precondition: there is room.
sched::task<io::transfer> connection::receive(io::stream::duration timeout) {
  io::transfer read;
  if (watch_) {
    peer_.limit_read(timeout);
    auto seen = std::exchange(watch_, {});
    read = co_await std::move(seen);
    // It may have ended before its limit was set.
    peer_.limit_read(io::stream::no_timeout);
    // What had come before it may have moved meanwhile; where it wrote nobody else has written.
    std::memmove(inbox_.room().data(), watched_, read.bytes);
  } else {
    read = co_await peer_.read(inbox_.room(), timeout);
  }
  received(read);
  co_return read;
}

void connection::received(const io::transfer& read) {
  inbox_.received(read.bytes);
  service_.count.received_bytes.add(read.bytes);
}

// Of a body, after a wait.
bool connection::is_too_slow(base::steady_time since, std::size_t bytes) noexcept {
  progress_window& progress = message_->body_progress;
  progress.waited(sched::this_worker::coarse_now() - since, bytes);
  return progress.is_too_slow();
}

// Within a request: whether the end that a read has found may be ours, so that it is to be read on
// after a pause.
bool connection::may_come_late(base::error_code ec) noexcept {
  if (ec != base::errc::end_of_stream || !entry_.is_stopped()) return false;
  return late_reads_left_-- > 0;
}

// True if there is an answer to be sent.
bool connection::answer_read_failure(base::error_code ec) {
  if (ec != base::errc::timed_out) return false;
  service_.count.timeouts.add();
  if (!message_) return false;
  answer_refusal({408, "the request did not come in time"});
  return true;
}

// ---- The handler ----

// For the listing of live coroutines, and for reports of stalls.
void connection::label_request() noexcept {
  const request& asked = message_->c.request;
  const char* const line = asked.method_name.data();  // The target follows, a space apart.
  const char* const end = asked.target.data() + asked.target.size();
  const std::uint64_t number = label_.begin({line, static_cast<std::size_t>(end - line)},
                                            static_cast<std::size_t>(inbox_.block_end() - line));
  memory::note(note_->request, number);
  sched::this_worker::serves(number);
}

// As start_here(), for a coroutine that serves the same request.
template <class T>
sched::join_handle<T> connection::start_for_request(sched::task<T> part,
                                                    sched::cancel_scope* scope) {
  memory::note(part.promise().note().request, note_->request.load(base::memory_order_relaxed));
  return sched::start_here(std::move(part), scope);
}

void connection::begin_handler() {
  message_->scope.emplace(limits_->handler_timeout);
  // So that it does not depend on how the bytes came whether a handler finds the body there.
  message_->whole_body = std::exchange(message_->c.request.body, {});
  starter_ = sched::current_agent();
  settled_.store(false, base::memory_order_relaxed);
}

sched::task<> connection::run_coroutine() {
  message& m = *message_;
  try {
    co_await m.with->coroutine(m.c);
    if (m.c.response.encoder) {
      // What fails here is noted.
      static_cast<void>(co_await write_body({}, body_encoder::flush::end));
    }
  } catch (...) {
    recover(service_, m.c);
    m.stream.fail("its handler threw");
  }
}

// The handler waits. It may have gone on already, on another worker.
void connection::settle() {
  // What is answered does not wait for a handler that does; what the socket does not take now is
  // sent with the handler's own answer.
  sender_.flush_now();
  message_->scope->suspended();
  if (message_->is_body_complete) arm_watch();
  // Release: what the handler calls next sees all this.
  settled_.store(true, base::memory_order_release);
}

void connection::await_settled() const noexcept {
  if (settled_.load(base::memory_order_acquire) || sched::current_agent() == starter_) return;
  // Some microseconds, on another worker.
  while (!settled_.load(base::memory_order_acquire))
    std::this_thread::yield();
}

void connection::end_handler() {
  settled_.store(true, base::memory_order_relaxed);
  if (watch_) listen_for_end(nullptr);
  message& m = *message_;
  const base::error_code cause = m.scope->settle();
  m.scope.reset();
  if (!cause) return;
  m.client_is_gone = cause == base::errc::client_gone;
  if (m.client_is_gone) service_.count.clients_gone.add();
  if (cause != base::errc::timed_out) return m.stream.fail("its handler was cancelled");
  service_.count.handler_timeouts.add();
  m.stream.fail("its handler took too long");
  if (!m.stream.has_begun() && m.c.response.is_untouched()) {
    m.c.problem(503, "the answer was not ready in time");
  }
}

void connection::arm_watch() {
  listen_for_end(&*message_->scope);
  if (watch_ || !peer_.suspends() || inbox_.room().empty()) return;
  watched_ = inbox_.room().data();
  watch_ = start_for_request(watch(inbox_.room(), inbox_.has_unparsed()));
}

// The end of what the peer sends is taken for its leaving, as nginx and Go do, though it may have
// closed only this direction. Not so if it has asked for more meanwhile, or if it was we who
// stopped reading.
sched::task<io::transfer> connection::watch(std::span<char> into, bool has_more) {
  const io::transfer seen = co_await peer_.read(into, io::stream::no_timeout);
  const bool is_only_end = seen.error == base::errc::end_of_stream;
  if (seen.error && !(is_only_end && (has_more || entry_.is_stopped()))) {
    const std::lock_guard lock(watch_lock_);
    client_is_gone_ = true;
    if (listening_) listening_->cancel(base::errc::client_gone);
  }
  co_return seen;
}

void connection::listen_for_end(sched::cancel_scope* scope) noexcept {
  const std::lock_guard lock(watch_lock_);
  listening_ = scope;
  if (scope && client_is_gone_) scope->cancel(base::errc::client_gone);
}

sched::task<> connection::end_watch() {
  peer_.stop_reading();
  auto seen = std::exchange(watch_, {});
  static_cast<void>(co_await std::move(seen));
}

// ---- What it calls ----

sched::task<body_read> connection::read_body() {
  await_settled();
  message& m = *message_;
  const std::uint64_t bytes_max = std::min(limits_->body_bytes_max, m.c.body_bytes_max);
  const refusal too_large{413, "the request body is larger than this server takes"};
  if (m.is_body_complete && !m.has_body_begun) {
    if (m.whole_body.size() > bytes_max) co_return refuse_body(base::errc::too_large, too_large);
    m.c.request.body = m.whole_body;
    co_return body_read{{}, m.whole_body};
  }
  if (m.gathered) co_return body_read{m.body_error, m.c.request.body};
  if (m.parser.remaining().value_or(0) > bytes_max) {
    co_return refuse_body(base::errc::too_large, too_large);
  }
  auto& gathered = m.gathered.emplace(&memory_);
  for (;;) {
    const body_read piece = co_await read_some_body();
    if (piece.error) co_return piece;
    if (piece.bytes.empty()) break;
    if (gathered.size() + piece.bytes.size() > bytes_max) {
      co_return refuse_body(base::errc::too_large, too_large);
    }
    gathered.append(piece.bytes);
  }
  m.c.request.body = gathered;
  co_return body_read{{}, m.c.request.body};
}

sched::task<body_read> connection::read_some_body() {
  await_settled();
  message& m = *message_;
  if (m.is_body_complete && !m.has_body_begun) {
    const bool is_first = !std::exchange(m.has_given_body, true);
    co_return body_read{{}, is_first ? m.whole_body : std::string_view{}};
  }
  for (;;) {
    std::string_view piece;
    if (m.body_error) co_return body_read{m.body_error, {}};
    if (m.is_body_complete || take_piece(piece)) co_return body_read{m.body_error, piece};
    if (!may_receive_body()) co_return body_read{m.body_error, {}};
    if (!sender_.flush_now()) m.body_error = co_await sender_.flush();
    if (m.body_error) co_return body_read{m.body_error, {}};
    const auto since = sched::this_worker::coarse_now();
    const auto patience = m.body_progress.patience();
    io::transfer read;
    // Not a task of its own for each read: see serve().
    if (watch_) {
      read = co_await receive(patience);
    } else {
      read = co_await peer_.read(inbox_.room(), patience);
      received(read);
    }
    if (may_come_late(read.error)) {
      read.error = co_await sync::sleep_for(late_read_pause);
      if (!read.error) continue;
    }
    // The scope of the handler, or one inside it.
    const sched::cancel_scope* const around = co_await sched::current_scope();
    if (!takes(read, since, around)) co_return body_read{m.body_error, {}};
  }
}

// From what has come. True if there is one, or there will be no more.
bool connection::take_piece(std::string_view& piece) {
  if (!inbox_.has_unparsed()) return false;
  message& m = *message_;
  m.has_body_begun = true;
  std::size_t consumed = 0;
  const auto progress = m.parser.parse_piece(inbox_.unparsed(), consumed, piece);
  inbox_.parsed(consumed);
  switch (progress) {
    case parser::progress::complete:
      m.is_body_complete = true;
      // A handler that waits from here on is to hear of its client.
      if (m.scope && settled_.load(base::memory_order_relaxed)) arm_watch();
      return true;
    case parser::progress::refused:
      static_cast<void>(refuse_body(base::errc::malformed, m.parser.why()));
      return true;
    default:
      return !piece.empty();
  }
}

// Before more of the body is waited for. False if there is an error, which is noted then.
bool connection::may_receive_body() {
  if (!inbox_.make_room_behind_head()) {
    static_cast<void>(
        refuse_body(base::errc::malformed, {400, "a line of the chunked body is too long"}));
    return false;
  }
  if (owes_continue() && !message_->stream.has_begun()) append_continue();
  return true;
}

// After it. False if there is an error, which is noted then.
bool connection::takes(const io::transfer& read, base::steady_time since,
                       const sched::cancel_scope* around) {
  message& m = *message_;
  if (!is_too_slow(since, read.bytes) && !read.error) return true;
  const base::error_code cause = around ? around->cause() : base::error_code{};
  if (cause) {
    m.body_error = cause;
  } else if (read.error && read.error != base::errc::timed_out) {
    m.peer_has_left = true;
    m.body_error = base::errc::client_gone;
    if (m.scope) m.scope->cancel(base::errc::client_gone);
  } else {
    service_.count.timeouts.add();
    static_cast<void>(
        refuse_body(base::errc::timed_out, {408, "the request did not come in time"}));
  }
  return false;
}

// What the handler is told, and what the peer is, unless the answer has begun.
body_read connection::refuse_body(base::errc error, const refusal& why) {
  message_->body_refusal = why;
  message_->body_error = error;
  return {message_->body_error, {}};
}

sched::task<base::error_code> connection::start_stream(std::optional<std::uint64_t> length) {
  await_settled();
  message& m = *message_;
  if (m.stream.has_begun()) co_return base::errc::wrong_use;
  m.c.response.is_streamed = true;
  conclude(service_, m.c);
  // What is coded has another length.
  if (m.c.response.encoder) length.reset();
  decide_persistence();
  const bool ends_by_close = !length && m.c.request.version < 11;
  close_after_answer_ = close_after_answer_ || ends_by_close;
  m.stream.begin(sender_.waiting(), m.c, length, goes_on());
  count_answer();
  co_return base::error_code{};
}

sched::task<base::error_code> connection::write(std::string_view bytes) {
  return write_body(bytes, body_encoder::flush::none);
}

// `how` is for the encoder, if there is one.
sched::task<base::error_code> connection::write_body(std::string_view bytes,
                                                     body_encoder::flush how) {
  await_settled();
  answer_stream& stream = message_->stream;
  output& out = sender_.waiting();
  if (const base::error_code wrong = stream.admit(bytes)) co_return wrong;
  if (stream.sends_no_body()) co_return base::error_code{};
  body_encoder* const encoder = message_->c.response.encoder.get();
  for (;;) {
    const std::string_view piece = encoder ? encoder->encode(bytes, how) : std::exchange(bytes, {});
    if (piece.empty() && bytes.empty()) co_return base::error_code{};
    if (piece.empty()) continue;
    if (out.room() < answer_stream::frame_bytes_max) {
      const base::error_code failed = co_await sender_.flush();
      if (failed) co_return stream.note(failed);
    }
    stream.begin_piece(out, piece.size());
    if (piece.size() + answer_stream::frame_bytes_max <= out.room()) {
      out.append(piece);
    } else {
      const base::error_code failed = co_await sender_.send(piece);
      if (failed) co_return stream.note(failed);
    }
    stream.end_piece(out);
  }
}

sched::task<base::error_code> connection::flush() {
  await_settled();
  if (message_->c.response.encoder) {
    const base::error_code failed = co_await write_body({}, body_encoder::flush::now);
    if (failed) co_return failed;
  }
  if (sender_.flush_now()) co_return base::error_code{};
  const base::error_code failed = co_await sender_.flush();
  co_return message_->stream.note(failed);
}

// ---- Answering ----

void connection::answer_refusal(const refusal& why) {
  service_.count.refused_requests.add();
  close_after_answer_ = true;
  context& c = message_->c;
  c.response.fields.clear();
  c.problem(why.status, why.reason);
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

}  // namespace

sched::task<> serve_connection(const service& of, io::stream& peer, connection_set& among) {
  connection one(of, peer, among);
  co_await one.serve();
  if (one.is_watching()) co_await one.end_watch();
}

}  // namespace tacit::http
