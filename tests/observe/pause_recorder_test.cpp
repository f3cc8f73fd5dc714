#include <tacit/observe/pause_recorder.hpp>

#include <gtest/gtest.h>

#include <thread>

#include <tacit/observe/watched_lock.hpp>

#include "observe/pause_track.hpp"
#include "observe/pause_watch.hpp"

namespace tacit::observe {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr auto handler = static_cast<std::size_t>(pause_cause::handler);
constexpr auto lock = static_cast<std::size_t>(pause_cause::lock);

base::steady_time at_us(std::int64_t us) {
  return base::steady_time(microseconds(us));
}

pause of(pause_cause cause, nanoseconds length, std::int64_t begin_us = 0) {
  return {at_us(begin_us), length, cause};
}

TEST(pause_recorder, counts_what_was_added_by_worker_and_cause) {
  pause_recorder recorder(2, 2);
  recorder.add(0, of(pause_cause::handler, milliseconds(2)));
  recorder.add(1, of(pause_cause::handler, microseconds(150)));
  recorder.add(1, of(pause_cause::lock, milliseconds(20)));
  const pause_record record = recorder.record();
  EXPECT_EQ(record.of[0].counts[handler].count, 1U);
  EXPECT_EQ(record.of[1].counts[handler].longest, microseconds(150));
  EXPECT_EQ(record.of[1].counts[lock].above, (std::array<std::uint64_t, 3>{1, 1, 1}));
  EXPECT_EQ(record.of[0].counts[lock].count, 0U);
  EXPECT_EQ(recorder.counts(pause_cause::handler).count, 2U);
  EXPECT_EQ(recorder.counts(pause_cause::handler).total, microseconds(2150));
}

TEST(pause_recorder, lengths_are_exact_to_a_hundredth) {
  pause_recorder recorder(1, 1);
  recorder.add(0, of(pause_cause::lock, nanoseconds(5'432'100)));
  const auto lengths = recorder.record().of[0].lengths[lock];
  ASSERT_NE(lengths, nullptr);
  EXPECT_NEAR(static_cast<double>(lengths->at_percentile(99.99)), 5'432'100, 54'321);
}

TEST(pause_recorder, keeps_the_longest_with_their_context) {
  pause_recorder recorder(1, 1);
  const pause_context context{{}, "GET /slow (connection 1, request 1)", {0x1234}};
  recorder.add(0, of(pause_cause::handler, milliseconds(500)), &context);
  for (int i = 1; i <= 200; ++i)
    recorder.add(0, of(pause_cause::handler, milliseconds(i)));
  const auto longest = recorder.record().longest;
  ASSERT_EQ(longest.size(), pause_recorder::longest_max);
  EXPECT_EQ(longest.front().what.length, milliseconds(500));
  EXPECT_EQ(longest.front().context.request, context.request);
  EXPECT_EQ(longest.front().context.frames, context.frames);
  EXPECT_EQ(longest[1].what.length, milliseconds(200));
  EXPECT_EQ(longest.back().what.length, milliseconds(200 - 62));
}

TEST(pause_recorder, keeps_the_last_ones_and_says_since_when) {
  pause_recorder recorder(1, 1);
  const int count = static_cast<int>(pause_recorder::recent_max) + 5;
  for (int i = 0; i < count; ++i)
    recorder.add(0, of(pause_cause::handler, milliseconds(1), 1000 + i));
  const auto worker = recorder.record().of[0];
  ASSERT_EQ(worker.recent.size(), pause_recorder::recent_max);
  EXPECT_EQ(worker.recent.front().begin, at_us(1005));
  EXPECT_EQ(worker.recent_since, at_us(1005));
  EXPECT_EQ(worker.counts[handler].count, static_cast<std::uint64_t>(count));
}

TEST(pause_recorder, takes_no_more_memory_than_it_had_after_the_first) {
  pause_recorder recorder(1, 1);
  recorder.add(0, of(pause_cause::handler, milliseconds(1)));
  const std::size_t before = recorder.record().memory_bytes;
  for (int i = 0; i < 5000; ++i)
    recorder.add(0, of(pause_cause::handler, milliseconds(i)));
  EXPECT_EQ(recorder.record().memory_bytes, before);
}

TEST(pause_track, what_finds_no_room_is_lost_and_counted) {
  pause_recorder recorder(1, 1);
  recorder.track(0).open();
  held_stretch seen;
  seen.length = milliseconds(1);
  seen.cause = pause_cause::runtime;
  for (std::uint32_t i = 0; i < pause_track::capacity + 3; ++i)
    recorder.track(0).push(seen);
  recorder.collect();
  EXPECT_EQ(recorder.record().lost, 3U);
  EXPECT_EQ(recorder.counts(pause_cause::runtime).count, pause_track::capacity);
  recorder.track(0).push(seen);
  recorder.collect();
  EXPECT_EQ(recorder.counts(pause_cause::runtime).count, pause_track::capacity + 1);
}

TEST(pause_recorder, a_stretch_within_a_stop_of_the_process_is_not_counted_twice) {
  pause_recorder recorder(1, 1);
  recorder.track(0).open();
  held_stretch seen;
  seen.begin = at_us(1'000);
  seen.length = milliseconds(20);
  seen.cause = pause_cause::handler;
  recorder.track(0).push(seen);
  recorder.note_stop(at_us(1'000), at_us(21'000));
  recorder.collect();
  EXPECT_EQ(recorder.counts(pause_cause::handler).count, 0U);
}

TEST(pause_recorder, the_context_of_a_stretch_is_asked_for) {
  pause_recorder recorder(1, 1);
  recorder.track(0).open();
  held_stretch seen;
  seen.length = milliseconds(1);
  seen.cause = pause_cause::handler;
  seen.last_run = 7;
  recorder.track(0).push(seen);
  const pause_context known{{}, "GET /", {}};
  recorder.collect([&](std::uint32_t track, const held_stretch& asked) {
    return track == 0 && asked.last_run == 7 ? &known : nullptr;
  });
  EXPECT_EQ(recorder.record().longest.at(0).context.request, "GET /");
}

TEST(pause_recorder, the_context_of_what_is_not_listed_is_not_asked_for) {
  pause_recorder recorder(1, 1);
  for (std::size_t i = 0; i < pause_recorder::longest_max; ++i)
    recorder.add(0, of(pause_cause::handler, milliseconds(2)));
  recorder.track(0).open();
  int asked = 0;
  for (const milliseconds length : {milliseconds(1), milliseconds(3)}) {
    held_stretch seen;
    seen.length = length;
    seen.cause = pause_cause::handler;
    recorder.track(0).push(seen);
    recorder.collect([&](std::uint32_t, const held_stretch&) -> const pause_context* {
      ++asked;
      return nullptr;
    });
    EXPECT_EQ(asked, length == milliseconds(1) ? 0 : 1);
  }
}

// Of each length at least what passed: what the machine adds is not the test's.
TEST(pause_watch, a_run_that_takes_long_is_noted_with_its_place) {
  pause_recorder recorder(1, 1);
  pause_watch watch;
  watch.open(recorder.track(0), pause_watch::owner::worker);
  const auto until = std::chrono::steady_clock::now() + milliseconds(5);
  std::this_thread::sleep_until(until);
  watch.end_runs(std::chrono::steady_clock::now(), 1, nanoseconds(0), [] {
    return pause_watch::run_place{1, {}, 42};
  });
  std::uint64_t request = 0;
  recorder.collect([&](std::uint32_t, const held_stretch& seen) -> const pause_context* {
    if (seen.what == held_stretch::kind::runs) request = seen.request;
    return nullptr;
  });
  EXPECT_EQ(request, 42U);
  pause_counts all;
  for (const pause_cause each : {pause_cause::handler, pause_cause::scheduled_out})
    all.merge(recorder.counts(each));
  EXPECT_GE(all.total, milliseconds(5));
}

TEST(pause_watch, what_is_charged_is_taken_off_the_run) {
  pause_recorder recorder(1, 1);
  pause_watch watch;
  watch.open(recorder.track(0), pause_watch::owner::worker);
  const auto begin = std::chrono::steady_clock::now();
  std::this_thread::sleep_until(begin + milliseconds(5));
  const auto end = std::chrono::steady_clock::now();
  note_pause(pause_cause::runtime, begin, end);
  watch.end_runs(end, 1, nanoseconds(0), [] { return pause_watch::run_place{1, {}, 0}; });
  recorder.collect();
  // Once: as what it was charged for, unless the machine took the CPU meanwhile.
  pause_counts all;
  for (const pause_cause each : {pause_cause::runtime, pause_cause::scheduled_out})
    all.merge(recorder.counts(each));
  EXPECT_GE(all.total, milliseconds(5));
  EXPECT_LT(recorder.counts(pause_cause::handler).total, milliseconds(5));
}

TEST(note_pause, does_nothing_on_a_thread_that_is_not_watched) {
  const auto now = std::chrono::steady_clock::now();
  note_pause(pause_cause::runtime, now - milliseconds(5), now);
  EXPECT_EQ(pause_watch::of_this_thread(), nullptr);
}

TEST(watched_lock, waiting_for_long_is_a_pause) {
  pause_recorder recorder(1, 1);
  pause_watch watch;
  watch.open(recorder.track(0), pause_watch::owner::worker);
  base::mutex mutex;
  base::atomic<bool> is_held{false};
  std::thread holder([&] {
    const watched_lock held(mutex);
    is_held.store(true);
    std::this_thread::sleep_for(milliseconds(5));
  });
  while (!is_held.load())
    std::this_thread::yield();
  const auto begin = std::chrono::steady_clock::now();
  { const watched_lock waits(mutex); }
  const auto waited = std::chrono::steady_clock::now() - begin;
  holder.join();
  recorder.collect();
  // Where the holder was done before we came there was nothing to see.
  if (waited >= milliseconds(1)) {
    pause_counts all = recorder.counts(pause_cause::lock);
    all.merge(recorder.counts(pause_cause::scheduled_out));
    EXPECT_GE(all.count, 1U);
  }
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

}  // namespace
}  // namespace tacit::observe
