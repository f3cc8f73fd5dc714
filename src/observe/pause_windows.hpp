#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include <tacit/observe/pause.hpp>
#include <tacit/observe/pause_recorder.hpp>

namespace tacit::observe {

struct time_span {
  base::steady_time begin;
  base::steady_time end;
};

/// The stretches that pauses cover: in order, none touching another.
[[nodiscard]] std::vector<time_span> covered(std::span<const pause> pauses);

/// Minimum mutator utilisation: the least share of any window of this length that `spans` leave
/// free. 1 where there are none. They are as covered() gives them.
[[nodiscard]] double minimum_utilisation(std::span<const time_span> spans,
                                         std::chrono::nanoseconds window);

/// What lies in `a` and in `b`; all three as covered() gives them.
[[nodiscard]] std::vector<time_span> intersection(std::span<const time_span> a,
                                                  std::span<const time_span> b);

/// How much of it lies in `spans`.
[[nodiscard]] std::chrono::nanoseconds overlap(const pause& of,
                                               std::span<const time_span> spans) noexcept;

/// When every worker was in a pause, among those that the record still has one by one.
struct standstill {
  base::steady_time since{};  ///< From then on the record is complete.
  std::vector<time_span> spans;
  pause_counts counts;
};
[[nodiscard]] standstill all_at_once(const pause_record& from);

}  // namespace tacit::observe
