#include "bench/gap_correlation.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <random>

#include "bench/pause_watch.hpp"
#include "nanoseconds.hpp"

namespace tacit::bench {

void PrintTo(const seen_pause& one, std::ostream* out) {
  *out << name_of(one.scope) << " " << one.when.start_ns << ".." << one.when.end_ns << " of "
       << one.probes;
}

namespace {

// Four probes, each due every 100, so one of them every 25. Answers take 5; a pause takes 10.
const probe_grid four_probes{4, 0, 100};
const gap_bounds fine_bounds{5, 10};

std::vector<seen_pause> correlated(const std::vector<std::vector<interval>>& waits) {
  return correlate(four_probes, waits, fine_bounds);
}

TEST(probe_grid, has_the_probes_take_turns) {
  EXPECT_EQ(four_probes.first_ns(1), 25);
  EXPECT_EQ(four_probes.next_ns(1, 0), 25);
  EXPECT_EQ(four_probes.next_ns(1, 25), 25);
  EXPECT_EQ(four_probes.next_ns(1, 26), 125);
}

TEST(correlation, finds_nothing_where_nobody_waited) {
  EXPECT_TRUE(correlated({{}, {}, {}, {}}).empty());
}

TEST(correlation, of_waits_of_all_is_from_the_first_due_time_to_the_first_answer) {
  // The server stands still from 310 to 500: due are probe 1 at 325, 2 at 350, 3 at 375, 0 at 400.
  const auto found = correlated({{{400, 505}}, {{325, 506}}, {{350, 507}}, {{375, 508}}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].when, (interval{325, 500}));
  EXPECT_EQ(found[0].scope, pause_scope::all);
  EXPECT_EQ(found[0].probes, 4u);
}

TEST(correlation, calls_it_recovery_what_single_probes_wait_longer_up_to_as_long_again) {
  const auto found = correlated({{{400, 505}}, {{325, 600}}, {{350, 507}}, {{375, 508}}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].when, (interval{325, 500}));
}

TEST(correlation, calls_it_a_pause_of_its_own_what_a_probe_waits_even_longer) {
  const auto found = correlated({{{400, 505}}, {{325, 905}}, {{350, 507}}, {{375, 508}}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[1].when, (interval{500, 900}));
  EXPECT_EQ(found[1].scope, pause_scope::one);
}

TEST(correlation, of_the_waits_of_one_sees_that_others_were_answered) {
  const auto found = correlated({{{400, 705}}, {}, {}, {}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].when, (interval{400, 700}));
  EXPECT_EQ(found[0].scope, pause_scope::one);
  EXPECT_EQ(found[0].probes, 1u);
}

TEST(correlation, unites_waits_of_some_that_overlap) {
  const auto found = correlated({{{400, 705}}, {}, {{450, 605}}, {}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].when, (interval{400, 700}));
  EXPECT_EQ(found[0].scope, pause_scope::one);
  EXPECT_EQ(found[0].probes, 2u);
}

TEST(correlation, says_that_the_scope_is_unclear_where_nobody_else_was_due) {
  const auto found = correlated({{{400, 425}}, {}, {}, {}});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].when, (interval{400, 420}));
  EXPECT_EQ(found[0].scope, pause_scope::unclear);
}

TEST(correlation, splits_the_wait_of_one_where_all_stand_still_for_a_part_of_it) {
  // Probe 0 waits from 400; the others are answered until 800, and then wait until 1000.
  const auto found = correlated({{{400, 1'005}}, {{825, 1'005}}, {{850, 1'005}}, {{875, 1'005}}});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].when, (interval{400, 825}));
  EXPECT_EQ(found[0].scope, pause_scope::one);
  EXPECT_EQ(found[1].when, (interval{825, 1'000}));
  EXPECT_EQ(found[1].scope, pause_scope::all);
}

TEST(correlation, reduces_waits_by_the_usual_one) {
  EXPECT_TRUE(correlate(four_probes, {{{400, 450}}, {}, {}, {}}, {50, 10}).empty());
  EXPECT_TRUE(correlate(four_probes, {{{400, 459}}, {}, {}, {}}, {50, 10}).empty());
  EXPECT_EQ(correlate(four_probes, {{{400, 460}}, {}, {}, {}}, {50, 10}).size(), 1u);
}

TEST(covered, is_the_part_that_the_others_have) {
  EXPECT_EQ(covered_ns({10, 20}, {}), 0);
  EXPECT_EQ(covered_ns({10, 20}, {{0, 12}, {14, 15}, {19, 40}, {50, 60}}), 4);
  EXPECT_EQ(united({{5, 7}, {0, 2}, {1, 3}}), (std::vector<interval>{{0, 3}, {5, 7}}));
}

// ---- against a server whose standstills are known ----------------------------------------------

/// A server with workers that stand still now and then, one alone or all of them; each probe is
/// with one worker.
struct made_up_server {
  static constexpr std::int64_t usual = 40;
  static constexpr std::int64_t length = 200'000;
  probe_grid probes{4, 0, 1'000};
  std::vector<interval> of_all;
  std::vector<std::vector<interval>> of_worker{2};

  explicit made_up_server(std::mt19937& draw) {
    // Apart from each other, so that each is a pause of its own.
    for (std::int64_t at = 3'000; at < length - 20'000;) {
      const interval one{at, at + 50 + static_cast<std::int64_t>(draw() % 9'000)};
      const auto who = draw() % 3;
      if (who == 2) of_all.push_back(one);
      for (unsigned worker = 0; worker < 2; ++worker) {
        if (who == 2 || who == worker) of_worker[worker].push_back(one);
      }
      at = one.end_ns + 3'000 + static_cast<std::int64_t>(draw() % 3'000);
    }
  }

  [[nodiscard]] std::vector<std::vector<interval>> waits(std::int64_t floor) const {
    std::vector<std::vector<interval>> out(probes.probes);
    for (unsigned k = 0; k < probes.probes; ++k) {
      for (auto due = probes.first_ns(k); due < length;) {
        auto answered = due + usual;
        for (const auto& one : of_worker[k % 2]) {
          if (one.start_ns <= due && due < one.end_ns) answered = one.end_ns + usual;
        }
        if (answered - due > floor) out[k].push_back({due, answered});
        due = probes.next_ns(k, std::max(answered, due + 1));
      }
    }
    return out;
  }
};

TEST(correlation, finds_what_a_server_is_known_to_have_done) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 draw{seed};
  constexpr std::int64_t floor = 100;
  for (int trial = 0; trial < 100; ++trial) {
    const made_up_server server{draw};
    const auto found = correlate(server.probes, server.waits(floor), {server.usual, floor});
    for (std::size_t i = 0; i + 1 < found.size(); ++i)
      ASSERT_LE(found[i].when.end_ns, found[i + 1].when.start_ns);
    // Whatever is found lies within one that was, ends with it, and has its scope.
    const auto is_within = [](const seen_pause& seen, const std::vector<interval>& those) {
      return std::any_of(those.begin(), those.end(), [&](const auto& one) {
        return one.start_ns <= seen.when.start_ns && seen.when.end_ns == one.end_ns;
      });
    };
    for (const auto& seen : found) {
      const bool is_of_all = is_within(seen, server.of_all);
      if (seen.scope != pause_scope::unclear) {
        ASSERT_EQ(seen.scope == pause_scope::all, is_of_all) << testing::PrintToString(seen);
      }
      ASSERT_TRUE(is_of_all || is_within(seen, server.of_worker[0]) ||
                  is_within(seen, server.of_worker[1]))
          << testing::PrintToString(seen);
    }
    // Whatever lasts for a period is found, with its scope, and at most a turn too short: a quarter
    // of a period where all stand still, half of one for those of one worker.
    const auto expect_found = [&](const interval& one, pause_scope scope, std::int64_t late_max) {
      if (one.length_ns() < server.probes.period_ns + 2 * floor) return;
      EXPECT_TRUE(std::any_of(found.begin(), found.end(),
                              [&](const auto& seen) {
                                return seen.scope == scope && seen.when.end_ns == one.end_ns &&
                                       seen.when.start_ns >= one.start_ns &&
                                       seen.when.start_ns <= one.start_ns + late_max;
                              }))
          << one.start_ns << ".." << one.end_ns;
    };
    for (const auto& one : server.of_all)
      expect_found(one, pause_scope::all, 250);
    for (const auto& of_worker : server.of_worker) {
      for (const auto& one : of_worker) {
        const auto& all = server.of_all;
        if (std::find(all.begin(), all.end(), one) == all.end()) {
          expect_found(one, pause_scope::one, 500);
        }
      }
    }
  }
}

// ---- whose they are ----------------------------------------------------------------------------

/// Four probes, each due every millisecond, that wait from 10 ms to 15 ms.
pause_observations five_ms_of_all() {
  pause_observations out;
  out.probes.grid = {4, 0, 1'000 * us};
  out.probes.run = {0, 100'000 * us};
  for (std::int64_t k = 0; k < 4; ++k)
    out.probes.waits.push_back({{10'000 * us + k * 250 * us, 15'000 * us}});
  return out;
}

TEST(origin, is_the_targets_where_nothing_else_is_known) {
  const auto report = report_of(five_ms_of_all());
  ASSERT_EQ(report.pauses.size(), 1u);
  EXPECT_EQ(report.pauses[0].origin, pause_origin::target);
  EXPECT_EQ(report.any.counts, (std::array<std::uint64_t, 3>{1, 1, 0}));
  EXPECT_EQ(report.by_scope[static_cast<std::size_t>(pause_scope::all)].longest_ns, 5'000 * us);
}

TEST(origin, is_the_machines_where_its_control_stood_still_as_well) {
  auto seen = five_ms_of_all();
  seen.machine = {{11'000 * us, 14'900 * us}};
  const auto report = report_of(std::move(seen));
  EXPECT_EQ(report.pauses.at(0).origin, pause_origin::machine);
  EXPECT_EQ(report.pauses.at(0).machine_ns, 3'900 * us);
  EXPECT_EQ(report.any.counts[0], 0u);
  EXPECT_EQ(report.by_origin[static_cast<std::size_t>(pause_origin::machine)].counts[1], 1u);
}

TEST(origin, is_not_the_machines_for_a_little_of_it) {
  auto seen = five_ms_of_all();
  seen.machine = {{11'000 * us, 12'000 * us}};
  EXPECT_EQ(report_of(std::move(seen)).pauses.at(0).origin, pause_origin::target);
}

TEST(origin, is_the_machines_also_where_its_control_slept_when_it_began) {
  auto seen = five_ms_of_all();
  for (auto& waits : seen.probes.waits)
    waits[0].end_ns = 11'500 * us;
  seen.machine = {{10'900 * us, 11'500 * us}};
  EXPECT_EQ(report_of(std::move(seen)).pauses.at(0).origin, pause_origin::machine);
}

TEST(origin, is_the_harness_where_the_probe_itself_did_not_run) {
  auto seen = five_ms_of_all();
  seen.probes.late = {{12'000 * us, 15'000 * us}};
  const auto report = report_of(std::move(seen));
  EXPECT_EQ(report.pauses.at(0).origin, pause_origin::harness);
  EXPECT_EQ(report.any.counts[0], 0u);
  EXPECT_EQ(report.late_ns, 3'000 * us);
}

}  // namespace
}  // namespace tacit::bench
