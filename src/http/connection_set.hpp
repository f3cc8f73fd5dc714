#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/sched/cancel.hpp>

#include "http/request_label.hpp"
#include "io/socket_report.hpp"

namespace tacit::http {

/// What a connection does at a moment.
enum class activity : std::uint8_t {
  idle,          ///< Waits for a request of which nothing has come.
  reading_head,  ///< Has the beginning of a request.
  reading_body,
  handling,
  writing,
  lingering,  ///< Everything is answered; waits for the peer to close.
};

[[nodiscard]] std::string_view to_string(activity value) noexcept;

/// How many values there are of activity.
inline constexpr std::size_t activities = static_cast<std::size_t>(activity::lingering) + 1;

/// A connection as it was at a moment.
struct connection_info {
  activity doing = activity::idle;
  bool is_asleep = false;  ///< Idle, and no coroutine waits for it.
  std::chrono::nanoseconds age{};
  std::uint64_t held_bytes = 0;  ///< For what it receives and answers, frames not included.
  request_label::summary requests;
  io::socket_report socket;
};

/// Open connections as they were at a moment.
struct connection_listing {
  std::array<std::size_t, activities> count{};  ///< Of all, by what they do.
  std::size_t asleep = 0;                       ///< Of the idle ones.
  std::vector<connection_info> connections;     ///< The newest first.
};

/// The open connections of a server, so that it can list and drain them.
///
/// Drained in steps: drain() has every connection say `Connection: close` with its next answer, so
/// that a peer that goes on sending loses nothing; close_idle() ends those that wait for a request;
/// cut() ends the rest.
///
/// A connection tells when it is idle. Its idle state and the set's stage are each stored before
/// the other one is read, all seq_cst: one of the two sides notices. Reading is stopped, not the
/// connection: what the kernel has received by then is read and answered. What is on its way is
/// lost to the peer, which sees the connection end without a byte of an answer; HTTP/1.1 has no way
/// to avoid that (RFC 9112 section 9.5), only to make it rare.
///
/// Threads: any.
class connection_set {
 public:
  class entry {
   public:
    /// `label` lives at least as long as this.
    entry(connection_set& set, io::stream& stream, const request_label* label = nullptr);
    ~entry();
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;

    /// The connection waits for its next request. If idle ones are being closed, so is this one.
    void set_idle() noexcept;

    /// It does something else than to wait for a request.
    void set(activity now) noexcept { activity_.store(now, base::memory_order_relaxed); }

    /// `scope` is cancelled with errc::draining by drain(), at once if that was called already.
    /// Null: no more.
    void cancel_at_drain(sched::cancel_scope* scope) noexcept;

    /// Whether its reading was stopped: then an end of the stream need not be the peer's.
    [[nodiscard]] bool is_stopped() const noexcept {
      return stopped_.load(base::memory_order_acquire);
    }

    /// No coroutine waits for its next request, until it is said that one does.
    void set_asleep(bool is_so) noexcept { asleep_.store(is_so, base::memory_order_relaxed); }

    /// What it has in blocks and arena, for the listing.
    void set_held(std::size_t bytes) noexcept {
      held_bytes_.store(static_cast<std::uint32_t>(bytes), base::memory_order_relaxed);
    }

   private:
    friend class connection_set;
    void stop() noexcept;

    connection_set& set_;
    io::stream& stream_;
    const request_label* const label_;
    const base::steady_time opened_;
    base::atomic<activity> activity_{activity::idle};
    base::atomic<bool> stopped_{false};
    base::atomic<bool> asleep_{false};
    base::atomic<std::uint32_t> held_bytes_{0};
    sched::cancel_scope* ends_with_drain_ = nullptr;  // Guarded by the set's mutex_.
    entry* next_ = nullptr;                           // Guarded by the set's mutex_.
    entry* previous_ = nullptr;                       // Guarded by the set's mutex_.
  };

  [[nodiscard]] std::size_t size() const noexcept { return size_.load(base::memory_order_relaxed); }
  /// Counts all, and describes up to `most` of those that do `only`, if that is given. Meanwhile
  /// none can be opened or closed: some 2 us for each that is described.
  [[nodiscard]] connection_listing list(std::size_t most, std::optional<activity> only = {}) const;

  [[nodiscard]] bool is_draining() const noexcept {
    return stage_.load(base::memory_order_relaxed) != stage::open;
  }

  /// From now on every answer is the last one of its connection, and those that would not end are
  /// told to.
  void drain() noexcept;

  /// Closes the connections that wait for a request, now and from now on. Implies drain().
  void close_idle() noexcept;

  /// Closes those of the next `looked_at_max` connections that wait for a request, since memory is
  /// short; with `also_reading` those as well of which a request has not come whole, or that
  /// linger. Others come up at each call.
  void close_some(std::size_t looked_at_max, bool also_reading) noexcept;

  /// Waits until the last connection has left. False if that takes longer than `timeout`, or cut()
  /// is called: a handler that waits for something else does not notice that its peer is cut.
  bool wait_until_empty(std::chrono::nanoseconds timeout);

  /// Waits for cut(), but no longer than `timeout`. True if it was called.
  bool wait_for_cut(std::chrono::nanoseconds timeout);

  /// Cuts what is open or is opened later. Returns how many connections had something under way.
  std::size_t cut() noexcept;

  /// How many connections with something under way were cut so far.
  [[nodiscard]] std::size_t cut_under_way() const noexcept;

 private:
  enum class stage : std::uint8_t { open, draining, closing_idle };

  mutable base::mutex mutex_;
  base::condition_variable changed_;
  bool is_cut_ = false;                // Guarded by mutex_.
  std::size_t cut_under_way_ = 0;      // Guarded by mutex_.
  entry* first_ = nullptr;             // Guarded by mutex_.
  entry* next_looked_at_ = nullptr;    // By close_some(). Guarded by mutex_.
  base::atomic<std::size_t> size_{0};  // Written under mutex_.
  base::atomic<stage> stage_{stage::open};
};

}  // namespace tacit::http
