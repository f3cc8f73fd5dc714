#include "bench/result_table.hpp"

#include <gtest/gtest.h>
#include <tacit/base/error.hpp>

#include "bench/agreement.hpp"
#include "bench/comparison_report.hpp"
#include "bench/contest_page.hpp"
#include "bench/contest_report.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

/// What a pass of `kind` has recorded: `cost` microseconds of CPU per request, and a pause of so
/// many milliseconds.
pass pass_of(std::string kind, double cost, double pause_ms) {
  pass out;
  out.kind = std::move(kind);
  out.document = {
      {"valid", true},
      {"invalid_reasons", json::array()},
      {"errors", {{"timeout", 0}}},
      {"rate_per_s", 1'000},
      {"duration_s", 2},
      {"latency_us", {{"p50", 50}, {"p99", 100}, {"p99_9", 200}}},
      {"counts", {{"sent", 1}, {"answered", 1}}},
      {"server", {{"cpu_us_per_request", cost}, {"allocations_per_request", 0}}},
      {"seconds",
       {{{"second", 0}, {"answered", 9}, {"p50_us", 50}, {"p99_us", 99}, {"max_us", 400}}}},
      {"pauses",
       {{"probe",
         {{"any",
           {{"per_s", {{"above_0_1_ms", 0.5}, {"above_1_ms", 0.5}, {"above_10_ms", 0}}},
            {"longest_us", 1e3 * pause_ms},
            {"paused_share", 0.001},
            {"mmu", {{"1_ms", 0}, {"10_ms", 0.5}, {"100_ms", 0.95}}}}},
          {"pauses",
           {{{"start_s", 0.5}, {"length_us", 1e3 * pause_ms}, {"origin", "target"}},
            {{"start_s", 0.7}, {"length_us", 7}, {"origin", "machine"}}}}}}}}};
  set_figures(out);
  return out;
}

competitor flooded(std::string name, const std::vector<double>& costs) {
  competitor out{std::move(name), {}};
  for (const double cost : costs) {
    out.rounds.push_back(
        {pass_of("capacity", cost, 1), pass_of("flood", 2 * cost, 5), pass_of("paced", cost, 2)});
  }
  return out;
}

comparison two_floods() {
  comparison out;
  out.workload = "GET /churn";
  out.load = "64 connections";
  out.flood_per_s = 100'000;
  out.competitors = {flooded("a", {10, 11, 10}), flooded("b", {20, 21, 22})};
  return out;
}

/// Through its JSON, as `report` gets it.
stored_contest stored(const comparison& what) {
  return restored_comparison(to_json(what), "test.json");
}

const table_cell& cell(const result_table& table, std::size_t row, const char* key) {
  const auto& shown_as = columns_of(table.kind);
  for (std::size_t i = 0; i < shown_as.size(); ++i) {
    if (std::string_view{shown_as[i].which.key} == key) return table.rows.at(row).cells[i].value();
  }
  throw std::out_of_range{key};
}

TEST(table_cell, is_the_median_between_the_bounds_of_the_mean) {
  const auto found = cell_of({{10, 11, 12}}, 1);
  ASSERT_TRUE(found);
  EXPECT_DOUBLE_EQ(found->median, 11);
  // Student's t with two degrees of freedom, 4.303, of the logarithms.
  EXPECT_NEAR(found->low, 8.74, 0.02);
  EXPECT_NEAR(found->high, 13.8, 0.1);
  EXPECT_EQ(found->rounds, 3u);
}

TEST(table_cell, of_what_is_zero_now_and_then_is_not_below_zero) {
  const auto found = cell_of({{0, 0, 1}}, 1);
  EXPECT_DOUBLE_EQ(found->median, 0);
  EXPECT_DOUBLE_EQ(found->low, 0);
  EXPECT_GT(found->high, 1);
  const auto never = cell_of({{0, 0, 0}}, 1);
  EXPECT_DOUBLE_EQ(never->high, 0);
  EXPECT_TRUE(never->overlaps(*found));
}

TEST(table_cell, of_one_round_has_no_interval) {
  EXPECT_FALSE(cell_of({{5}}, 1)->has_interval());
  EXPECT_FALSE(cell_of({}, 1));
}

TEST(result_table, floods_and_the_same_rate_for_all_are_tables_of_their_own) {
  const auto tables = tables_of(two_floods());
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(tables[0].kind, table_kind::flood);
  EXPECT_EQ(tables[1].kind, table_kind::paced);
  EXPECT_DOUBLE_EQ(cell(tables[0], 0, "cpu_us_per_request").median, 20);
  EXPECT_DOUBLE_EQ(cell(tables[1], 0, "cpu_us_per_request").median, 10);
  EXPECT_DOUBLE_EQ(cell(tables[0], 1, "longest_us").median, 5'000);
}

TEST(result_table, costs_are_the_table_of_a_comparison_without_a_flood) {
  comparison what;
  what.competitors = {{"a", {{pass_of("capacity", 5, 1), pass_of("paced", 7, 1)}}}};
  const auto tables = tables_of(what);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].kind, table_kind::costs);
  EXPECT_DOUBLE_EQ(cell(tables[0], 0, "cpu_us_per_request").median, 7);
}

TEST(result_table, leaves_out_columns_that_nobody_knows) {
  const auto text = to_text(tables_of(two_floods())[0]);
  EXPECT_EQ(text.find("full"), std::string::npos) << text;
  EXPECT_NE(text.find("longest"), std::string::npos) << text;
}

TEST(short_number, keeps_three_digits_that_say_something) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.1239), "0.124");
  EXPECT_EQ(short_number(1.239), "1.24");
  EXPECT_EQ(short_number(12.39), "12.4");
  EXPECT_EQ(short_number(1'239), "1239");
  EXPECT_EQ(short_number(45'678), "45.7k");
  EXPECT_EQ(short_number(1'239'000), "1.24M");
  EXPECT_EQ(short_number(5e12), "> 1G");
}

TEST(restored_comparison, is_what_was_written) {
  auto what = two_floods();
  what.competitors[0].rounds[1][2].invalid_reasons.push_back({"starved", true});
  what.competitors[0].rounds[1][2].document["invalid_reasons"] = {"starved"};
  const auto again = stored(what);
  EXPECT_EQ(again.what.competitors.size(), 2u);
  EXPECT_EQ(again.what.flood_per_s, 100'000);
  EXPECT_TRUE(again.what.competitors[0].rounds[1][2].is_disturbed());
  EXPECT_EQ(over_rounds(again.what.competitors[0], {"x", "X", "/server/cpu_us_per_request"}).values,
            (std::vector<double>{10, 10}));
}

TEST(restored_comparison, of_something_else_is_refused_by_name) {
  try {
    (void)restored_comparison({{"kind", "run"}}, "run.json");
    FAIL();
  } catch (const base::failure& refused) {
    EXPECT_NE(refused.message.find("run.json: not the JSON of compare"), std::string::npos);
  }
}

TEST(report, has_the_machine_the_remarks_and_each_table) {
  const auto text = report_text({stored(two_floods())}, {"Go 1.19"});
  EXPECT_NE(text.find("machine   "), std::string::npos);
  EXPECT_NE(text.find("Go 1.19"), std::string::npos);
  EXPECT_NE(text.find(title_of(table_kind::flood)), std::string::npos);
  EXPECT_NE(text.find(title_of(table_kind::paced)), std::string::npos);
}

TEST(report, says_why_a_comparison_is_invalid) {
  auto one = stored(two_floods());
  one.invalid_reasons = {"a: half of the passes were disturbed"};
  EXPECT_NE(report_text({one}, {}).find("INVALID   a: half"), std::string::npos);
  EXPECT_EQ(report_json({one}, {})["comparisons"][0]["valid"], false);
}

TEST(report, page_draws_the_pauses_of_the_target_below_the_latencies) {
  const auto page = to_page({stored(two_floods())}, "Pauses", "head", "text");
  const auto latency = page.find("Latency, from the due time");
  const auto pauses = page.find("Pauses seen by the probe");
  ASSERT_NE(latency, std::string::npos);
  ASSERT_NE(pauses, std::string::npos);
  EXPECT_LT(latency, pauses);
  EXPECT_EQ(page.find("http://"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  // Two contenders, two tables, three rounds, one pause of the target each; the rest are latencies.
  std::size_t cells = 0;
  for (auto at = page.find("opacity=\"0.80\""); at != std::string::npos;
       at = page.find("opacity=\"0.80\"", at + 1))
    ++cells;
  EXPECT_EQ(cells, 12u);
}

TEST(agreement, of_a_report_with_itself_is_complete) {
  const auto report = report_json({stored(two_floods())}, {});
  const auto found = agree(report, report);
  EXPECT_GT(found.compared, 20u);
  EXPECT_TRUE(found.disagreements.empty());
  EXPECT_TRUE(found.holds());
}

TEST(agreement, names_the_figures_whose_intervals_lie_apart) {
  const auto before = report_json({stored(two_floods())}, {});
  auto other = two_floods();
  other.competitors[1] = flooded("b", {200, 201, 202});
  const auto found = agree(before, report_json({stored(other)}, {}));
  ASSERT_EQ(found.disagreements.size(), 2u);  // in the flood, and at the same rate for all
  EXPECT_EQ(found.disagreements[0].contender, "b");
  EXPECT_EQ(found.disagreements[0].figure, "cpu_us_per_request");
  EXPECT_NE(found.disagreements[0].sentence().find("before, "), std::string::npos);
}

/// With other bounds for one figure of one contender.
nlohmann::ordered_json with_bounds(nlohmann::ordered_json report, const std::string& table,
                                   const char* figure, double low, double high) {
  for (auto& each : report["comparisons"][0]["tables"]) {
    if (each["table"] != table) continue;
    auto& changed = each["rows"][0]["figures"][figure];
    changed["low"] = low;
    changed["high"] = high;
    changed["rounds"] = 3;
  }
  return report;
}

TEST(agreement, is_as_close_as_the_tables_show) {
  const auto report = report_json({stored(two_floods())}, {});
  const auto with = [&](double low, double high) {
    return with_bounds(report, "flood", "cpu_us_per_request", low, high);
  };
  EXPECT_TRUE(agree(with(20.01, 20.01), with(20.02, 20.02)).disagreements.empty());
  EXPECT_TRUE(agree(with(20.02, 20.02), with(20.01, 20.01)).disagreements.empty());
  EXPECT_EQ(agree(with(20.0, 20.1), with(20.2, 20.3)).disagreements.size(), 1u);
}

TEST(agreement, is_not_asked_for_in_the_rate_that_the_harness_sets) {
  const auto report = report_json({stored(two_floods())}, {});
  const auto with = [&](const char* table, double rate) {
    return with_bounds(report, table, "rate_per_s", rate, rate);
  };
  EXPECT_TRUE(agree(with("paced", 500), with("paced", 900)).disagreements.empty());
  EXPECT_EQ(agree(with("flood", 500), with("flood", 900)).disagreements.size(), 1u);
}

TEST(agreement, names_contenders_that_one_of_the_two_lacks) {
  const auto before = report_json({stored(two_floods())}, {});
  auto other = two_floods();
  other.competitors.pop_back();
  const auto found = agree(before, report_json({stored(other)}, {}));
  EXPECT_EQ(found.only_before, (std::vector<std::string>{"flood, b", "paced, b"}));
  EXPECT_TRUE(found.only_now.empty());
}

TEST(agreement, of_what_is_no_report_is_refused) {
  EXPECT_THROW((void)agree({{"kind", "compare"}}, {}), base::failure);
}

}  // namespace
}  // namespace tacit::bench
