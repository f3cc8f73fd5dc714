#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tacit/base/atomic.hpp>
#include <tacit/base/clock.hpp>
#include <tacit/base/source_place.hpp>
#include <tacit/observe/histogram.hpp>
#include <tacit/observe/pause.hpp>

namespace tacit::observe {

class pause_track;
struct held_stretch;

/// What is known about a pause beside its time.
struct pause_context {
  base::source_place function;         ///< The coroutine that ran.
  std::string request;                 ///< "GET /x (connection 7, request 12)", or empty.
  std::vector<std::uintptr_t> frames;  ///< Of its stack, innermost first.
};

/// One of the longest.
struct noted_pause {
  pause what;
  std::uint32_t worker = 0;
  pause_context context;
};

/// Pauses of one cause, or of several together.
struct pause_counts {
  std::uint64_t count = 0;
  std::chrono::nanoseconds total{0};
  std::chrono::nanoseconds longest{0};
  std::array<std::uint64_t, 3> above{};  ///< 0.1, 1, 10 ms.

  void add(std::chrono::nanoseconds length) noexcept;
  void merge(const pause_counts& other) noexcept;
};
inline constexpr std::array<std::chrono::microseconds, 3> pause_marks{
    std::chrono::microseconds(100), std::chrono::microseconds(1'000),
    std::chrono::microseconds(10'000)};

/// What was recorded of one worker. A histogram is empty (no slots were made) where there is none.
struct worker_pauses {
  bool is_recorded = false;  ///< Whether its thread ever ran.
  std::array<pause_counts, pause_causes> counts{};
  std::array<std::shared_ptr<const histogram>, pause_causes> lengths{};
  std::vector<pause> recent;         ///< At most recent_max, the oldest first.
  base::steady_time recent_since{};  ///< All since then are in `recent`.
};

/// A copy of all that a recorder holds.
struct pause_record {
  base::steady_time begin{};
  base::steady_time now{};
  std::uint32_t workers = 0;  ///< That make "all at once": without the spare ones.
  std::uint64_t lost = 0;
  std::size_t memory_bytes = 0;
  std::vector<worker_pauses> of;     ///< By track.
  std::vector<noted_pause> longest;  ///< At most longest_max, the longest first.
};

/// Collects the pauses of a server's threads in memory of a bounded size.
///
/// A thread notes stretches of its time that took too long, with what the kernel says about them,
/// in a track of its own (pause_watch). Another thread fetches them now and then, splits them into
/// pauses by cause (pause_attribution) and counts these.
///
/// Threads:   collect(), note_stop() and add() by one thread at a time, or under a lock of the
///            caller's; record() and counts() by any.
/// Lifetime:  outlives the threads that it records.
/// Memory:    30 KB for each cause that a worker has had pauses of, 40 KB for each worker besides.
class pause_recorder {
 public:
  static constexpr std::size_t longest_max = 64;
  static constexpr std::size_t recent_max = 1024;

  /// For `tracks` threads, of which the first `workers` are to be paused for "all at once".
  pause_recorder(std::uint32_t tracks, std::uint32_t workers);

  /// Where not all of them are known when the recorder is made.
  void set_workers(std::uint32_t workers) noexcept {
    workers_.store(workers, base::memory_order_relaxed);
  }

  /// For any number of threads, each of which notes in one of `tracks` tracks.
  struct shared_tracks {
    std::uint32_t count;
  };
  explicit pause_recorder(shared_tracks tracks);
  ~pause_recorder();
  pause_recorder(const pause_recorder&) = delete;
  pause_recorder& operator=(const pause_recorder&) = delete;

  [[nodiscard]] pause_track& track(std::uint32_t index) noexcept { return *tracks_[index]; }
  [[nodiscard]] std::uint32_t tracks() const noexcept {
    return static_cast<std::uint32_t>(tracks_.size());
  }

  /// The whole process stood still meanwhile. Stretches that are collected from now on are not
  /// charged for it; the workers that had something to do are, by add().
  void note_stop(base::steady_time begin, base::steady_time end);

  /// What is known about a stretch of a track, or null.
  using context_finder =
      std::function<const pause_context*(std::uint32_t track, const held_stretch&)>;

  /// Counts what the threads have noted.
  void collect(const context_finder& context_of = {});

  void add(std::uint32_t track, const pause& what, const pause_context* context = nullptr);

  [[nodiscard]] pause_record record() const;
  [[nodiscard]] pause_counts counts(pause_cause cause) const;

 private:
  struct lane;
  struct stop {
    base::steady_time begin, end;
  };

  void add_stretch(std::uint32_t track, const held_stretch& seen, const context_finder& context_of);
  [[nodiscard]] bool would_list_any_of(std::span<const pause> found) const;
  [[nodiscard]] bool is_among_longest(const pause& what) const noexcept;  // With the mutex held.
  [[nodiscard]] std::chrono::nanoseconds stopped_during(const held_stretch& seen) const noexcept;
  void keep_if_long(std::uint32_t track, const pause& what, const pause_context* context);

  const base::steady_time begin_ = std::chrono::steady_clock::now();
  base::atomic<std::uint32_t> workers_;
  std::vector<std::unique_ptr<pause_track>> tracks_;

  mutable base::mutex mutex_;
  std::vector<std::unique_ptr<lane>> lanes_;  // Guarded by mutex_. By track; made when needed.
  std::vector<noted_pause> longest_;          // Guarded by mutex_. A heap, the shortest on top.
  std::array<stop, 16> stops_{};              // By who collects.
  std::size_t stops_seen_ = 0;
};

}  // namespace tacit::observe
