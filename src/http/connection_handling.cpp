// Of a connection: a coroutine handler from its start to its end, and the watch beside it.

#include <mutex>
#include <thread>

#include <tacit/http/status.hpp>
#include <tacit/sched/this_worker.hpp>

#include "http/connection.hpp"
#include "http/pipeline.hpp"

namespace tacit::http {

// For the listing of live coroutines, and for reports of stalls.
void connection::label_request() noexcept {
  const request& asked = message_->c.request;
  const char* const line = asked.method_name.data();  // The target follows, a space apart.
  const char* const end = asked.target.data() + asked.target.size();
  const std::uint64_t number = label_.begin({line, static_cast<std::size_t>(end - line)},
                                            static_cast<std::size_t>(inbox_.block_end() - line));
  memory::note(note_->request, number);
  sched::this_worker::serves(number);
  entry_.set_held(inbox_.block_bytes() + arena_.held_bytes());
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

}  // namespace tacit::http
