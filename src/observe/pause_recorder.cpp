#include <tacit/observe/pause_recorder.hpp>

#include <algorithm>
#include <mutex>

#include "observe/pause_attribution.hpp"
#include "observe/pause_track.hpp"

namespace tacit::observe {
namespace {

using std::chrono::nanoseconds;

// A minute at two digits; what is longer is counted in the last slot.
constexpr std::uint64_t highest_ns = 60'000'000'000;
constexpr int digits = 2;

constexpr auto is_longer = [](const noted_pause& a, const noted_pause& b) {
  return a.what.length > b.what.length;
};

}  // namespace

// What is kept of one track.
struct pause_recorder::lane {
  struct cause_record {
    pause_counts counts;
    std::unique_ptr<histogram> lengths;
  };
  std::array<cause_record, pause_causes> causes;
  std::array<pause, recent_max> recent;  // A ring.
  std::size_t added = 0;

  void add(const pause& what) {
    cause_record& into = causes[static_cast<std::size_t>(what.cause)];
    if (!into.lengths) into.lengths = std::make_unique<histogram>(highest_ns, digits);
    into.counts.add(what.length);
    into.lengths->record(static_cast<std::uint64_t>(what.length.count()));
    recent[added++ % recent_max] = what;
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    std::size_t sum = sizeof *this;
    for (const cause_record& each : causes)
      if (each.lengths) sum += sizeof(histogram) + each.lengths->slots().size_bytes();
    return sum;
  }

  void copy_to(worker_pauses& into, base::steady_time begin) const {
    for (std::size_t i = 0; i < pause_causes; ++i) {
      into.counts[i] = causes[i].counts;
      if (causes[i].lengths) {
        into.lengths[i] = std::make_shared<const histogram>(*causes[i].lengths);
      }
    }
    const std::size_t kept = std::min(added, recent_max);
    into.recent.reserve(kept);
    for (std::size_t i = added - kept; i < added; ++i)
      into.recent.push_back(recent[i % recent_max]);
    into.recent_since = added > recent_max ? into.recent.front().begin : begin;
  }
};

void pause_counts::add(nanoseconds length) noexcept {
  ++count;
  total += length;
  longest = std::max(longest, length);
  for (std::size_t i = 0; i < above.size(); ++i)
    if (length > pause_marks[i]) ++above[i];
}

void pause_counts::merge(const pause_counts& other) noexcept {
  count += other.count;
  total += other.total;
  longest = std::max(longest, other.longest);
  for (std::size_t i = 0; i < above.size(); ++i)
    above[i] += other.above[i];
}

pause_recorder::pause_recorder(std::uint32_t tracks, std::uint32_t workers) : workers_(workers) {
  tracks_.reserve(tracks);
  for (std::uint32_t i = 0; i < tracks; ++i)
    tracks_.push_back(std::make_unique<pause_track>());
  lanes_.resize(tracks);
  longest_.reserve(longest_max + 1);
}

pause_recorder::pause_recorder(shared_tracks tracks) : pause_recorder(tracks.count, tracks.count) {
  for (auto& each : tracks_)
    each = std::make_unique<pause_track>(true);
}

pause_recorder::~pause_recorder() = default;

void pause_recorder::note_stop(base::steady_time begin, base::steady_time end) {
  stops_[stops_seen_++ % stops_.size()] = {begin, end};
}

nanoseconds pause_recorder::stopped_during(const held_stretch& seen) const noexcept {
  nanoseconds sum{0};
  for (const stop& each : stops_) {
    const auto begin = std::max(each.begin, seen.begin);
    const auto end = std::min(each.end, seen.begin + seen.length);
    if (begin < end) sum += end - begin;
  }
  return sum;
}

void pause_recorder::collect(const context_finder& context_of) {
  for (std::uint32_t i = 0; i < tracks(); ++i) {
    held_stretch seen;
    while (tracks_[i]->take(seen))
      add_stretch(i, seen, context_of);
  }
}

// The context is made for what is listed: a name is text, which allocates, and a server of large
// answers has hundreds of pauses in a second.
void pause_recorder::add_stretch(std::uint32_t track, const held_stretch& seen,
                                 const context_finder& context_of) {
  const attributed_pauses parts = attribute(seen, stopped_during(seen));
  const auto found = std::span(parts.found).first(parts.count);
  const pause_context* context =
      context_of && would_list_any_of(found) ? context_of(track, seen) : nullptr;
  for (const pause& each : found)
    add(track, each, context);
}

void pause_recorder::add(std::uint32_t track, const pause& what, const pause_context* context) {
  const std::lock_guard lock(mutex_);
  if (!lanes_[track]) lanes_[track] = std::make_unique<lane>();
  lanes_[track]->add(what);
  keep_if_long(track, what, context);
}

bool pause_recorder::would_list_any_of(std::span<const pause> found) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(found.begin(), found.end(),
                     [this](const pause& each) { return is_among_longest(each); });
}

bool pause_recorder::is_among_longest(const pause& what) const noexcept {
  return longest_.size() < longest_max || what.length > longest_.front().what.length;
}

void pause_recorder::keep_if_long(std::uint32_t track, const pause& what,
                                  const pause_context* context) {
  if (!is_among_longest(what)) return;
  if (longest_.size() == longest_max) {
    std::pop_heap(longest_.begin(), longest_.end(), is_longer);
    longest_.pop_back();
  }
  longest_.push_back({what, track, context ? *context : pause_context{}});
  std::push_heap(longest_.begin(), longest_.end(), is_longer);
}

pause_counts pause_recorder::counts(pause_cause cause) const {
  pause_counts sum;
  const std::lock_guard lock(mutex_);
  for (const auto& each : lanes_)
    if (each) sum.merge(each->causes[static_cast<std::size_t>(cause)].counts);
  return sum;
}

pause_record pause_recorder::record() const {
  pause_record out;
  out.begin = begin_;
  out.workers = workers_.load(base::memory_order_relaxed);
  out.of.resize(tracks_.size());
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    out.of[i].is_recorded = tracks_[i]->is_open();
    out.of[i].recent_since = begin_;
    out.lost += tracks_[i]->lost();
    if (tracks_[i]->is_open()) out.memory_bytes += sizeof(held_stretch) * pause_track::capacity;
  }
  const std::lock_guard lock(mutex_);
  out.now = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    if (!lanes_[i]) continue;
    lanes_[i]->copy_to(out.of[i], begin_);
    out.memory_bytes += lanes_[i]->memory_bytes();
  }
  out.longest = longest_;
  std::sort(out.longest.begin(), out.longest.end(), is_longer);
  return out;
}

}  // namespace tacit::observe
