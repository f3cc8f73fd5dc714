#include "bench/formats/gc_log.hpp"

#include <gtest/gtest.h>
#include <fstream>
#include <sstream>

namespace tacit::bench::formats {
namespace {

// Logs of small programs that fill a heap, run with the collectors of Go 1.19 and JDK 17.
std::string golden_log(const std::string& name) {
  std::ifstream file{TACIT_REPOSITORY "/tests/bench/golden/" + name};
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

std::vector<std::string> what_of(const gc_log& log) {
  std::vector<std::string> out;
  for (const auto& one : log.pauses)
    out.push_back(one.what);
  return out;
}

TEST(gc_log, formats_go_by_their_names) {
  for (const char* name : {"go_gctrace", "jvm_unified", "tacit"}) {
    const auto format = parse_gc_log_format(name);
    ASSERT_TRUE(format) << name;
    EXPECT_EQ(to_string(*format), name);
  }
  EXPECT_FALSE(parse_gc_log_format("gctrace"));
}

TEST(gc_log, a_go_cycle_stops_the_program_twice) {
  const auto log = parse_gc_log(golden_log("gc_go.log"), gc_log_format::go_gctrace, 5);
  EXPECT_EQ(log.collector, "Go");
  ASSERT_EQ(log.pauses.size(), 6u);
  EXPECT_EQ(log.collections(), 3u);
  EXPECT_EQ(log.full_collections(), 0u);
  EXPECT_TRUE(log.rejected.empty());
  // gc 2 @0.003s: 0.069+0.31+0.003 ms, from the moment that the first line tells.
  EXPECT_EQ(log.pauses[2].start_ns, 2812194411813 + 3'500'000);
  EXPECT_EQ(log.pauses[2].length_ns, 69'000);
  EXPECT_EQ(log.pauses[2].what, "Go STW sweep termination");
  EXPECT_EQ(log.pauses[3].start_ns, log.pauses[2].end_ns() + 310'000);
  EXPECT_EQ(log.pauses[3].length_ns, 3'000);
  EXPECT_EQ(log.pauses[3].what, "Go STW mark termination");
  EXPECT_EQ(log.uncertainty_ns, 1'000'000);
}

TEST(gc_log, a_go_log_without_a_clock_counts_from_the_start_of_the_process) {
  const auto log = parse_gc_log(
      "started\ngc 1 @1.000s 0%: 0.1+2+0.2 ms clock, 0+0/0/0+0 ms cpu, 1->1->0 MB, 4 MB goal\n",
      gc_log_format::go_gctrace, 7'000'000'000);
  ASSERT_EQ(log.pauses.size(), 2u);
  EXPECT_EQ(log.pauses[0].start_ns, 8'000'500'000);
}

TEST(gc_log, a_jvm_pause_lasts_as_long_as_its_safepoint) {
  const auto log = parse_gc_log(golden_log("gc_g1.log"), gc_log_format::jvm_unified, 0);
  EXPECT_EQ(log.collector, "G1");
  EXPECT_TRUE(log.rejected.empty());
  EXPECT_EQ(what_of(log), (std::vector<std::string>{
                              "G1 Pause Young (Normal) (G1 Evacuation Pause)",
                              "G1 Pause Full (G1 Compaction Pause)",
                              "G1 Pause Young (Normal) (G1 Evacuation Pause)",
                          }));
  // The collection says 9.205 ms, the safepoint around it, told of at ...616575146, 9,358,117 ns.
  EXPECT_EQ(log.pauses[0].length_ns, 9'358'117);
  EXPECT_EQ(log.pauses[0].end_ns(), 2614616575146);
  EXPECT_EQ(log.collections(), 3u);
  EXPECT_EQ(log.full_collections(), 1u);
  EXPECT_TRUE(log.pauses[1].is_full);
  EXPECT_EQ(log.longest_stop_ns(), 64'484'723);
  EXPECT_EQ(log.stopped_ns(), 9'358'117 + 64'484'723 + 6'671'131);
}

TEST(gc_log, zgc_stops_all_for_its_phases_and_single_threads_for_memory) {
  const auto log = parse_gc_log(golden_log("gc_zgc.log"), gc_log_format::jvm_unified, 0);
  EXPECT_EQ(log.collector, "ZGC");
  EXPECT_TRUE(log.rejected.empty());
  EXPECT_EQ(what_of(log),
            (std::vector<std::string>{"ZGC Pause Mark Start", "ZGC Pause Mark End",
                                      "ZGC Pause Relocate Start", "ZGC Allocation Stall (main)",
                                      "ZGC Pause Mark Start", "ZGC Pause Mark End",
                                      "ZGC Pause Relocate Start"}));
  EXPECT_EQ(log.stops(), 6u);
  EXPECT_EQ(log.stalls(), 1u);
  EXPECT_EQ(log.longest_stall_ns(), 49'283'000);
  EXPECT_EQ(log.collections(), 2u);
  EXPECT_EQ(log.full_collections(), 0u);
}

TEST(gc_log, shenandoahs_statistics_are_no_pauses) {
  const auto log = parse_gc_log(golden_log("gc_shenandoah.log"), gc_log_format::jvm_unified, 0);
  EXPECT_EQ(log.collector, "Shenandoah");
  EXPECT_TRUE(log.rejected.empty());
  EXPECT_EQ(what_of(log),
            (std::vector<std::string>{"Shenandoah Pause Init Mark (unload classes)",
                                      "Shenandoah Pause Final Mark (unload classes)",
                                      "Shenandoah Pause Degenerated GC (Outside of Cycle)"}));
  EXPECT_EQ(log.pauses[0].length_ns, 3'869'682);  // of which the collector counts 38 us
}

TEST(gc_log, a_log_without_safepoints_tells_of_the_collectors_pauses) {
  const auto log = parse_gc_log(
      "[0.005s][info][gc] Using Serial\n"
      "[1.500s][info][gc,start] GC(0) Pause Full (System.gc())\n"
      "[2.000s][info][gc] GC(0) Pause Full (System.gc()) 6M->3M(128M) 500.000ms\n",
      gc_log_format::jvm_unified, 10'000'000'000);
  ASSERT_EQ(log.pauses.size(), 1u);
  EXPECT_EQ(log.pauses[0].what, "Serial Pause Full (System.gc())");
  EXPECT_EQ(log.pauses[0].start_ns, 11'500'000'000);
  EXPECT_EQ(log.pauses[0].length_ns, 500'000'000);
  EXPECT_EQ(log.full_collections(), 1u);
}

TEST(gc_log, a_safepoint_without_a_collection_is_a_pause_too) {
  const auto log = parse_gc_log(
      "[5000ns][info][safepoint] Safepoint \"Cleanup\", Time since last: 1 ns, Reaching "
      "safepoint: 1 ns, At safepoint: 1 ns, Total: 300 ns\n",
      gc_log_format::jvm_unified, 0);
  ASSERT_EQ(log.pauses.size(), 1u);
  EXPECT_EQ(log.pauses[0].what, "JVM Safepoint Cleanup");
  EXPECT_EQ(log.pauses[0].start_ns, 4'700);
  EXPECT_EQ(log.collections(), 0u);
}

TEST(gc_log, tacits_pauses_are_counted_once_though_two_lists_tell_of_them) {
  const auto log = parse_gc_log(
      R"({"longest":[{"begin_ns":900,"length_ns":50,"cause":"handler","scope":"worker","worker":0}],
          "recent":[{"begin_ns":900,"length_ns":50,"cause":"handler","scope":"worker","worker":0},
                    {"begin_ns":100,"length_ns":20,"cause":"scheduled_out","scope":"all",
                     "worker":1}]})",
      gc_log_format::tacit, 0);
  EXPECT_EQ(what_of(log), (std::vector<std::string>{"scheduled_out", "handler"}));
  EXPECT_EQ(log.stops(), 1u);
  EXPECT_EQ(log.stalls(), 1u);
  EXPECT_EQ(log.collections(), 0u);
}

TEST(gc_log, lines_that_cannot_be_read_are_counted_with_their_number) {
  const auto go =
      parse_gc_log("gc 1 @0.0\nhello\ngc 2 @1s 0%: 1+2\n", gc_log_format::go_gctrace, 0);
  ASSERT_EQ(go.rejected.count, 2u);
  EXPECT_EQ(go.rejected.listed[0].number, 1u);
  EXPECT_EQ(go.rejected.listed[1].number, 3u);
  const auto jvm = parse_gc_log(
      "[1ns][info][gc] GC(0) Pause Young 1M->0M(2M) 9.\nOpenJDK warning\n"
      "[2ns][info][safepoint] Safepoint \"X\", Total: -5 ns\n[3ns][info",
      gc_log_format::jvm_unified, 0);
  EXPECT_EQ(jvm.rejected.count, 4u);
  EXPECT_TRUE(jvm.pauses.empty());
  const auto tacit = parse_gc_log(R"({"longest":[{"begin_ns":1}]})", gc_log_format::tacit, 0);
  EXPECT_EQ(tacit.rejected.count, 1u);
  EXPECT_EQ(parse_gc_log("[", gc_log_format::tacit, 0).rejected.count, 1u);
}

TEST(gc_log, a_log_cut_anywhere_is_read_as_far_as_it_goes) {
  for (const auto& [name, format] : {std::pair{"gc_g1.log", gc_log_format::jvm_unified},
                                     std::pair{"gc_zgc.log", gc_log_format::jvm_unified},
                                     std::pair{"gc_go.log", gc_log_format::go_gctrace}}) {
    const auto text = golden_log(name);
    const auto all = parse_gc_log(text, format, 0).pauses.size();
    for (std::size_t bytes = 0; bytes < text.size(); ++bytes) {
      const auto log = parse_gc_log(std::string_view{text}.substr(0, bytes), format, 0);
      EXPECT_LE(log.pauses.size(), all) << name << " cut at " << bytes;
      EXPECT_LE(log.rejected.count, 1u) << name << " cut at " << bytes;
    }
  }
}

TEST(gc_log, a_part_has_the_pauses_that_begin_in_it) {
  const auto log = parse_gc_log(golden_log("gc_g1.log"), gc_log_format::jvm_unified, 0);
  const auto part = log.between(log.pauses[1].start_ns, log.pauses[2].start_ns);
  ASSERT_EQ(part.pauses.size(), 1u);
  EXPECT_EQ(part.full_collections(), 1u);
  EXPECT_EQ(part.collections(), 1u);
  EXPECT_EQ(part.collector, "G1");
}

}  // namespace
}  // namespace tacit::bench::formats
