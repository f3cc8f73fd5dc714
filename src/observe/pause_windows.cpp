#include "observe/pause_windows.hpp"

#include <algorithm>

namespace tacit::observe {
namespace {

using std::chrono::nanoseconds;

// The most that the spans cover of any window that ends where one of them ends. Windows that begin
// where one begins are these, with time running backwards.
nanoseconds most_covered_at_ends(std::span<const time_span> spans, nanoseconds window) noexcept {
  nanoseconds most{0};
  nanoseconds sum{0};  // Of the spans from `first` to the current one.
  std::size_t first = 0;
  for (const time_span& last : spans) {
    sum += last.end - last.begin;
    const base::steady_time from = last.end - window;
    while (spans[first].end <= from) {
      sum -= spans[first].end - spans[first].begin;
      ++first;
    }
    const nanoseconds outside = std::max(nanoseconds(0), nanoseconds(from - spans[first].begin));
    most = std::max(most, sum - outside);
  }
  return most;
}

std::vector<time_span> mirrored(std::span<const time_span> spans) {
  std::vector<time_span> out(spans.rbegin(), spans.rend());
  for (time_span& each : out) {
    each = {base::steady_time(-each.end.time_since_epoch()),
            base::steady_time(-each.begin.time_since_epoch())};
  }
  return out;
}

}  // namespace

std::vector<time_span> covered(std::span<const pause> pauses) {
  std::vector<time_span> spans;
  spans.reserve(pauses.size());
  for (const pause& each : pauses)
    spans.push_back({each.begin, each.begin + each.length});
  std::sort(spans.begin(), spans.end(),
            [](const time_span& a, const time_span& b) { return a.begin < b.begin; });
  std::size_t kept = 0;
  for (const time_span& each : spans) {
    if (kept != 0 && each.begin <= spans[kept - 1].end) {
      spans[kept - 1].end = std::max(spans[kept - 1].end, each.end);
    } else {
      spans[kept++] = each;
    }
  }
  spans.resize(kept);
  return spans;
}

// What a window covers changes linearly while it is moved, so it is most where one of its ends
// meets the end of a span.
double minimum_utilisation(std::span<const time_span> spans, nanoseconds window) {
  const nanoseconds most =
      std::max(most_covered_at_ends(spans, window), most_covered_at_ends(mirrored(spans), window));
  return 1.0 - static_cast<double>(most.count()) / static_cast<double>(window.count());
}

std::vector<time_span> intersection(std::span<const time_span> a, std::span<const time_span> b) {
  std::vector<time_span> out;
  while (!a.empty() && !b.empty()) {
    const time_span both{std::max(a.front().begin, b.front().begin),
                         std::min(a.front().end, b.front().end)};
    if (both.begin < both.end) out.push_back(both);
    (a.front().end < b.front().end ? a : b) =
        a.front().end < b.front().end ? a.subspan(1) : b.subspan(1);
  }
  return out;
}

nanoseconds overlap(const pause& of, std::span<const time_span> spans) noexcept {
  nanoseconds sum{0};
  for (const time_span& each : spans) {
    const auto begin = std::max(each.begin, of.begin);
    const auto end = std::min(each.end, of.begin + of.length);
    if (begin < end) sum += end - begin;
  }
  return sum;
}

standstill all_at_once(const pause_record& from) {
  standstill out;
  out.since = from.begin;
  for (std::uint32_t i = 0; i < from.workers && i < from.of.size(); ++i) {
    const std::vector<time_span> own = covered(from.of[i].recent);
    out.spans = i == 0 ? own : intersection(out.spans, own);
    out.since = std::max(out.since, from.of[i].recent_since);
  }
  for (const time_span& each : out.spans)
    out.counts.add(each.end - each.begin);
  return out;
}

}  // namespace tacit::observe
