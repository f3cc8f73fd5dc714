#include <tacit/sync/channel.hpp>

#include <thread>

namespace tacit::sync::detail {
namespace {

// Whoever finds a channel's lock taken stays away from it for about a microsecond, whether it is
// given back meanwhile or not. Each look takes the cache line from the holder, who does a hundred
// operations in that time: two workers that pass a lock to and fro get through fewer operations
// together than one by itself.
constexpr int pauses_per_round = 64;
// After some 50 us the holder was probably descheduled.
constexpr int rounds_max = 50;

}  // namespace

void channel_core::wait_for_lock() noexcept {
  for (int round = 0;; ++round) {
    if (round < rounds_max) {
      base::pause(pauses_per_round);
    } else {
      std::this_thread::yield();
    }
    if (lock_.try_lock()) return;
  }
}

// Who waits to receive finds the ring empty, and gets nothing any more. Who waits to send keeps its
// value.
bool channel_core::close() noexcept {
  sched::runnable* first = nullptr;
  sched::runnable** end = &first;
  const auto close_all = [&end](channel_queue& queue) {
    sched::runnable* wake = nullptr;
    while (channel_waiter* const each = queue.claim_first(wake)) {
      each->result = outcome::closed;
      if (!wake) continue;
      wake->next = nullptr;
      *end = std::exchange(wake, nullptr);
      end = &(*end)->next;
    }
  };
  lock();
  const bool was_closed = std::exchange(closed_, true);
  if (!was_closed) {
    close_all(receivers_);
    close_all(senders_);
  }
  unlock();
  while (first) {
    sched::runnable* const next = first->next;  // Read before it runs, and is gone.
    first->make_ready();
    first = next;
  }
  return !was_closed;
}

bool channel_wait::enter(sched::cancel_scope& scope) noexcept {
  scope_ = &scope;
  // Not straight into cause_: once it is added it may be cancelled, and cause_ be written.
  const base::error_code cause = scope.add(*this);
  if (!cause) return true;
  cause_ = cause;
  link_.result = outcome::cancelled;
  return false;
}

void channel_wait::on_cancelled(const base::error_code& cause) noexcept {
  at_->lock();
  const bool is_first = link_.result == outcome::pending;
  const bool was_queued = link_.queued;
  if (is_first) {
    cause_ = cause;
    link_.result = outcome::cancelled;
    if (was_queued) queue_->remove(link_);
  }
  at_->unlock();
  if (is_first && was_queued) make_ready();  // Otherwise it is about to see it.
}

}  // namespace tacit::sync::detail
