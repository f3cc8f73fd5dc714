#include "model/mutex.hpp"

namespace tacit::model {

void mutex::lock() {
  execution* run = execution::current();
  if (!run) return;
  run->point();
  lock_now(*run);
}

void mutex::lock_now(execution& run) {
  if (locked_ && holder_ == run.self()) run.fail("a mutex is locked twice by one thread");
  while (locked_)
    run.block(this, "a mutex");
  locked_ = true;
  holder_ = run.self();
  run.acquire(published_);
  if (run.is_traced()) run.note("lock " + std::to_string(run.number_of(this)), place::here());
}

bool mutex::try_lock() {
  execution* run = execution::current();
  if (!run) return true;
  run->point();
  if (locked_) return false;
  lock_now(*run);
  return true;
}

void mutex::unlock() {
  execution* run = execution::current();
  if (!run) return;
  // Others may try to lock what is still locked.
  run->point();
  unlock_now(*run);
}

void mutex::unlock_now(execution& run) {
  if (!locked_ || holder_ != run.self()) run.fail("a mutex is unlocked by who does not hold it");
  locked_ = false;
  published_ = run.known();
  run.wake_all(this);
  if (run.is_traced()) run.note("unlock " + std::to_string(run.number_of(this)), place::here());
}

void condition_variable::notify_one() noexcept {
  if (execution* run = execution::current()) {
    run->point();
    run->wake_one(this);
  }
}

void condition_variable::notify_all() noexcept {
  if (execution* run = execution::current()) {
    run->point();
    run->wake_all(this);
  }
}

bool condition_variable::wait_once(std::unique_lock<mutex>& lock, bool timed) {
  execution* run = execution::current();
  run->point();
  lock.mutex()->unlock_now(*run);
  const bool notified = run->block(this, "a condition", timed);
  lock.mutex()->lock_now(*run);
  return notified;
}

}  // namespace tacit::model
