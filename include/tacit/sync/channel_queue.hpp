#pragma once

// How operations on channels meet.
//
// A channel has a lock, a ring and two queues: who waits to receive, and who waits to send. A plain
// operation stands in one queue, a select in one queue for each of its cases. All of it is guarded
// by the channel's lock; a plain operation is therefore claimed by being taken off its queue. A
// select stands under several locks, so it has a claim word (select_claim) as well:
//
//   starting --> waiting --> the case that happened, or given_up
//       '-------------------------^
//
//   1. Who waits to receive finds no value, who waits to send finds no room. Whoever comes and
//      changes that serves the first who waits, under the same hold of the lock.
//   2. Whoever would serve a select's case, fire its timer or cancel it, moves the claim word by
//      compare-and-swap. One of them succeeds, so exactly one case happens.
//   3. A channel's case is claimed and its value moved under one hold of the channel's lock.
//   4. Who claims a select that is `waiting` makes it ready, after it has given the lock back. Who
//      claims one that is `starting` does not, and never touches it after the lock: the select
//      finds the claim when it is about to wait, and takes the lock once before it reads the value.
//   5. A select that went on takes each of its cases off its queue under that channel's lock. A
//      case that is found in a queue after its select was claimed is taken off and passed over.
//
// Order of locks: a cancel scope's, then those of channels by ascending address, then a timer
// queue's. A select looks at its cases under the locks of all its channels, and stands in no queue
// while it looks. So two selects that could serve each other cannot claim each other at once: one
// of them is in the queues, and the other one moves its claim word. Rejected: a select that claims
// itself before it serves another one, lock by lock. Two of them that meet crosswise have to back
// off from each other, and a case with nobody on the other side pays for the claim.
//
// Explored by channel_model_test and select_model_test.

#include <cstdint>

#include <tacit/base/atomic.hpp>
#include <tacit/base/error.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/agent.hpp>
#include <tacit/sched/cancel.hpp>

namespace tacit::sync::detail {

/// How an operation on a channel stands.
enum class outcome : std::uint8_t { pending, done, closed, cancelled };

/// Decides what becomes of a select.
class select_claim {
 public:
  static constexpr std::uint32_t given_up = 2;    ///< Cancelled, or the scheduler stops.
  static constexpr std::uint32_t first_case = 3;  ///< Case i is first_case + i.

  enum class result : std::uint8_t { lost, won, won_while_starting };

  result take(std::uint32_t what) noexcept {
    std::uint32_t found = word_.load(base::memory_order_relaxed);
    while (found <= waiting) {
      // Release: what a canceller wrote before. The values of cases are published by the locks.
      if (word_.compare_exchange_weak(found, what, base::memory_order_acq_rel,
                                      base::memory_order_relaxed)) {
        return found == waiting ? result::won : result::won_while_starting;
      }
    }
    return result::lost;
  }

  /// The select's own coroutine. False if somebody has claimed it: then it goes on.
  bool wait() noexcept {
    std::uint32_t expected = starting;
    return word_.compare_exchange_strong(expected, waiting, base::memory_order_acq_rel,
                                         base::memory_order_acquire);
  }

  /// As wait(), while nobody else can know of the select: under all locks, in no scope.
  void wait_unseen() noexcept { word_.store(waiting, base::memory_order_relaxed); }

  /// What was taken.
  [[nodiscard]] std::uint32_t taken() const noexcept {
    return word_.load(base::memory_order_acquire);
  }

 private:
  static constexpr std::uint32_t starting = 0;
  static constexpr std::uint32_t waiting = 1;
  base::atomic<std::uint32_t> word_{starting};
};

/// One place in one queue of a channel. Guarded by the channel's lock.
struct channel_waiter {
  channel_waiter* previous = nullptr;
  channel_waiter* following = nullptr;
  sched::runnable* who = nullptr;
  select_claim* claim = nullptr;  ///< Null for a plain operation.
  void* value = nullptr;          ///< What to send, a T; where to receive, a std::optional<T>.
  std::uint32_t index = 0;        ///< What the claim is moved to.
  bool queued = false;
  outcome result = outcome::pending;
};

/// Who waits at one side of a channel, first come first served.
class channel_queue {
 public:
  void push(channel_waiter& last) noexcept {
    last.previous = last_;
    last.following = nullptr;
    last.queued = true;
    (last_ ? last_->following : first_) = &last;
    last_ = &last;
  }

  void remove(channel_waiter& which) noexcept {
    (which.previous ? which.previous->following : first_) = which.following;
    (which.following ? which.following->previous : last_) = which.previous;
    which.queued = false;
  }

  /// Takes off and claims the first one that still waits; nullptr if there is none. Sets `wake` to
  /// what the caller makes ready after it has given the lock back, or leaves it alone (rule 4).
  channel_waiter* claim_first(sched::runnable*& wake) noexcept {
    while (first_) {
      channel_waiter& each = *first_;
      remove(each);
      if (!each.claim) {
        wake = each.who;
        return &each;
      }
      const auto claimed = each.claim->take(each.index);
      if (claimed == select_claim::result::lost) continue;
      if (claimed == select_claim::result::won) wake = each.who;
      return &each;
    }
    return nullptr;
  }

  [[nodiscard]] bool empty() const noexcept { return !first_; }

 private:
  channel_waiter* first_ = nullptr;
  channel_waiter* last_ = nullptr;
};

/// What a channel is whatever it carries.
class channel_core {
 public:
  void lock() noexcept {
    if (!lock_.try_lock()) [[unlikely]]
      wait_for_lock();
  }
  void unlock() noexcept { lock_.unlock(); }

  bool close() noexcept;

 protected:
  channel_core() = default;
  ~channel_core() = default;

 private:
  void wait_for_lock() noexcept;

  base::word_lock lock_;

 protected:
  bool closed_ = false;  // Guarded by the lock, as is what follows.
  channel_queue receivers_;
  channel_queue senders_;
};

/// A plain operation that waits in one queue.
class channel_wait final : public sched::runnable, public sched::cancel_hook {
 public:
  channel_wait(channel_core& at, channel_queue& queue, void* value) noexcept
      : at_(&at), queue_(&queue) {
    link_.who = this;
    link_.value = value;
  }

  /// Under no lock. False if the scope is cancelled already: do not wait.
  bool enter(sched::cancel_scope& scope) noexcept;

  /// Under the channel's lock, as are the next two.
  [[nodiscard]] bool is_over() const noexcept { return link_.result != outcome::pending; }
  void end(outcome how) noexcept { link_.result = how; }
  void enqueue() noexcept { queue_->push(link_); }

  /// After the wait. Nobody touches it any more.
  outcome leave() noexcept {
    if (scope_) scope_->remove(*this);
    return link_.result;
  }
  [[nodiscard]] const base::error_code& cause() const noexcept { return cause_; }

 private:
  void on_cancelled(const base::error_code& cause) noexcept override;

  channel_core* at_;
  channel_queue* queue_;
  sched::cancel_scope* scope_ = nullptr;
  channel_waiter link_;
  base::error_code cause_;  // Of the cancellation.
};

}  // namespace tacit::sync::detail
