#include "observe/pause_attribution.hpp"

#include <gtest/gtest.h>

#include <map>

namespace tacit::observe {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using kind = held_stretch::kind;

held_stretch runs_of(nanoseconds length) {
  held_stretch seen;
  seen.begin = base::steady_time(std::chrono::seconds(1));
  seen.length = length;
  seen.what = kind::runs;
  seen.cause = pause_cause::handler;
  return seen;
}

std::map<pause_cause, nanoseconds> by_cause(const attributed_pauses& from) {
  std::map<pause_cause, nanoseconds> out;
  for (std::size_t i = 0; i < from.count; ++i)
    out[from.found[i].cause] += from.found[i].length;
  return out;
}

using expected = std::map<pause_cause, nanoseconds>;

TEST(pause_attribution, a_long_run_that_nothing_explains_is_the_handlers) {
  EXPECT_EQ(by_cause(attribute(runs_of(milliseconds(30)), {})),
            (expected{{pause_cause::handler, milliseconds(30)}}));
}

TEST(pause_attribution, time_without_a_cpu_is_taken_off_a_run_that_was_preempted) {
  held_stretch seen = runs_of(milliseconds(30));
  seen.run_delay = milliseconds(25);
  seen.preempted = true;
  EXPECT_EQ(by_cause(attribute(seen, {})), (expected{{pause_cause::scheduled_out, milliseconds(25)},
                                                     {pause_cause::handler, milliseconds(5)}}));
}

// It has blocked, and then waited for a CPU until it went on.
TEST(pause_attribution, waiting_for_a_cpu_after_blocking_is_part_of_what_blocked) {
  held_stretch seen = runs_of(milliseconds(5));
  seen.run_delay = milliseconds(2);
  EXPECT_EQ(by_cause(attribute(seen, {})), (expected{{pause_cause::handler, milliseconds(5)}}));
}

TEST(pause_attribution, time_that_a_hypervisor_took_is_scheduled_out) {
  held_stretch seen = runs_of(milliseconds(30));
  seen.stolen = milliseconds(25);
  const expected split{{pause_cause::scheduled_out, milliseconds(25)},
                       {pause_cause::handler, milliseconds(5)}};
  EXPECT_EQ(by_cause(attribute(seen, {})), split);
  // Waiting for a CPU is in it, too.
  seen.run_delay = milliseconds(10);
  seen.preempted = true;
  EXPECT_EQ(by_cause(attribute(seen, {})), split);
}

TEST(pause_attribution, no_more_is_charged_than_the_stretch_lasted) {
  held_stretch seen = runs_of(milliseconds(3));
  seen.run_delay = milliseconds(25);
  seen.preempted = true;
  EXPECT_EQ(by_cause(attribute(seen, {})),
            (expected{{pause_cause::scheduled_out, milliseconds(3)}}));
}

TEST(pause_attribution, a_stop_of_the_process_is_charged_elsewhere) {
  EXPECT_EQ(by_cause(attribute(runs_of(milliseconds(21)), milliseconds(20))),
            (expected{{pause_cause::handler, milliseconds(1)}}));
  EXPECT_TRUE(by_cause(attribute(runs_of(milliseconds(20)), milliseconds(20))).empty());
}

TEST(pause_attribution, what_was_charged_on_its_own_is_not_charged_to_the_run_around_it) {
  held_stretch seen = runs_of(milliseconds(6));
  seen.charged = milliseconds(5);
  EXPECT_EQ(by_cause(attribute(seen, {})), (expected{{pause_cause::handler, milliseconds(1)}}));
}

TEST(pause_attribution, a_major_fault_explains_all_that_is_left) {
  held_stretch seen = runs_of(milliseconds(6));
  seen.major_faults = 1;
  EXPECT_EQ(by_cause(attribute(seen, {})),
            (expected{{pause_cause::kernel_memory, milliseconds(6)}}));
}

TEST(pause_attribution, minor_faults_explain_some_of_it) {
  held_stretch seen = runs_of(milliseconds(6));
  seen.minor_faults = 1000;
  const auto found = by_cause(attribute(seen, {}));
  EXPECT_GT(found.at(pause_cause::kernel_memory), microseconds(100));
  EXPECT_EQ(found.at(pause_cause::kernel_memory) + found.at(pause_cause::handler), milliseconds(6));
}

TEST(pause_attribution, what_the_other_runs_took_is_no_pause) {
  held_stretch seen = runs_of(microseconds(150));
  seen.expected = microseconds(60);
  EXPECT_TRUE(by_cause(attribute(seen, {})).empty());
}

TEST(pause_attribution, a_late_wake_up_is_the_kernels_as_far_as_the_thread_waited_for_a_cpu) {
  held_stretch seen = runs_of(milliseconds(4));
  seen.what = kind::wake_up;
  seen.cause = pause_cause::runtime;
  seen.run_delay = milliseconds(3);
  EXPECT_EQ(by_cause(attribute(seen, {})), (expected{{pause_cause::scheduled_out, milliseconds(3)},
                                                     {pause_cause::runtime, milliseconds(1)}}));
}

TEST(pause_attribution, a_lock_whose_waiter_was_preempted_is_charged_with_the_rest) {
  held_stretch seen = runs_of(milliseconds(4));
  seen.what = kind::charged;
  seen.cause = pause_cause::lock;
  seen.run_delay = milliseconds(3);
  seen.preempted = true;
  EXPECT_EQ(by_cause(attribute(seen, {})), (expected{{pause_cause::scheduled_out, milliseconds(3)},
                                                     {pause_cause::lock, milliseconds(1)}}));
}

TEST(pause_attribution, parts_lie_one_behind_the_other_in_the_stretch) {
  held_stretch seen = runs_of(milliseconds(30));
  seen.run_delay = milliseconds(25);
  seen.preempted = true;
  const auto parts = attribute(seen, {});
  ASSERT_EQ(parts.count, 2U);
  EXPECT_EQ(parts.found[0].begin, seen.begin);
  EXPECT_EQ(parts.found[1].begin, seen.begin + milliseconds(25));
}

}  // namespace
}  // namespace tacit::observe
