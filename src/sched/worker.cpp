#include "sched/worker.hpp"

#include <pthread.h>

#include <cstdio>
#include <utility>

#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>

#include "sched/idle.hpp"
#include "sched/inject_queue.hpp"

namespace tacit::sched {
namespace {

constinit thread_local worker* current_worker = nullptr;

}  // namespace

worker* worker::current() noexcept {
  return current_worker;
}

worker::worker(scheduler& owner, std::uint32_t index, std::unique_ptr<poller> waits_in)
    : owner_(owner),
      index_(index),
      poller_(std::move(waits_in)),
      timers_(this, poller_.get()),
      random_state_(index * 2654435761U + 1) {}

void worker::start() {
  thread_ = base::thread([this] { run(); });
}

void worker::join() {
  if (thread_.joinable()) thread_.join();
}

void worker::run() {
  char name[16];
  std::snprintf(name, sizeof name, "tacit-%u", index_);
  pthread_setname_np(pthread_self(), name);

  const memory::thread_pools pools(owner_.memory_);
  current_worker = this;
  detail::exchange_current_agent(this);
  now_ = std::chrono::steady_clock::now();
  while (runnable* next = next_ready()) {
    runs_.increase();
    next->coroutine.resume();
  }
  detail::exchange_current_agent(nullptr);
  current_worker = nullptr;
}

// nullptr when the scheduler has halted.
runnable* worker::next_ready() {
  for (;;) {
    if (owner_.halted_.load(base::memory_order_relaxed)) return nullptr;
    if (++tick_ % fairness_interval == 0 || poll_next_) {
      poll_next_ = false;
      poll();
      if (runnable* ready = owner_.injected_->pop()) {
        injected_.increase();
        return found(ready);
      }
    }
    if (runnable* ready = queue_.pop()) return found(ready);
    if (runnable* ready = owner_.injected_->pop()) {
      injected_.increase();
      return found(ready);
    }
    if (runnable* ready = steal()) return found(ready);
    park();
  }
}

// A searcher that has found work lets the next one search, if there is more to find.
runnable* worker::found(runnable* ready) noexcept {
  if (std::exchange(searching_, false) && owner_.idle_->leave_search() && owner_.has_ready_work()) {
    owner_.wake_one();
  }
  return ready;
}

runnable* worker::steal() noexcept {
  const std::uint32_t count = owner_.workers();
  if (!searching_) searching_ = owner_.idle_->enter_search();
  if (!searching_ || count == 1) return nullptr;
  const std::uint32_t first = random() % count;
  for (std::uint32_t i = 0; i < count; ++i) {
    worker& victim = *owner_.workers_[(first + i) % count];
    if (&victim == this) continue;
    if (runnable* ready = victim.queue_.steal_into(queue_)) {
      steals_.increase();
      return ready;
    }
  }
  return owner_.injected_->pop();
}

void worker::poll() {
  in_poller_ = true;
  poller_->poll();
  after_poll();
}

// The protocol is at the head of idle.hpp.
void worker::park() {
  memory::frame_pool::flush_strays();
  const bool was_last_searcher = owner_.idle_->park(index_, std::exchange(searching_, false));
  if (was_last_searcher && owner_.has_ready_work()) owner_.wake_one();
  parks_.increase();
  in_poller_ = true;
  poller_->wait(timers_.earliest());
  searching_ = owner_.idle_->unpark(index_);
  after_poll();
}

void worker::after_poll() {
  now_ = std::chrono::steady_clock::now();
  timers_.expire(now_);
  in_poller_ = false;
  // One for us; the others wait, so another worker may take them.
  if (queue_.size_approx() > 1) owner_.wake_one();
}

void worker::make_ready(runnable& ready) noexcept {
  worker* here = current_worker;
  if (here && &here->owner_ == &owner_) {
    here->push(ready);
  } else {
    owner_.inject(ready);
  }
}

void worker::yield(runnable& yielding) noexcept {
  poll_next_ = true;
  push(yielding);
}

void worker::push(runnable& ready) noexcept {
  if (!queue_.push(ready)) [[unlikely]] {
    overflows_.increase();
    owner_.inject(ready);
    return;
  }
  // A completion is counted in after_poll. What a running coroutine makes ready waits behind it,
  // for nobody knows how long.
  if (!in_poller_) owner_.wake_one();
}

worker_statistics worker::statistics() const noexcept {
  return {runs_.value(),  steals_.value(),    injected_.value(),
          parks_.value(), overflows_.value(), queue_.size_approx()};
}

// xorshift32: where to start looking for work need not be unpredictable.
std::uint32_t worker::random() noexcept {
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 17;
  random_state_ ^= random_state_ << 5;
  return random_state_;
}

bool yield::await_ready() const noexcept {
  return current_worker == nullptr;
}

void yield::await_suspend(std::coroutine_handle<> awaiting) noexcept {
  coroutine = awaiting;
  home = current_worker;
  current_worker->yield(*this);
}

timer_queue* this_worker::timers() noexcept {
  return current_worker ? &current_worker->timers() : nullptr;
}

poller* this_worker::current_poller() noexcept {
  return current_worker ? &current_worker->waits_in() : nullptr;
}

base::steady_time this_worker::coarse_now() noexcept {
  return current_worker ? current_worker->coarse_now() : std::chrono::steady_clock::now();
}

bool this_worker::is_stopping() noexcept {
  return current_worker && current_worker->owner().is_stopping();
}

}  // namespace tacit::sched
