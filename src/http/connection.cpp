#include "http/connection.hpp"

#include <tacit/sched/own_note.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sync/sleep.hpp>

#include "http/pipeline.hpp"

namespace tacit::http {

// Where the stream never suspends (thread mode), a task awaited in this loop would, in a build
// without tail calls, deepen the stack with each request. start_here() runs it as a call that
// returns.
sched::task<> connection::serve() {
  note_ = co_await sched::own_note();
  for (;;) {
    next step = inbox_.has_unparsed() ? advance() : next::read;
    while (step == next::read) {
      const bool is_light = can_wait_without_memory();
      if (!is_light && !watch_ && !make_room()) {
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
      } else if (is_light) {
        io::late_read arriving = wait_for_request();
        co_await arriving;
        is_asleep_ = !arriving.error && arriving.bytes == 0;
        if (is_asleep_) co_return entry_.set_asleep(true);
        read = take(arriving);
      } else {
        read = co_await peer_.read(inbox_.room(), read_timeout());
        received(read);
      }
      if (!message_) {
        // A peer that has left was idle to its end.
        if (!read.error) entry_.set(activity::reading_head);
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
      // What is left of a large body would be held: a critical server gives it up.
      if (step == next::read && message_ &&
          message_->body_claim.left() >= memory::memory_budget::large_bytes && is_to_be_shed()) {
        shed("the server is short of memory for a body");
        step = next::refuse;
      }
    }

    if (step == next::respond && is_to_be_shed()) [[unlikely]] {
      shed("the server is short of memory");
      step = next::refuse;
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
      // Who lingers holds a block.
      const bool may_linger = service_.budget.pressure() != memory::memory_pressure::critical;
      if ((step == next::refuse || has_more || lingers_) && may_linger) co_await linger();
      co_return;
    }
    if (sender_.waiting().room() < output::capacity / 4 && !sender_.flush_now() &&
        co_await sender_.flush()) {
      co_return;
    }
  }
}

sched::task<> serve_connection(const service& of, io::stream& peer, connection_set& among) {
  connection_record record(among, peer);
  co_await serve_connection(of, peer, record);
}

sched::task<> serve_connection(const service& of, io::stream& peer, connection_record& record) {
  connection one(of, peer, record);
  co_await one.serve();
  if (one.is_watching()) co_await one.end_watch();
}

sched::task<bool> serve_until_idle(const service& of, io::stream& peer, io::late_reader& arrivals,
                                   connection_record& record, io::stream::duration patience) {
  record.entry.set_asleep(false);
  connection one(of, peer, record, &arrivals, patience);
  co_await one.serve();
  if (one.is_watching()) co_await one.end_watch();
  co_return one.is_asleep();
}

}  // namespace tacit::http
