#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace tacit::model {

/// How many threads a body may have, the one it runs on included.
inline constexpr std::uint32_t thread_max = 8;

/// What the memory of a coroutine is filled with when it has ended. Nothing that is alive looks
/// like that, so an access that comes too late is told from others.
inline constexpr unsigned char memory_of_ended = 0xdd;

/// For every thread, up to which of its steps something is known.
class vector_clock {
 public:
  [[nodiscard]] std::uint32_t operator[](std::uint32_t thread) const { return times_[thread]; }
  void set(std::uint32_t thread, std::uint32_t time) { times_[thread] = time; }

  void join(const vector_clock& other) {
    for (std::uint32_t i = 0; i < thread_max; ++i)
      times_[i] = std::max(times_[i], other.times_[i]);
  }

 private:
  std::array<std::uint32_t, thread_max> times_{};
};

/// What a thread knows of the others, and what it hands on by a release.
struct knowledge {
  /// The steps that happen before its next one. What races is judged by this.
  vector_clock happened;
  /// The steps whose stores and reads it can no longer read behind. More than `happened`: seq_cst
  /// fences order what is read, but make nothing happen before.
  vector_clock observed;
  /// Where its last seq_cst fence stands in the order of the seq_cst operations.
  std::uint32_t fence = 0;

  void join(const knowledge& other) {
    happened.join(other.happened);
    observed.join(other.observed);
    fence = std::max(fence, other.fence);
  }
};

}  // namespace tacit::model
