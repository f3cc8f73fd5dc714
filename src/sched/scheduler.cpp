#include <tacit/sched/scheduler.hpp>

#include <algorithm>
#include <thread>
#include <utility>

#include <tacit/base/asymmetric_fence.hpp>
#include <tacit/observe/pause_recorder.hpp>

#include "sched/idle.hpp"
#include "sched/inject_queue.hpp"
#include "sched/monitor.hpp"
#include "sched/worker_set.hpp"

namespace tacit::sched {

scheduler::scheduler(const scheduler_options& options)
    : options_(options), workers_max_(options.workers == 0 ? affinity_cpus() : options.workers) {
  base::enable_asymmetric_fences();
  const std::uint32_t count = workers_max() + spare_workers();
  if (options.record_pauses) pauses_ = std::make_unique<observe::pause_recorder>(count, 1);
  idle_ = std::make_unique<idle>(1, count);
  injected_ = std::make_unique<inject_queue>();
  workers_ = std::make_unique<worker_set>(count);
  monitor_ = std::make_unique<monitor>(*this);
  blocking_ = std::make_unique<blocking_pool>(options.blocking);
  grow_to({1, "one worker until the rest is started", 1});
  if (!options.starts_whole) return;
  try {
    complete();
  } catch (...) {
    stop(std::chrono::nanoseconds(0));
    throw;
  }
}

void scheduler::complete(const base::cgroup_finder* groups) {
  if (options_.workers == 0) {
    quota_.emplace(groups ? *groups : base::cgroup_finder());
    grow_to(quota_->current());
  } else {
    grow_to({options_.workers, "as asked", affinity_cpus()});
  }
  monitor_->start();
}

// Who reads workers() finds all of them made.
void scheduler::grow_to(cpu_limit limit) {
  limit.cpus = std::min(limit.cpus, workers_max());
  set_active(limit.cpus);
  if (pauses_) pauses_->set_workers(limit.cpus);
  limits_.push_back(std::make_unique<const cpu_limit>(std::move(limit)));
  limit_.store(limits_.back().get(), base::memory_order_release);
}

scheduler::~scheduler() {
  stop(std::chrono::nanoseconds(0));
}

std::size_t scheduler::stop(std::chrono::nanoseconds grace) {
  stopping_.store(true, base::memory_order_seq_cst);
  for (const auto& each : workers_->all())
    each->timers().close();
  // Looked at now and then: telling us of each end would cost every end an atomic.
  const auto deadline = std::chrono::steady_clock::now() + grace;
  while (live_roots() != 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  blocking_->close();
  monitor_->stop();
  halted_.store(true, base::memory_order_seq_cst);
  for (const auto& each : workers_->all()) {
    if (each->is_started()) each->waits_in().interrupt();
  }
  for (const auto& each : workers_->all())
    each->join();
  return live_roots();
}

poller& scheduler::poller_of(std::uint32_t worker) noexcept {
  return (*workers_)[worker].waits_in();
}

worker_statistics scheduler::statistics(std::uint32_t worker) const noexcept {
  return worker < workers_->size() ? (*workers_)[worker].statistics() : worker_statistics{};
}

void scheduler::plant_lock_pause(std::chrono::nanoseconds length) {
  base::atomic<bool> is_held{false};
  base::thread holder([&] {
    injected_->hold([&] {
      const auto end = std::chrono::steady_clock::now() + length;
      is_held.store(true, base::memory_order_release);
      while (std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_until(end);
    });
  });
  while (!is_held.load(base::memory_order_acquire))
    std::this_thread::yield();
  injected_->hold([] {});
  holder.join();
}

std::uint64_t scheduler::injected_waiting() const noexcept {
  return injected_->size();
}

std::uint64_t scheduler::stalls() const noexcept {
  return monitor_->stalls();
}

// The ends first: so the difference is never negative.
std::size_t scheduler::live_roots() const noexcept {
  std::uint64_t ended = 0;
  for (const auto& each : workers_->all())
    ended += each->ended_.value();
  std::uint64_t started = started_outside_.load(base::memory_order_acquire);
  for (const auto& each : workers_->all())
    started += each->started_.value();
  return started - ended;
}

bool scheduler::is_stopping() const noexcept {
  return stopping_.load(base::memory_order_seq_cst);
}

void scheduler::start(runnable& ready) noexcept {
  (*workers_)[0].start_root(ready);
}

// Those that are to sit out notice after their run, or when they are woken. By who starts the
// scheduler, then by the monitor.
void scheduler::set_active(std::uint32_t workers) {
  const std::uint32_t count = std::clamp(workers, 1U, workers_->size_max());
  while (workers_->size() < count)
    workers_->add(*this);
  const std::uint32_t before = active_.exchange(count, base::memory_order_relaxed);
  if (before == count) return;
  idle_->set_active(count);
  for (std::uint32_t i = std::min(before, count); i < std::max(before, count); ++i) {
    worker& each = (*workers_)[i];
    if (each.is_started()) {
      each.waits_in().interrupt();
    } else if (i < count) {
      each.start();
    }
  }
}

void scheduler::inject(runnable& ready) noexcept {
  inject_all(ready, ready, 1);
}

void scheduler::inject_all(runnable& first, runnable& last, std::uint64_t count) noexcept {
  injected_->push_all(first, last, count);
  wake_one();
}

void scheduler::wake_one() noexcept {
  // Without stealing nobody but its owner can take what is in a ring.
  if (!options_.stealing && injected_->size() == 0) return;
  const auto sleeper = idle_->take_sleeper();
  if (!sleeper) return;
  worker& called = (*workers_)[*sleeper];
  // Before the interrupt: who is woken looks how long ago it was called.
  called.called_at_ns_.store(std::chrono::steady_clock::now().time_since_epoch().count(),
                             base::memory_order_relaxed);
  called.waits_in().interrupt();
}

bool scheduler::has_ready_work() const noexcept {
  if (injected_->size() != 0) return true;
  if (!options_.stealing) return false;
  const auto workers = workers_->all();
  return std::any_of(workers.begin(), workers.end(),
                     [](const auto& each) { return each->has_work_for_thieves(); });
}

std::coroutine_handle<> scheduler::on_ended(promise_base& ended) noexcept {
  detail::finish_root(ended);
  // A root ends on a worker: its last step runs here.
  worker::current()->count_ended();
  return std::noop_coroutine();
}

}  // namespace tacit::sched
