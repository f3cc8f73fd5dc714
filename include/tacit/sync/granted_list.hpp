#pragma once

#include <tacit/sync/waiter.hpp>

namespace tacit::sync {

/// Waiters that were granted under a primitive's lock, linked through themselves, to be made ready
/// once the lock is left.
class granted_list {
 public:
  granted_list() = default;
  granted_list(const granted_list&) = delete;
  granted_list& operator=(const granted_list&) = delete;

  void add(waiter& granted) noexcept {
    granted.next = nullptr;
    (last_ ? last_->next : first_) = &granted;
    last_ = &granted;
  }

  /// Grants all in `list`. Under the primitive's lock.
  void add_all(waiter_list& list) noexcept {
    while (waiter* granted = list.grant_first())
      add(*granted);
  }

  /// In the order in which they were added.
  void make_ready() noexcept {
    while (sched::runnable* ready = first_) {
      first_ = ready->next;  // Read before: it may be gone afterwards.
      ready->make_ready();
    }
    last_ = nullptr;
  }

 private:
  sched::runnable* first_ = nullptr;
  sched::runnable* last_ = nullptr;
};

}  // namespace tacit::sync
