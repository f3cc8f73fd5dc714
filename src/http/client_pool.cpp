#include "http/client_pool.hpp"

#include <algorithm>
#include <mutex>

#include <tacit/sched/this_worker.hpp>

namespace tacit::http {

client_lease::~client_lease() {
  if (!pool_) return;
  connection.reset();
  pool_->give_up();
}

void client_lease::give_back() noexcept {
  const auto pool = std::exchange(pool_, nullptr);
  pool->give_back(std::move(connection));
}

client_pool::client_pool(http::origin to, const client_options& options, client_counters& counters)
    : sched::timer(calls::unlocked),
      origin_(std::move(to)),
      options_(options),
      counters_(counters) {
  idle_.reserve(options.idle_per_origin_max);
}

client_pool::~client_pool() {
  sched::timer_queue* armed_on = nullptr;
  {
    const std::lock_guard lock(lock_);
    armed_on = armed_on_;
  }
  if (armed_on) armed_on->cancel(*this);
  close(take_idle(base::steady_time::max()));
}

client_pool::answer client_pool::try_acquire(client_lease& into) noexcept {
  std::unique_ptr<client_connection> taken;
  const answer got = try_take(taken);
  if (got == answer::had) into = client_lease(shared_from_this(), std::move(taken));
  return got;
}

client_pool::answer client_pool::try_take(std::unique_ptr<client_connection>& into) noexcept {
  const std::lock_guard lock(lock_);
  if (!idle_.empty()) {
    into = std::move(idle_.back());
    idle_.pop_back();
    client_counters::take(counters_.idle);
    return answer::had;
  }
  if (open_ < options_.connections_per_origin_max) {
    ++open_;
    client_counters::add(counters_.open);
    return answer::had;
  }
  if (waiting_ < options_.waiting_per_origin_max) return answer::must_wait;
  client_counters::add(counters_.refused);
  return answer::refused;
}

// True if it has to. Since try_take() a connection may have come free.
bool client_pool::acquire_awaiter::wait() noexcept {
  const std::lock_guard lock(pool_.lock_);
  if (is_cancelled()) return false;
  if (!pool_.idle_.empty()) {
    given_ = std::move(pool_.idle_.back());
    pool_.idle_.pop_back();
    client_counters::take(pool_.counters_.idle);
    accept();
    return false;
  }
  if (pool_.open_ < pool_.options_.connections_per_origin_max) {
    ++pool_.open_;
    client_counters::add(pool_.counters_.open);
    accept();
    return false;
  }
  ++pool_.waiting_;
  client_counters::add(pool_.counters_.waiting);
  enqueue(pool_.line_);
  return true;
}

// By one who was cancelled while it waited.
void client_pool::left_line() noexcept {
  const std::lock_guard lock(lock_);
  --waiting_;
  client_counters::take(counters_.waiting);
}

void client_pool::give_back(std::unique_ptr<client_connection> which) noexcept {
  acquire_awaiter* next = nullptr;
  sched::timer_queue* const timers = sched::this_worker::timers();
  sched::timer_queue* arm_on = nullptr;
  const base::steady_time now = sched::this_worker::coarse_now();
  {
    const std::lock_guard lock(lock_);
    next = static_cast<acquire_awaiter*>(line_.grant_first());
    if (next) {
      --waiting_;
      client_counters::take(counters_.waiting);
      next->given_ = std::move(which);
    } else if (timers && !is_over_ && idle_.size() < options_.idle_per_origin_max) {
      which->idle_since = now;
      idle_.push_back(std::move(which));
      client_counters::add(counters_.idle);
      if (!armed_on_) armed_on_ = arm_on = timers;
    } else {
      --open_;
      client_counters::take(counters_.open);
    }
  }
  if (next) next->make_ready();
  if (arm_on && !arm_on->set(*this, now + options_.idle_timeout)) end();
}

void client_pool::give_up() noexcept {
  acquire_awaiter* next = nullptr;
  {
    const std::lock_guard lock(lock_);
    next = static_cast<acquire_awaiter*>(line_.grant_first());
    if (next) {
      --waiting_;
      client_counters::take(counters_.waiting);
    } else {
      --open_;
      client_counters::take(counters_.open);
    }
  }
  if (next) next->make_ready();
}

// Goes on also while none is idle: once per idle time is no cost, and a timer that was let go could
// be wanted again while it is still being called.
std::optional<base::steady_time> client_pool::on_expired(base::steady_time now) noexcept {
  if (now == base::steady_time::max()) {
    end();
    return std::nullopt;
  }
  close(take_idle(now - options_.idle_timeout));
  const std::lock_guard lock(lock_);
  return (idle_.empty() ? now : idle_.front()->idle_since) + options_.idle_timeout;
}

// The scheduler stops.
void client_pool::end() noexcept {
  {
    const std::lock_guard lock(lock_);
    is_over_ = true;
    armed_on_ = nullptr;
  }
  close(take_idle(base::steady_time::max()));
}

// Those that have been idle since then, or longer.
client_pool::connections client_pool::take_idle(base::steady_time since_before) noexcept {
  connections taken;
  taken.reserve(options_.idle_per_origin_max);  // Not under the lock.
  const std::lock_guard lock(lock_);
  const auto young = std::find_if(idle_.begin(), idle_.end(), [&](const auto& each) {
    return each->idle_since > since_before;
  });
  std::move(idle_.begin(), young, std::back_inserter(taken));
  idle_.erase(idle_.begin(), young);
  return taken;
}

// While they are counted nobody opens another one in their place.
void client_pool::close(connections taken) noexcept {
  const auto count = static_cast<std::uint32_t>(taken.size());
  taken.clear();
  client_counters::take(counters_.idle, count);
  for (std::uint32_t i = 0; i < count; ++i)
    give_up();
}

}  // namespace tacit::http
