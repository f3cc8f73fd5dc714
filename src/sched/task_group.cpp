// The group's lock decides who has room and who is last; it is held for a few instructions. Order
// of locks: a scope's, then the group's. Who leaves without being the last must not touch the group
// afterwards: the last one resumes the parent, which may destroy it.

#include <tacit/sched/task_group.hpp>

#include <cassert>
#include <mutex>

#include <tacit/sched/this_worker.hpp>

#include "sched/worker.hpp"

namespace tacit::sched {

task_group::~task_group() {
  assert((!body_ || (body_ended_ && live_ == 0)) && "a task group outlives its run()");
}

void task_group::begin(promise_base& body, std::coroutine_handle<> parent,
                       cancel_scope* around) noexcept {
  assert(!body_ && "a task group runs once");
  parent_ = parent;
  body_ = &body;
  scope_.emplace(around);
  body.scope = &*scope_;
  body.hook = this;
}

bool task_group::reserve() noexcept {
  const std::lock_guard lock(lock_);
  if (live_ >= options_.children_max) return false;
  ++live_;
  return true;
}

bool task_group::try_spawn(task<>&& child, base::source_place place) noexcept {
  if (!reserve()) return false;
  start(child, place);
  return true;
}

// At the end of the ring and not in the next slot: the spawner may go on for long, and there are
// often several.
void task_group::start(task<>& child, base::source_place place) noexcept {
  promise_base& promise = child.promise();
  promise.hook = this;
  promise.scope = &*scope_;
  memory::frame_note& note = promise.note();
  note.describe_root(nullptr, place);
  memory::note(note.awaited_by, static_cast<const void*>(parent_.address()));
  memory::note(note.request, body_->note().request.load(base::memory_order_relaxed));
  memory::note(note.now, memory::frame_note::state::ready);
  promise.self.home = current_agent();
  (void)child.release();  // Destroyed in on_ended().
  if (worker* here = worker::current()) {
    here->start(promise.self);
  } else {
    promise.self.make_ready();
  }
}

bool task_group::cancel(base::error_code cause) noexcept {
  return scope_->cancel(cause);
}

std::uint32_t task_group::live_children() const noexcept {
  const std::lock_guard lock(lock_);
  return live_;
}

std::coroutine_handle<> task_group::on_ended(promise_base& ended) noexcept {
  const bool is_body = &ended == body_;
  if (ended.exception) [[unlikely]]
    fail(ended.exception);
  if (!is_body) ended.self.coroutine.destroy();
  return leave(is_body);
}

void task_group::fail(const std::exception_ptr& thrown) noexcept {
  {
    const std::lock_guard lock(lock_);
    exceptions_.push_back(thrown);  // Allocates under the lock, which only failures pay for.
  }
  scope_->cancel(base::errc::cancelled);
}

// A child that leaves gives its room to who has waited for longest.
std::coroutine_handle<> task_group::leave(bool is_body) noexcept {
  spawning* granted = nullptr;
  bool is_last = false;
  {
    const std::lock_guard lock(lock_);
    if (is_body) {
      body_ended_ = true;
    } else if ((granted = first_waiting_)) {
      granted->unlink();
      granted->state_ = spawning::state::granted;
    } else {
      --live_;
    }
    is_last = body_ended_ && live_ == 0;
  }
  if (granted) granted->make_ready();
  return is_last ? parent_ : std::noop_coroutine();
}

void task_group::rethrow_first() const {
  if (!exceptions_.empty()) [[unlikely]]
    std::rethrow_exception(exceptions_.front());
}

bool task_group::spawning::await_ready() noexcept {
  if (!group_.reserve()) return false;
  state_ = state::granted;
  return this_worker::spend_budget();
}

bool task_group::spawning::wait() noexcept {
  if (scope_) {
    // Once it is added, error_ is for on_cancelled() to write.
    if (const base::error_code early = scope_->add(*this)) {
      error_ = early;
      return false;
    }
  }
  const std::lock_guard lock(group_.lock_);
  if (state_ == state::cancelled) return false;
  if (group_.live_ < group_.options_.children_max) {
    ++group_.live_;
    state_ = state::granted;
    return false;
  }
  state_ = state::waiting;
  (group_.last_waiting_ ? group_.last_waiting_->following_waiting_ : group_.first_waiting_) = this;
  group_.last_waiting_ = this;
  return true;
}

base::error_code task_group::spawning::await_resume() noexcept {
  if (scope_) scope_->remove(*this);
  if (state_ == state::granted) group_.start(child_, place_);
  return error_;
}

void task_group::spawning::on_cancelled(const base::error_code& cause) noexcept {
  {
    const std::lock_guard lock(group_.lock_);
    if (state_ == state::granted) return;
    error_ = cause;
    if (std::exchange(state_, state::cancelled) == state::starting) return;  // wait() will see it.
    unlink();
  }
  make_ready();
}

// Under the group's lock. As many wait as there are coroutines that spawn: few.
void task_group::spawning::unlink() noexcept {
  spawning** link = &group_.first_waiting_;
  spawning* before = nullptr;
  for (; *link != this; link = &before->following_waiting_)
    before = *link;
  *link = following_waiting_;
  if (group_.last_waiting_ == this) group_.last_waiting_ = before;
}

}  // namespace tacit::sched
