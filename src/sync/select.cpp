#include <tacit/sync/select.hpp>

#include <algorithm>
#include <mutex>

namespace tacit::sync {
namespace detail {
namespace {

/// A thread that is no worker and waits for a select with a time limit.
class blocked_thread final : public sched::agent {
 public:
  void make_ready([[maybe_unused]] sched::runnable& ready) noexcept override {
    const std::lock_guard lock(mutex_);
    is_ready_ = true;
    became_ready_.notify_one();  // Under the lock: the thread may be gone after it.
  }

  bool wait_until(base::steady_time due) {
    std::unique_lock lock(mutex_);
    return became_ready_.wait_until(lock, due, [this] { return is_ready_; });
  }

  void wait() {
    std::unique_lock lock(mutex_);
    became_ready_.wait(lock, [this] { return is_ready_; });
  }

 private:
  base::mutex mutex_;
  base::condition_variable became_ready_;
  bool is_ready_ = false;  // Guarded by mutex_.
};

}  // namespace

void select_wait::prepare() noexcept {
  for (std::uint32_t i = 0; i < cases_.size(); ++i) {
    select_case& each = *cases_[i];
    each.link_.who = this;
    each.link_.claim = &claim_;
    each.link_.index = select_claim::first_case + i;
    if (!each.enabled_) {
      each.at_ = nullptr;
    } else if (each.at_) {
      add_lock(*each.at_);
    } else {
      each.describe_to(*this);
    }
    // Every order is as likely as the others: so is then every case that can happen.
    const std::uint32_t position = i == 0 ? 0 : select_random(i + 1);
    order_[i] = order_[position];
    order_[position] = static_cast<std::uint8_t>(i);
  }
}

void select_wait::add_lock(channel_core& of) noexcept {
  std::uint32_t position = lock_count_;
  while (position > 0 && std::greater<>()(locks_[position - 1], &of))
    --position;
  if (position > 0 && locks_[position - 1] == &of) return;
  std::copy_backward(locks_ + position, locks_ + lock_count_, locks_ + lock_count_ + 1);
  locks_[position] = &of;
  ++lock_count_;
}

void select_wait::lock_all() noexcept {
  for (std::uint32_t i = 0; i < lock_count_; ++i)
    locks_[i]->lock();
}

// The select may be gone with the last unlock, if it waits. Not before: whoever claims it earlier
// resumes it, and it takes the locks that are left in withdraw().
void select_wait::unlock_all() noexcept {
  channel_core** const end = locks_ + lock_count_;
  for (channel_core** each = locks_; each != end; ++each)
    (*each)->unlock();
}

// Under the locks. If a case happens it has given them back.
bool select_wait::attempt_any() noexcept {
  sched::runnable* wake = nullptr;
  for (std::size_t i = 0; i < cases_.size(); ++i) {
    select_case& each = *cases_[order_[i]];
    if (!each.enabled_) continue;
    result_ = each.attempt(wake);
    if (result_ == outcome::pending) continue;
    chosen_ = order_[i];
    unlock_all();
    if (wake) wake->make_ready();
    return true;
  }
  return false;
}

// If it has to wait, await_suspend goes on with the locks taken, as with a plain operation.
bool select_wait::await_ready() noexcept {
  prepare();
  lock_all();
  if (!attempt_any()) {
    if (otherwise_ == selected::none) return false;
    chosen_ = otherwise_;
    result_ = outcome::done;
    unlock_all();
  }
  return sched::this_worker::spend_budget();
}

void select_wait::enqueue_all() noexcept {
  enqueued_ = true;
  for (select_case* each : cases_) {
    if (each->at_) each->queue_->push(each->link_);
  }
}

// Takes the locks over from await_ready(). True if the coroutine is to wait.
bool select_wait::begin() noexcept {
  if (scope_ || timers_) return begin_slowly();
  claim_.wait_unseen();
  slept_ = true;
  enqueue_all();
  unlock_all();
  return true;
}

// The scope's lock comes before those of the channels, and a timer queue may allocate.
bool select_wait::begin_slowly() noexcept {
  unlock_all();
  if (scope_) {
    // Not straight into cause_: once it is added it may be cancelled, and cause_ be written.
    if (const base::error_code cause = scope_->add(*this)) {
      cause_ = cause;
      return false;
    }
  }
  lock_all();
  if (attempt_any()) return false;
  enqueue_all();
  unlock_all();
  if (timers_ && !sched::this_worker::timers()) return block();
  if (!add_timers()) claim_.take(select_claim::given_up);
  slept_ = true;  // Before: when it waits it may be resumed elsewhere, and be gone.
  if (claim_.wait()) return true;
  slept_ = false;
  return false;
}

// On a thread that is no worker nobody fires timers.
bool select_wait::block() noexcept {
  after_case* earliest = timers_;
  for (after_case* each = timers_; each; each = each->next_) {
    if (each->due() < earliest->due()) earliest = each;
  }
  blocked_thread here;
  home = &here;
  slept_ = claim_.wait();
  if (slept_ && !here.wait_until(earliest->due()) &&
      claim_.take(earliest->link_.index) == select_claim::result::lost) {
    here.wait();
  }
  return false;
}

// False if the scheduler stops.
bool select_wait::add_timers() noexcept {
  sched::timer_queue* const queue = sched::this_worker::timers();
  for (after_case* each = timers_; each; each = each->next_) {
    each->timers_ = queue;
    if (!queue->set(*each, each->due())) return false;
  }
  return true;
}

// What happened in a wait: who claimed it has moved the value. If that was before the wait began,
// it may not have given back the lock yet, under which it did so.
void select_wait::withdraw() noexcept {
  const std::uint32_t taken = claim_.taken();
  if (taken >= select_claim::first_case) chosen_ = taken - select_claim::first_case;
  for (std::size_t i = 0; i < cases_.size(); ++i) {
    select_case& each = *cases_[i];
    if (!each.at_ || (slept_ && i == chosen_)) continue;
    each.at_->lock();
    if (each.link_.queued) each.queue_->remove(each.link_);
    each.at_->unlock();
  }
  for (after_case* each = timers_; each; each = each->next_) {
    if (each->timers_) each->timers_->cancel(*each);
  }
  if (chosen_ == selected::none) return;
  result_ = cases_[chosen_]->at_ ? cases_[chosen_]->link_.result : outcome::done;
}

selected select_wait::await_resume() noexcept {
  if (enqueued_) withdraw();
  if (scope_) scope_->remove(*this);
  if (chosen_ != selected::none) return {chosen_, error_of(result_, {})};
  return {selected::none, cause_ ? cause_ : base::errc::cancelled};
}

void select_wait::on_cancelled(const base::error_code& cause) noexcept {
  cause_ = cause;  // Read only if it is given up, and after the scope was left.
  if (claim_.take(select_claim::given_up) == select_claim::result::won) make_ready();
}

}  // namespace detail

void after_case::describe_to(detail::select_wait& select) noexcept {
  next_ = std::exchange(select.timers_, this);
}

detail::outcome after_case::attempt([[maybe_unused]] sched::runnable*& wake) noexcept {
  const bool is_due = due_ == base::steady_time{} ? duration_ <= std::chrono::nanoseconds::zero()
                                                  : due_ <= std::chrono::steady_clock::now();
  return is_due ? detail::outcome::done : detail::outcome::pending;
}

base::steady_time after_case::due() noexcept {
  if (due_ == base::steady_time{}) due_ = std::chrono::steady_clock::now() + duration_;
  return due_;
}

std::optional<base::steady_time> after_case::on_expired(base::steady_time now) noexcept {
  sched::runnable* const who = link_.who;  // Read before: a select that is starting may then go on.
  const std::uint32_t what =
      now == base::steady_time::max() ? detail::select_claim::given_up : link_.index;
  if (link_.claim->take(what) == detail::select_claim::result::won) who->make_ready();
  return std::nullopt;
}

void otherwise_case::describe_to(detail::select_wait& select) noexcept {
  select.otherwise_ = link_.index - detail::select_claim::first_case;
}

}  // namespace tacit::sync
