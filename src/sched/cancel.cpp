// Order of locks: a scope's, then that of a scope inside it, then that of what is waited on. Who
// completes a wait holds none of them when it takes a scope's.

#include <tacit/sched/cancel.hpp>

#include <algorithm>
#include <mutex>

#include <tacit/sched/this_worker.hpp>

namespace tacit::sched {

base::error_code cancel_scope::add(cancel_hook& hook) noexcept {
  // Only a scope in which something waits has to hear of its parent.
  if (parent_ && !attached_.load(base::memory_order_acquire)) {
    if (const base::error_code above = parent_->add(*this)) return above;
    attached_.store(true, base::memory_order_release);
  }
  const std::lock_guard lock(lock_);
  if (cancelled_.load(base::memory_order_relaxed)) return cause_;
  if (hook.linked_) return {};  // Two coroutines of one scope may attach it at once.
  hook.linked_ = true;
  hook.previous_ = nullptr;
  hook.following_ = first_;
  if (first_) first_->previous_ = &hook;
  first_ = &hook;
  return {};
}

void cancel_scope::remove(cancel_hook& hook) noexcept {
  const std::lock_guard lock(lock_);
  if (hook.linked_) unlink(hook);
}

void cancel_scope::unlink(cancel_hook& hook) noexcept {
  (hook.previous_ ? hook.previous_->following_ : first_) = hook.following_;
  if (hook.following_) hook.following_->previous_ = hook.previous_;
  hook.linked_ = false;
}

bool cancel_scope::cancel(base::error_code cause) noexcept {
  const std::lock_guard lock(lock_);
  if (cancelled_.load(base::memory_order_relaxed)) return false;
  cause_ = cause;
  cancelled_.store(true, base::memory_order_release);
  while (cancel_hook* hook = first_) {
    unlink(*hook);
    // What it wakes waits in remove() for our lock before it goes on.
    hook->on_cancelled(cause);
  }
  return true;
}

bool cancel_scope::is_cancelled() const noexcept {
  for (const cancel_scope* each = this; each; each = each->parent_) {
    if (each->cancelled_.load(base::memory_order_acquire)) return true;
  }
  return false;
}

base::error_code cancel_scope::cause() const noexcept {
  for (const cancel_scope* each = this; each; each = each->parent_) {
    if (each->cancelled_.load(base::memory_order_acquire)) return each->cause_;
  }
  return {};
}

std::optional<base::steady_time> cancel_scope::deadline() const noexcept {
  base::steady_time earliest = base::steady_time::max();
  for (const cancel_scope* each = this; each; each = each->parent_) {
    earliest = std::min(earliest, each->deadline_);
  }
  return earliest == base::steady_time::max() ? std::nullopt : std::optional(earliest);
}

deadline_scope::deadline_scope(base::steady_time due, cancel_scope* parent) noexcept
    : cancel_scope(parent), timer(calls::unlocked), timers_(this_worker::timers()) {
  deadline_ = due;
  // The queue of a scheduler that stops is closed: as if it had been closed a moment later.
  if (timers_ && !timers_->set(*this, due)) cancel(base::errc::cancelled);
}

deadline_scope::~deadline_scope() {
  if (timers_) timers_->cancel(*this);
}

base::error_code deadline_scope::settle() noexcept {
  if (timers_) {
    timers_->cancel(*this);
  } else if (std::chrono::steady_clock::now() >= deadline().value_or(deadline_)) {
    cancel(base::errc::timed_out);
  }
  return cause();
}

std::optional<base::steady_time> deadline_scope::on_expired(base::steady_time now) noexcept {
  cancel(now == base::steady_time::max() ? base::errc::cancelled : base::errc::timed_out);
  return std::nullopt;
}

}  // namespace tacit::sched
