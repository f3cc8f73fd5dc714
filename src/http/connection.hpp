#pragma once

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

#include <chrono>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>

#include <tacit/base/atomic.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/http/service.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/memory/arena.hpp>
#include <tacit/memory/frame_note.hpp>
#include <tacit/sched/join.hpp>
#include <tacit/sched/task.hpp>

#include "http/connection_set.hpp"
#include "http/inbox.hpp"
#include "http/message.hpp"
#include "http/request_label.hpp"
#include "http/sender.hpp"
#include "http/serve_connection.hpp"
#include "io/late_read.hpp"

namespace tacit::http {

/// See above. Threads: as said there. Lifetime: outlived by service, stream and set.
class connection final : exchange {
 public:
  /// Between requests it waits by way of `arrivals`, if given, for `patience` at most.
  connection(const service& of, io::stream& peer, connection_record& record,
             io::late_reader* arrivals = nullptr,
             io::stream::duration patience = io::stream::no_timeout)
      : service_(of),
        peer_(peer),
        arrivals_(arrivals),
        patience_(patience),
        set_(record.set),
        limits_(&of.current_limits()),
        label_(record.label),
        entry_(record.entry),
        sender_(of, peer),
        arena_(&of.budget),
        memory_(of.memory == memory::mode::arena ? static_cast<std::pmr::memory_resource&>(arena_)
                                                 : of.heap) {}
  ~connection() { drop_message(); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  sched::task<> serve();

  /// After serve(): whether it ended only since no request came.
  [[nodiscard]] bool is_asleep() const noexcept { return is_asleep_; }

  /// After serve(): whether end_watch() is still to be awaited.
  [[nodiscard]] bool is_watching() const noexcept { return static_cast<bool>(watch_); }
  sched::task<> end_watch();

 private:
  enum class next { read, respond, refuse };

  // Of a request whose beginning came just when the reading was stopped, the rest is still received
  // by the kernel, but nothing tells when.
  static constexpr int late_reads_max = 40;
  static constexpr std::chrono::milliseconds late_read_pause{5};

  // Receiving.
  next advance();
  next parse_on();
  next act_on_head();
  bool head_fits(std::size_t bytes);
  bool has_memory_for_body(std::uint64_t bytes);
  void shed(const char* what);
  [[nodiscard]] bool is_to_be_shed() const noexcept;
  void route_request();
  void begin_message();
  void end_message() noexcept;
  void drop_message() noexcept;
  void take_limits();
  bool make_room();
  [[nodiscard]] bool can_wait_without_memory() const noexcept;
  io::late_read wait_for_request() noexcept;
  io::transfer take(io::late_read& arrived) noexcept;
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
  bool gather(std::string_view piece);
  body_read refuse_body(base::errc error, const refusal& why);
  body_read refuse_body_for_memory();

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
  io::late_reader* const arrivals_;
  const io::stream::duration patience_;
  connection_set& set_;
  const limits* limits_;  // In force when the present request began; never changed during one.
  request_label& label_;
  connection_set::entry& entry_;

  inbox inbox_;
  sender sender_;
  memory::arena arena_;
  std::pmr::memory_resource& memory_;
  message* message_ = nullptr;          // While one is being received or answered.
  memory::frame_note* note_ = nullptr;  // Of serve(), and gone with it.
  bool close_after_answer_ = false;
  bool lingers_ = false;
  bool is_asleep_ = false;
  int late_reads_left_ = late_reads_max;

  base::atomic<bool> settled_{true};  // False from the start of a coroutine handler to settle().
  const sched::agent* starter_ = nullptr;  // Who runs serve() meanwhile.
  sched::join_handle<io::transfer> watch_;
  const char* watched_ = nullptr;  // Where it writes.
  base::word_lock watch_lock_;
  sched::cancel_scope* listening_ = nullptr;  // Guarded by watch_lock_, as is the next.
  bool client_is_gone_ = false;
};

// As start_here(), for a coroutine that serves the same request.
template <class T>
sched::join_handle<T> connection::start_for_request(sched::task<T> part,
                                                    sched::cancel_scope* scope) {
  memory::note(part.promise().note().request, note_->request.load(base::memory_order_relaxed));
  return sched::start_here(std::move(part), scope);
}

}  // namespace tacit::http
