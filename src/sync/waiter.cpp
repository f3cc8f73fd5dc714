#include <tacit/sync/waiter.hpp>

#include <mutex>

namespace tacit::sync {

void waiter::enqueue(waiter_list& list) noexcept {
  list_ = &list;
  state_ = state::queued;
  list.push(*this);
}

void waiter::enqueue_first(waiter_list& list) noexcept {
  list_ = &list;
  state_ = state::queued;
  list.push_first(*this);
}

void waiter::on_cancelled(const base::error_code& cause) noexcept {
  {
    const std::lock_guard lock(*lock_);
    if (state_ == state::granted) return;
    error_ = cause;
    if (std::exchange(state_, state::cancelled) == state::starting) return;  // It will see it.
    list_->remove(*this);
  }
  left();
  make_ready();
}

void waiter_list::push(waiter& which) noexcept {
  which.previous_ = last_;
  which.following_ = nullptr;
  (last_ ? last_->following_ : first_) = &which;
  last_ = &which;
}

void waiter_list::push_first(waiter& which) noexcept {
  which.previous_ = nullptr;
  which.following_ = first_;
  (first_ ? first_->previous_ : last_) = &which;
  first_ = &which;
}

void waiter_list::remove(waiter& which) noexcept {
  (which.previous_ ? which.previous_->following_ : first_) = which.following_;
  (which.following_ ? which.following_->previous_ : last_) = which.previous_;
}

}  // namespace tacit::sync
