#include <tacit/sched/scheduler.hpp>

#include <algorithm>

#include <tacit/sched/available_cpus.hpp>

#include "sched/idle.hpp"
#include "sched/inject_queue.hpp"
#include "sched/worker.hpp"

namespace tacit::sched {

scheduler::scheduler(const scheduler_options& options) : memory_(options.memory) {
  const std::uint32_t count = options.workers ? options.workers : available_cpus();
  idle_ = std::make_unique<idle>(count);
  injected_ = std::make_unique<inject_queue>();
  workers_.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<worker>(*this, i, options.make_poller(i)));
  }
  // Only now: a worker looks at the queues of all others.
  for (auto& each : workers_)
    each->start();
}

scheduler::~scheduler() {
  stop(std::chrono::nanoseconds(0));
}

std::size_t scheduler::stop(std::chrono::nanoseconds grace) {
  stopping_.store(true, base::memory_order_seq_cst);
  for (auto& each : workers_)
    each->timers().close();
  {
    std::unique_lock lock(stop_mutex_);
    all_ended_.wait_for(lock, grace, [this] { return live_roots() == 0; });
  }
  halted_.store(true, base::memory_order_seq_cst);
  for (auto& each : workers_)
    each->waits_in().interrupt();
  for (auto& each : workers_)
    each->join();
  return live_roots();
}

poller& scheduler::poller_of(std::uint32_t worker) noexcept {
  return workers_[worker]->waits_in();
}

worker_statistics scheduler::statistics(std::uint32_t worker) const noexcept {
  return workers_[worker]->statistics();
}

std::uint64_t scheduler::injected_waiting() const noexcept {
  return injected_->size();
}

std::size_t scheduler::live_roots() const noexcept {
  return live_roots_.load(base::memory_order_acquire);
}

bool scheduler::is_stopping() const noexcept {
  return stopping_.load(base::memory_order_seq_cst);
}

void scheduler::start(runnable& ready) noexcept {
  live_roots_.fetch_add(1, base::memory_order_relaxed);
  workers_.front()->make_ready(ready);
}

void scheduler::inject(runnable& ready) noexcept {
  injected_->push(ready);
  wake_one();
}

void scheduler::wake_one() noexcept {
  if (const auto sleeper = idle_->take_sleeper()) workers_[*sleeper]->waits_in().interrupt();
}

bool scheduler::has_ready_work() const noexcept {
  if (injected_->size() != 0) return true;
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const auto& each) { return each->has_ready(); });
}

void scheduler::on_root_ended() noexcept {
  if (live_roots_.fetch_sub(1, base::memory_order_acq_rel) != 1) return;
  if (!is_stopping()) return;
  const std::lock_guard lock(stop_mutex_);
  all_ended_.notify_all();
}

}  // namespace tacit::sched
