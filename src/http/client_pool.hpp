#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/http/client.hpp>
#include <tacit/http/connector.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/memory/buffer_pool.hpp>
#include <tacit/sched/timer_queue.hpp>
#include <tacit/sync/waiter.hpp>

namespace tacit::http {

/// A connection of a client. Its block is held only while a request is under way.
struct client_connection {
  std::unique_ptr<io::stream> stream;
  memory::buffer block;
  std::size_t begin = 0;  ///< What was received and is not consumed lies from here
  std::size_t end = 0;    ///< to here.
  std::uint64_t requests = 0;
  base::steady_time idle_since{};
};

/// What a client counts.
struct client_counters {
  base::atomic<std::uint64_t> requests{0};
  base::atomic<std::uint64_t> failures{0};
  base::atomic<std::uint64_t> retries{0};
  base::atomic<std::uint64_t> retries_suppressed{0};
  base::atomic<std::uint64_t> opened{0};
  base::atomic<std::uint64_t> reused{0};
  base::atomic<std::uint64_t> stale{0};
  base::atomic<std::uint64_t> refused{0};
  base::atomic<std::uint32_t> open{0};
  base::atomic<std::uint32_t> idle{0};
  base::atomic<std::uint32_t> waiting{0};

  template <class Number>
  static void add(base::atomic<Number>& to, Number count = 1) noexcept {
    to.fetch_add(count, base::memory_order_relaxed);
  }
  template <class Number>
  static void take(base::atomic<Number>& from, Number count = 1) noexcept {
    from.fetch_sub(count, base::memory_order_relaxed);
  }
};

class client_pool;

/// The right to have one connection of a pool, and the connection, if there is one already.
/// Destroyed, it closes that, and the next who waits may open one.
class client_lease {
 public:
  client_lease() = default;
  client_lease(std::shared_ptr<client_pool> of, std::unique_ptr<client_connection> had) noexcept
      : connection(std::move(had)), pool_(std::move(of)) {}
  client_lease(client_lease&&) noexcept = default;
  client_lease& operator=(client_lease&& other) noexcept {
    std::swap(connection, other.connection);
    std::swap(pool_, other.pool_);
    return *this;
  }
  ~client_lease();

  explicit operator bool() const noexcept { return pool_ != nullptr; }
  [[nodiscard]] client_pool& pool() const noexcept { return *pool_; }

  /// Gives the connection to whoever is next, or keeps it for later. Ends the lease.
  void give_back() noexcept;

  std::unique_ptr<client_connection> connection;

 private:
  std::shared_ptr<client_pool> pool_;
};

/// The connections to one origin: those in use are counted, those that are idle are held.
///
/// While somebody waits nobody else is given a connection, and none is idle: what is given back, or
/// may be opened anew, goes to the first in line.
///
/// Idle ones are closed by a timer on the queue of the worker that first gave one back. That queue
/// calls it also when its scheduler stops, so that no stream outlives its reactor.
///
/// Threads: any. Lifetime: outlives its leases, which hold it.
class client_pool final : public std::enable_shared_from_this<client_pool>, sched::timer {
 public:
  class acquire_awaiter;
  enum class answer { had, must_wait, refused };

  client_pool(http::origin to, const client_options& options, client_counters& counters);
  ~client_pool();

  [[nodiscard]] const http::origin& origin() const noexcept { return origin_; }

  /// What can be had without waiting.
  [[nodiscard]] answer try_acquire(client_lease& into) noexcept;

  /// Gives an error_code, and a lease to `into`. Waits in line; the cause if it is cancelled,
  /// errc::overloaded if the line is full.
  [[nodiscard]] acquire_awaiter acquire(client_lease& into) noexcept;

 private:
  friend class client_lease;
  using connections = std::vector<std::unique_ptr<client_connection>>;

  answer try_take(std::unique_ptr<client_connection>& into) noexcept;
  void give_back(std::unique_ptr<client_connection> which) noexcept;
  void give_up() noexcept;
  void left_line() noexcept;
  std::optional<base::steady_time> on_expired(base::steady_time now) noexcept override;
  void end() noexcept;
  connections take_idle(base::steady_time since_before) noexcept;
  void close(connections taken) noexcept;

  const http::origin origin_;
  const client_options& options_;
  client_counters& counters_;

  base::word_lock lock_;
  // The rest is guarded by lock_.
  std::uint32_t open_ = 0;
  std::uint32_t waiting_ = 0;
  connections idle_;  // The last used one last. Never grows beyond what was reserved.
  sync::waiter_list line_;
  sched::timer_queue* armed_on_ = nullptr;
  bool is_over_ = false;  // Nothing is kept idle any more.
};

class [[nodiscard]] client_pool::acquire_awaiter final : private sync::waiter {
 public:
  acquire_awaiter(client_pool& of, client_lease& into) noexcept : pool_(of), into_(into) {}

  [[nodiscard]] bool await_ready() noexcept {
    answer_ = pool_.try_take(given_);
    return answer_ != answer::must_wait;
  }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    return begin(awaiting, "connection of a client", pool_.lock_, place) && wait() ? true
                                                                                   : carry_on();
  }
  base::error_code await_resume() noexcept {
    if (answer_ == answer::must_wait) end();
    if (answer_ == answer::refused) return base::errc::overloaded;
    if (error()) return error();
    into_ = client_lease(pool_.shared_from_this(), std::move(given_));
    return {};
  }

 private:
  friend class client_pool;
  bool wait() noexcept;
  void left() noexcept override { pool_.left_line(); }

  client_pool& pool_;
  client_lease& into_;
  std::unique_ptr<client_connection> given_;
  answer answer_ = answer::must_wait;
};

inline client_pool::acquire_awaiter client_pool::acquire(client_lease& into) noexcept {
  return {*this, into};
}

}  // namespace tacit::http
