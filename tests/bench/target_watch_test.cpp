#include "bench/target_watch.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <thread>

#include "bench/idle_control.hpp"
#include "nanoseconds.hpp"

namespace tacit::bench {
namespace {

target_look look_at(std::int64_t at, std::int64_t cpu, std::int64_t delay,
                    bool is_stopped = false) {
  target_look out;
  out.at_ns = at;
  out.cpu_ns = cpu;
  out.run_delay_ns = delay;
  out.is_stopped = is_stopped;
  return out;
}

TEST(annotation, is_unknown_where_nobody_looked_before_and_after) {
  EXPECT_EQ(annotate({10, 20}, {}, 1).cause, pause_cause::unknown);
  EXPECT_EQ(annotate({10, 20}, {look_at(11, 0, 0), look_at(25, 0, 0)}, 1).looked_ns, 0);
  EXPECT_EQ(annotate({10, 20}, {look_at(5, 0, 0), look_at(15, 0, 0)}, 1).looked_ns, 0);
}

TEST(annotation, is_scheduled_out_where_it_was_ready_and_had_no_cpu) {
  const auto about =
      annotate({10 * ms, 15 * ms}, {look_at(9 * ms, 0, 0), look_at(16 * ms, ms, 4 * ms)}, 1);
  EXPECT_EQ(about.cause, pause_cause::scheduled_out);
  EXPECT_EQ(about.scheduled_out_ns, 4 * ms);
  EXPECT_EQ(about.looked_ns, 7 * ms);
}

TEST(annotation, does_not_charge_threads_that_wait_for_their_own_to_others) {
  // Eight threads on a CPU that the target uses all the time.
  const auto about =
      annotate({10 * ms, 15 * ms}, {look_at(9 * ms, 0, 0), look_at(16 * ms, 7 * ms, 49 * ms)}, 1);
  EXPECT_EQ(about.scheduled_out_ns, 0);
  EXPECT_EQ(about.cause, pause_cause::computing);
}

TEST(annotation, is_waiting_where_no_thread_was_ready) {
  const auto about =
      annotate({10 * ms, 15 * ms}, {look_at(9 * ms, 0, 0), look_at(16 * ms, ms / 2, ms / 10)}, 1);
  EXPECT_EQ(about.cause, pause_cause::waiting);
}

TEST(annotation, is_stopped_where_a_look_inside_says_so) {
  const auto about = annotate({10 * ms, 30 * ms},
                              {look_at(9 * ms, 0, 0), look_at(11 * ms, 0, 0, true),
                               look_at(29 * ms, 0, 0, true), look_at(31 * ms, ms, 0)},
                              1);
  EXPECT_EQ(about.cause, pause_cause::stopped);
  EXPECT_EQ(about.stopped_ns, 20 * ms);
}

TEST(annotation, counts_faults_and_throttling_between_the_looks_around_it) {
  auto before = look_at(9 * ms, 0, 0);
  auto after = look_at(16 * ms, 0, 0);
  before.minor_faults = 100;
  after.minor_faults = 150;
  after.major_faults = 2;
  after.throttled_ns = 9 * ms;
  const auto about = annotate({10 * ms, 15 * ms}, {look_at(ms, 0, 0), before, after}, 1);
  EXPECT_EQ(about.minor_faults, 50u);
  EXPECT_EQ(about.major_faults, 2u);
  EXPECT_EQ(about.throttled_ns, 5 * ms);
  EXPECT_EQ(about.cause, pause_cause::scheduled_out);
}

TEST(annotation, is_unknown_where_most_of_what_was_looked_at_is_not_the_pause) {
  const auto about =
      annotate({10 * ms, 11 * ms}, {look_at(5 * ms, 0, 0), look_at(15 * ms, 9 * ms, 0)}, 1);
  EXPECT_EQ(about.cause, pause_cause::unknown);
  EXPECT_EQ(about.cpu_ns, 9 * ms);
}

TEST(target_watch, sees_what_a_process_takes) {
  target_watch watched{::getpid()};
  const auto until = thread_cpu_ns() + 20 * ms;
  while (thread_cpu_ns() < until) {
  }
  watched.stop();
  const auto& looks = watched.looks();
  ASSERT_GE(looks.size(), 2u);
  EXPECT_GE(looks.back().cpu_ns - looks.front().cpu_ns, 15 * ms);
  for (std::size_t i = 1; i < looks.size(); ++i)
    EXPECT_GT(looks[i].at_ns, looks[i - 1].at_ns);
}

TEST(target_watch, ends_with_the_process) {
  target_watch watched{999'999'999};
  watched.stop();
  EXPECT_TRUE(watched.looks().empty());
}

TEST(idle_control, sleeps_and_notes_how_late_it_woke) {
  const auto cpus = cpus_of(0);
  ASSERT_FALSE(cpus.empty());
  idle_control control{{cpus.front()}};
  while (control.figures().overshoot.count() < 20)
    std::this_thread::yield();
  control.stop();
  const auto figures = control.figures();
  EXPECT_EQ(figures.cpus, std::vector<int>{cpus.front()});
  EXPECT_GE(figures.overshoot.count(), 20u);
  std::int64_t late = 0;
  for (const auto& one : control.late())
    late += one.length_ns();
  EXPECT_LE(late, figures.machine_ns);
}

}  // namespace
}  // namespace tacit::bench
