#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include <tacit/base/clock.hpp>
#include <tacit/io/stream.hpp>

namespace tacit::http {

/// Judges a peer by its progress: each `window` of waiting must bring `bytes_per_s` times its
/// length, and at least something. Time in which nobody waits for the peer does not count.
class progress_window {
 public:
  progress_window(std::chrono::milliseconds window, std::uint32_t bytes_per_s) noexcept
      : window_(window),
        owed_(std::max<std::uint64_t>(
            1, static_cast<std::uint64_t>(window.count()) * bytes_per_s / 1000)) {}

  /// How long the next wait may take. In steps of an eighth, because changing the timeout of a
  /// blocking stream costs a system call.
  [[nodiscard]] io::stream::duration patience() const noexcept {
    const auto eighth = window_ / 8;
    if (eighth == io::stream::duration::zero()) return window_;
    const auto left = std::max(window_ - waited_, eighth);
    return (left + eighth - io::stream::duration(1)) / eighth * eighth;
  }

  void waited(io::stream::duration time, std::uint64_t bytes) noexcept {
    waited_ += time;
    bytes_ += bytes;
    if (bytes_ < owed_) return;
    waited_ = {};
    bytes_ = 0;
  }

  /// The window is over, and what it owed has not come.
  [[nodiscard]] bool is_too_slow() const noexcept { return waited_ >= window_; }

 private:
  io::stream::duration window_;
  std::uint64_t owed_;
  io::stream::duration waited_{};
  std::uint64_t bytes_ = 0;
};

}  // namespace tacit::http
