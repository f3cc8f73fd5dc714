// A job is handed straight to the thread that takes it: to the one on top of the idle stack, or to
// a new one as its first. So the queue holds jobs only while no thread is idle, and its length is
// exactly what waits.
//
// A stack, not a condition variable that all wait on: with that, work that trickles in goes round
// all threads, none is ever idle for long, and a pool that once grew never shrinks.

#include <tacit/sched/blocking.hpp>

#include <pthread.h>

#include <algorithm>
#include <mutex>

#include <tacit/sched/this_worker.hpp>

namespace tacit::sched {

// Where an idle thread waits. Lives on that thread's stack; guarded by mutex_.
struct blocking_pool::seat {
  base::condition_variable called;
  job* work = nullptr;
  bool taken = false;  // Off the stack: by a job, or by close().
  seat* below = nullptr;
};

blocking_pool::blocking_pool(const blocking_pool_options& options) : options_(options) {}

blocking_pool::~blocking_pool() {
  close();
  std::unique_lock lock(mutex_);
  all_left_.wait(lock, [this] { return threads_.empty(); });
  if (left_last_.joinable()) left_last_.join();
}

std::error_code blocking_pool::submit(job& work) noexcept {
  const std::lock_guard lock(mutex_);
  if (closed_) return std::make_error_code(std::errc::operation_canceled);
  if (seat* top = idle_) {
    idle_ = top->below;
    --counts_.idle;
    ++counts_.submitted;
    top->work = &work;
    top->taken = true;
    // Under the lock: once it is released the thread may have left with its seat.
    top->called.notify_one();
    return {};
  }
  if (threads_.size() < std::max(1U, options_.threads_max)) {
    try {
      start_thread(work);
      ++counts_.submitted;
      return {};
    } catch (const std::exception&) {
      // No thread and nobody who would come for the queue: the job would never run.
      if (threads_.empty()) {
        ++counts_.refused;
        return std::make_error_code(std::errc::resource_unavailable_try_again);
      }
    }
  }
  if (enqueue(work)) return {};
  return std::make_error_code(std::errc::resource_unavailable_try_again);
}

bool blocking_pool::enqueue(job& work) noexcept {
  if (counts_.queued >= options_.queued_max) {
    ++counts_.refused;
    return false;
  }
  work.next_ = nullptr;
  (last_ ? last_->next_ : first_) = &work;
  last_ = &work;
  ++counts_.submitted;
  counts_.queued_max = std::max(counts_.queued_max, ++counts_.queued);
  return true;
}

// Under the lock, so the thread finds itself in the list.
void blocking_pool::start_thread(job& first) {
  const auto self = threads_.emplace(threads_.end());
  try {
    *self = base::thread([this, self, job = &first] { work(self, job); });
  } catch (...) {
    threads_.erase(self);
    throw;
  }
  ++counts_.started;
}

void blocking_pool::work(std::list<base::thread>::iterator self, job* next) {
  pthread_setname_np(pthread_self(), "tacit-blocking");
  while (next) {
    next->run();
    std::unique_lock lock(mutex_);
    next = next_job(lock);
    if (!next) leave(self, lock);
  }
}

// nullptr when the thread is to end.
blocking_pool::job* blocking_pool::next_job(std::unique_lock<base::mutex>& lock) {
  if (job* queued = first_) {
    first_ = queued->next_;
    if (!first_) last_ = nullptr;
    --counts_.queued;
    return queued;
  }
  if (closed_) return nullptr;
  seat here;
  here.below = idle_;
  idle_ = &here;
  ++counts_.idle;
  if (here.called.wait_for(lock, options_.keep_alive, [&] { return here.taken; })) return here.work;
  seat** place = &idle_;
  while (*place != &here)
    place = &(*place)->below;
  *place = here.below;
  --counts_.idle;
  return nullptr;
}

// A thread cannot join itself: it joins who left before, and is joined by who leaves next.
void blocking_pool::leave(std::list<base::thread>::iterator self,
                          std::unique_lock<base::mutex>& lock) {
  base::thread before = std::exchange(left_last_, std::move(*self));
  threads_.erase(self);
  if (threads_.empty()) all_left_.notify_all();
  lock.unlock();
  if (before.joinable()) before.join();
}

void blocking_pool::close() noexcept {
  job* never_run = nullptr;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    never_run = std::exchange(first_, nullptr);
    last_ = nullptr;
    counts_.queued = 0;
    counts_.idle = 0;
    while (seat* top = idle_) {
      idle_ = top->below;
      top->taken = true;
      top->called.notify_one();
    }
  }
  while (job* refused = never_run) {
    never_run = refused->next_;
    refused->refuse(std::make_error_code(std::errc::operation_canceled));
  }
}

blocking_pool_statistics blocking_pool::statistics() const {
  const std::lock_guard lock(mutex_);
  blocking_pool_statistics now = counts_;
  now.threads = static_cast<std::uint32_t>(threads_.size());
  return now;
}

bool detail::may_not_block_here() noexcept {
  return this_worker::timers() != nullptr;
}

void detail::throw_refusal(std::error_code why) {
  throw std::system_error(why, "blocking work was refused");
}

}  // namespace tacit::sched
