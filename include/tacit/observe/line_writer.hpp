#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <tacit/base/atomic.hpp>
#include <tacit/base/word_lock.hpp>

namespace tacit::observe {

/// Writes lines to a file on a thread of its own, so that whoever has one to write never waits.
///
/// Lines wait in a bounded queue; when the file is too slow for them, further ones are dropped and
/// counted. Lines of one thread keep their order.
///
/// Threads:   write() and dropped() from any.
/// Lifetime:  the destructor writes what waits, unless nobody takes it for a second.
/// Errors:    the constructor throws std::system_error if the file cannot be opened. What cannot be
///            written later counts as dropped.
class line_writer {
 public:
  /// Appends to `file`, which is made if it is not there; "-" is stdout.
  line_writer(const std::string& file, std::size_t waiting_bytes_max);
  ~line_writer();
  line_writer(const line_writer&) = delete;
  line_writer& operator=(const line_writer&) = delete;

  /// Queues `line`, with its line end. False if it was dropped.
  bool write(std::string_view line) noexcept;

  /// Lines that were not written.
  [[nodiscard]] std::uint64_t dropped() const noexcept {
    return dropped_.load(base::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t shelves = 8;  // Threads beyond share one, which costs, not harms.

  // Two blocks: one is filled while the other one is written.
  struct alignas(base::cache_line_bytes) shelf {
    base::word_lock lock;             // Guards the rest.
    std::unique_ptr<char[]> filling;  // Made by the first line.
    std::size_t bytes = 0;
    std::uint64_t lines = 0;
  };

  void run();
  bool write_waiting();
  [[nodiscard]] bool is_empty() noexcept;
  bool write_out(std::string_view bytes) noexcept;
  void wake() noexcept;

  const std::size_t shelf_bytes_;
  int fd_;
  bool owns_fd_;
  bool is_file_;
  std::array<shelf, shelves> shelves_;
  std::unique_ptr<char[]> spare_;  // The writer's.
  base::atomic<std::uint64_t> dropped_{0};
  base::atomic<bool> asleep_{false};
  base::atomic<bool> stopping_{false};
  base::mutex mutex_;
  base::condition_variable woken_;
  bool is_woken_ = false;  // Guarded by mutex_.
  base::thread thread_;
};

}  // namespace tacit::observe
