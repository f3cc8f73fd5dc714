#include "bench/contenders/sched/standings.hpp"

#include <gtest/gtest.h>
#include <tacit/base/error.hpp>

#include "bench/contenders/sched/lineup.hpp"
#include "bench/contenders/sched/standings_report.hpp"

namespace tacit::bench::contenders::sched {
namespace {

measurement taken(unsigned round, std::string contender, double ns, std::int64_t size = 39) {
  return {round, std::move(contender), "fib", size, 100, ns / 1e7, ns};
}

standings fib_of(std::vector<measurement> measurements) {
  standings out;
  out.workers = 2;
  out.rounds = 3;
  out.shapes = {"fib"};
  out.contenders = {"tacit", "tbb", "go"};
  out.measurements = std::move(measurements);
  return out;
}

std::string refusal_of(const std::string& printed) {
  try {
    const auto parsed = parse_measurement(printed, "go", "fib");
    return "none: " + parsed.contender;
  } catch (const base::failure& failure) {
    return failure.message;
  }
}

TEST(sched_measurement, is_read_from_the_line_that_a_contender_prints) {
  const auto m = parse_measurement(
      R"({"contender":"go","shape":"fib","workers":2,"size":30,"operations":2692537,)"
      R"("seconds":1.5,"ns_per_operation":557.1,"check":"ok"})",
      "go", "fib");
  EXPECT_EQ(m.contender, "go");
  EXPECT_EQ(m.shape, "fib");
  EXPECT_EQ(m.size, 30);
  EXPECT_EQ(m.operations, 2'692'537);
  EXPECT_DOUBLE_EQ(m.seconds, 1.5);
  EXPECT_DOUBLE_EQ(m.ns_per_operation, 557.1);
}

TEST(sched_measurement, is_refused_when_the_result_is_wrong_or_of_another_shape) {
  const std::string line = R"({"contender":"go","shape":"fib","size":30,"operations":1,)"
                           R"("seconds":1,"ns_per_operation":1,"check":")";
  EXPECT_EQ(refusal_of(line + R"(wrong"})"), "go fib: the result is wrong");
  EXPECT_EQ(refusal_of(line + R"(ok"})"), "none: go");
  EXPECT_EQ(refusal_of(R"({"contender":"tbb","shape":"fib","size":30,"operations":1,"seconds":1,)"
                       R"("ns_per_operation":1,"check":"ok"})"),
            "go fib: the result is that of tbb fib");
}

TEST(sched_measurement, words_instead_of_a_result_are_shown) {
  EXPECT_EQ(refusal_of("panic: out of memory"), "go fib: no result, but: panic: out of memory");
  EXPECT_EQ(refusal_of(""), "go fib: no result, but: nothing");
  EXPECT_EQ(refusal_of(R"({"contender":"go"})"), R"(go fib: no result, but: {"contender":"go"})");
}

TEST(sched_standings, ratios_pair_the_rounds) {
  const auto what = fib_of({taken(1, "tacit", 10), taken(1, "tbb", 20), taken(2, "tacit", 30),
                            taken(2, "tbb", 40), taken(3, "tacit", 50), taken(3, "tbb", 500)});
  const auto ratios = what.ratios_of("fib", "tacit", "tbb");
  EXPECT_EQ(ratios.values, (std::vector<double>{0.5, 0.75, 0.1}));
  EXPECT_DOUBLE_EQ(ratios.median(), 0.5);
}

TEST(sched_standings, a_round_without_its_counterpart_gives_no_ratio) {
  const auto what = fib_of({taken(1, "tacit", 10), taken(2, "tacit", 30), taken(2, "tbb", 40)});
  EXPECT_EQ(what.ratios_of("fib", "tacit", "tbb").values, std::vector<double>{0.75});
  EXPECT_TRUE(what.ratios_of("fib", "tacit", "go").empty());
}

TEST(sched_standings, table_shows_medians_ratios_and_what_is_missing) {
  auto what = fib_of({taken(1, "tacit", 8), taken(2, "tacit", 9), taken(3, "tacit", 10),
                      taken(1, "go", 320, 30), taken(2, "go", 360, 30), taken(3, "go", 300, 30)});
  what.skipped = {"tbb: there is no bin/tbb"};
  what.failures = {"asio fib: killed by signal 11"};
  EXPECT_EQ(
      to_table(what),
      "shape             tacit       tbb        go               tacit/tbb                "
      "tacit/go\n"
      "fib               9.00         -       320*                       -  0.025 (0.025 to "
      "0.033)\n"
      "ns per operation, median of 3 rounds on 2 workers; a ratio is the median of the rounds' "
      "ratios (lowest to highest).\n"
      "* smaller size: go fib 30\n"
      "Skipped: tbb: there is no bin/tbb\n"
      "Failed: asio fib: killed by signal 11\n");
}

TEST(sched_standings, a_machine_that_was_busy_elsewhere_is_named) {
  auto what = fib_of({taken(1, "tacit", 8)});
  what.cpu_share_elsewhere = 0.01;
  EXPECT_EQ(to_table(what).find("Disturbed"), std::string::npos);
  what.cpu_share_elsewhere = 0.42;
  EXPECT_NE(to_table(what).find("Disturbed: other programs used 42 % of the CPUs meanwhile.\n"),
            std::string::npos);
}

TEST(sched_standings, json_has_every_round) {
  const auto document = to_json(fib_of(
      {taken(1, "tacit", 10), taken(1, "tbb", 20), taken(2, "tacit", 30), taken(2, "tbb", 40)}));
  const auto& fib = document["shapes"][0];
  EXPECT_EQ(fib["contenders"].size(), 2u);
  EXPECT_EQ(fib["contenders"][1]["name"], "tbb");
  EXPECT_EQ(fib["contenders"][1]["rounds"][1]["ns_per_operation"], 40);
  EXPECT_EQ(fib["ratios"]["tacit/tbb"]["max"], 0.75);
  EXPECT_TRUE(fib["ratios"]["tacit/go"].is_null());
}

TEST(sched_lineup, tacit_does_every_shape_at_full_size) {
  for (const auto& shape : all_shapes())
    EXPECT_EQ(size_of("tacit", shape), 0) << shape;
  EXPECT_EQ(size_of("tbb", "ping_pong"), std::nullopt);
}

}  // namespace
}  // namespace tacit::bench::contenders::sched
