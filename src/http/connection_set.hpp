#pragma once

#include <chrono>
#include <cstddef>

#include <tacit/base/atomic.hpp>
#include <tacit/io/stream.hpp>

namespace tacit::http {

/// The open connections of a server, so that it can drain them.
///
/// A connection tells when it is idle (nothing received of a next request). Draining stops the
/// reading of idle ones; the others see is_draining() and close after their answer. Idle flag and
/// draining flag are stored before the other one is read, both seq_cst: one of the two sides
/// notices.
///
/// Threads: any.
class connection_set {
 public:
  class entry {
   public:
    entry(connection_set& set, io::stream& stream);
    ~entry();
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;

    /// The connection waits for its next request. If the server drains, its reading is stopped.
    void set_idle() noexcept;
    void set_busy() noexcept { idle_.store(false, base::memory_order_relaxed); }

   private:
    friend class connection_set;
    connection_set& set_;
    io::stream& stream_;
    base::atomic<bool> idle_{false};
    entry* next_ = nullptr;      // Guarded by the set's mutex_.
    entry* previous_ = nullptr;  // Guarded by the set's mutex_.
  };

  [[nodiscard]] std::size_t size() const noexcept { return size_.load(base::memory_order_relaxed); }
  [[nodiscard]] bool is_draining() const noexcept {
    return draining_.load(base::memory_order_seq_cst);
  }

  /// Starts to close: idle connections now, the others after their answer.
  void drain() noexcept;

  /// Waits until the last connection has left. False if that takes longer than `timeout`, or cut()
  /// is called: a handler that waits for something else does not notice that its peer is cut.
  bool wait_until_empty(std::chrono::nanoseconds timeout);

  /// Cuts what is still open, and returns how many that were.
  std::size_t cut() noexcept;

 private:
  base::mutex mutex_;
  base::condition_variable changed_;
  bool is_cut_ = false;                // Guarded by mutex_.
  entry* first_ = nullptr;             // Guarded by mutex_.
  base::atomic<std::size_t> size_{0};  // Written under mutex_.
  base::atomic<bool> draining_{false};
};

}  // namespace tacit::http
