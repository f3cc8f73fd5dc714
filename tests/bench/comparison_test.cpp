#include "bench/comparison.hpp"

#include <gtest/gtest.h>

#include "bench/comparison_report.hpp"
#include "bench/sentences.hpp"

namespace tacit::bench {
namespace {

pass pass_with(std::string kind, column which, double value) {
  pass out;
  out.kind = std::move(kind);
  out.figures[static_cast<std::size_t>(which)] = value;
  out.document["counts"] = {{"sent", 1}, {"answered", 1}};
  return out;
}

/// A contender whose CPU per request was `cpu` round by round.
competitor with_cpu(std::string name, const std::vector<double>& cpu) {
  competitor out{std::move(name), {}};
  for (const double value : cpu)
    out.rounds.push_back({pass_with("paced", column::cpu, value)});
  return out;
}

std::string cpu_sentence(std::vector<competitor> competitors) {
  comparison what;
  what.competitors = std::move(competitors);
  return sentences(what)[static_cast<std::size_t>(column::cpu)];
}

competitor with_p99(std::string name, const std::vector<double>& p99) {
  competitor out{std::move(name), {}};
  for (const double value : p99)
    out.rounds.push_back({pass_with("paced", column::latency_p99, value)});
  return out;
}

TEST(latency_ratios, set_every_other_contender_against_the_reference) {
  comparison what;
  what.competitors = {with_p99("a", {100, 200}), with_p99("b", {1'000, 800})};
  EXPECT_TRUE(latency_ratios(what).empty());
  what.latency_reference = "a";
  const auto said = latency_ratios(what);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(
      said[0],
      "p99 latency from the due time, b / a: 6.0, of the medians 900.0 us and 150.0 us; 4.0 to "
      "10.0 in 2 paired rounds.");
}

TEST(latency_ratios, say_when_rounds_do_not_pair) {
  comparison what;
  what.competitors = {with_p99("a", {100, 200}), with_p99("b", {1'000, 800})};
  what.competitors[0].rounds[0][0].invalid_reasons.push_back({"starved", true});
  what.latency_reference = "a";
  ASSERT_EQ(latency_ratios(what).size(), 1u);
  EXPECT_NE(latency_ratios(what)[0].find("so there are no pairs"), std::string::npos);
}

TEST(series, the_median_of_an_even_number_lies_between) {
  EXPECT_DOUBLE_EQ((series{{3, 1, 2}}).median(), 2);
  EXPECT_DOUBLE_EQ((series{{4, 1, 2, 3}}).median(), 2.5);
}

TEST(comparison, throughput_is_of_capacity_passes_and_costs_of_paced_ones) {
  competitor c{"a",
               {{pass_with("capacity", column::throughput, 100),
                 pass_with("paced", column::throughput, 50)}}};
  c.rounds[0][0].figures[static_cast<std::size_t>(column::cpu)] = 9;
  c.rounds[0][1].figures[static_cast<std::size_t>(column::cpu)] = 5;
  c.rounds[0][0].figures[static_cast<std::size_t>(column::threads)] = 70;
  c.rounds[0][1].figures[static_cast<std::size_t>(column::threads)] = 60;
  EXPECT_EQ(c.over_rounds(column::throughput).values, std::vector<double>{100});
  EXPECT_EQ(c.over_rounds(column::cpu).values, std::vector<double>{5});
  EXPECT_EQ(c.over_rounds(column::threads).values, std::vector<double>{70});
  EXPECT_TRUE(c.over_rounds(column::rss).empty());
}

TEST(comparison, a_single_kind_of_pass_serves_every_column) {
  const competitor c{"a", {{pass_with("capacity", column::cpu, 9)}}};
  EXPECT_EQ(c.over_rounds(column::cpu).values, std::vector<double>{9});
}

TEST(comparison, disturbed_passes_are_left_out) {
  auto c = with_cpu("a", {5, 50, 6});
  c.rounds[1][0].invalid_reasons.push_back({"starved", true});
  EXPECT_EQ(c.over_rounds(column::cpu).values, (std::vector<double>{5, 6}));
  comparison what;
  what.competitors = {c};
  EXPECT_TRUE(what.invalid_reasons().empty());
  EXPECT_NE(to_table(what).find("Left out: a: 1 of 3 passes"), std::string::npos);
}

TEST(comparison, is_invalid_when_half_of_the_passes_are_disturbed) {
  auto c = with_cpu("a", {5, 50});
  c.rounds[1][0].invalid_reasons.push_back({"starved", true});
  comparison what;
  what.competitors = {c};
  ASSERT_EQ(what.invalid_reasons().size(), 1u);
  EXPECT_EQ(to_json(what)["valid"], false);
  EXPECT_NE(to_table(what).find("INVALID"), std::string::npos);
}

TEST(comparison, counts_that_do_not_add_up_always_make_it_invalid) {
  auto c = with_cpu("a", {5, 5, 5, 5, 5});
  c.rounds[3][0].invalid_reasons.push_back({"the counts do not add up", false});
  comparison what;
  what.competitors = {c};
  ASSERT_EQ(what.invalid_reasons().size(), 1u);
  EXPECT_EQ(what.invalid_reasons()[0], "a, round 4, paced: the counts do not add up");
  EXPECT_EQ(c.over_rounds(column::cpu).values.size(), 5u);
}

TEST(sentences, say_by_how_much_when_the_interval_leaves_out_the_same) {
  EXPECT_EQ(cpu_sentence({with_cpu("a", {4.9, 5, 5.1}), with_cpu("b", {9.9, 10, 10})}),
            "CPU per request: a has the lowest, 0.50 times that of b (5.00 us against 10.00 us); "
            "between 0.421 and 0.598 times it, by 3 pairs.");
}

TEST(sentences, show_no_difference_when_the_pairs_allow_for_none) {
  EXPECT_EQ(cpu_sentence({with_cpu("a", {4, 5, 9}), with_cpu("b", {8, 10, 11})}),
            "CPU per request: no difference shown; the pairs of a (5.00 us) and b (10.00 us) "
            "allow for 0.0222 to 15.6 times.");
}

TEST(sentences, name_who_is_level_with_the_best) {
  EXPECT_EQ(cpu_sentence({with_cpu("a", {4, 4.1, 4, 4.1, 4}), with_cpu("b", {4.1, 4, 4.1, 4, 4.1}),
                          with_cpu("c", {20, 20, 20, 20, 20})}),
            "CPU per request: a, level with b, has the lowest, 0.20 times that of c (4.00 us "
            "against 20.00 us); between 0.191 and 0.213 times it, by 5 pairs.");
}

TEST(sentences, compare_what_is_no_headline_by_overlap) {
  comparison what;
  what.competitors = {competitor{"a", {}}, competitor{"b", {}}};
  for (const double threads : {2, 3}) {
    what.competitors[0].rounds.push_back({pass_with("paced", column::threads, threads)});
    what.competitors[1].rounds.push_back({pass_with("paced", column::threads, threads + 5)});
  }
  EXPECT_EQ(sentences(what)[static_cast<std::size_t>(column::threads)],
            "Threads: a has the lowest, 0.33 times that of b (2 against 8); their rounds do not "
            "overlap.");
}

TEST(differences_of_a_comparison, are_of_every_other_contender_against_the_first) {
  comparison what;
  what.competitors = {with_cpu("a", {5, 5.1, 5, 5.1, 5}), with_cpu("b", {10, 10, 10, 10, 10}),
                      with_cpu("c", {5.1, 5, 5.1, 5, 5.1})};
  const auto found = what.differences();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].contender, "b");
  EXPECT_TRUE(found[0].found.is_shown());
  EXPECT_EQ(found[1].reference, "a");
  EXPECT_FALSE(found[1].found.is_shown());
  EXPECT_NE(to_table(what).find("CPU per request, c against a: no difference shown ("),
            std::string::npos);
  EXPECT_EQ(to_json(what)["differences"][0]["is_shown"], true);
}

TEST(differences_of_a_comparison, leave_out_rounds_that_were_disturbed_on_either_side) {
  auto disturbed = with_cpu("b", {5, 500, 5, 5});
  disturbed.rounds[1][0].invalid_reasons.push_back({"starved", true});
  const auto found =
      paired_difference(with_cpu("a", {5, 5, 5, 5}), disturbed, column::cpu, {0.99, 4, 1});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->blocks, 3u);
  EXPECT_DOUBLE_EQ(found->ratio, 1);
}

TEST(sentences, admit_that_one_round_has_no_spread) {
  EXPECT_EQ(cpu_sentence({with_cpu("a", {5}), with_cpu("b", {10})}),
            "CPU per request: a has the lowest, 0.50 times that of b (5.00 us against 10.00 us), "
            "in one round, so no spread is known.");
}

TEST(sentences, know_zero_equality_and_absence) {
  EXPECT_EQ(cpu_sentence({with_cpu("a", {0, 0}), with_cpu("b", {4, 4})}),
            "CPU per request: a has the lowest, 0.00 us against 4.00 us of b; their rounds do not "
            "overlap.");
  EXPECT_EQ(cpu_sentence({with_cpu("a", {4, 4}), with_cpu("b", {4, 4})}),
            "CPU per request: the same for all, 4.00 us.");
  EXPECT_EQ(cpu_sentence({with_cpu("a", {}), with_cpu("b", {})}),
            "CPU per request: not known for any contender.");
  EXPECT_EQ(cpu_sentence({with_cpu("a", {4, 4}), with_cpu("b", {})}),
            "CPU per request: a has 4.00 us; nothing to compare it with.");
}

TEST(cpu_ratios, are_paired_round_by_round) {
  comparison what;
  what.competitors = {with_cpu("a", {5, 20, 6}), with_cpu("nginx", {10, 20, 10})};
  const auto ratios = cpu_ratios(what);
  ASSERT_EQ(ratios.size(), 1u);
  EXPECT_EQ(ratios[0], "CPU per request, a / nginx: 0.600 (median of 3 rounds, 0.500 to 1.000).");
  EXPECT_TRUE(cpu_ratios({}).empty());
}

TEST(comparison, json_has_medians_spreads_and_every_pass) {
  comparison what;
  what.competitors = {with_cpu("a", {5, 7, 6})};
  what.skipped = {"b: not there"};
  const auto json = to_json(what);
  EXPECT_EQ(json["schema"], 1);
  const auto& a = json["contenders"][0];
  EXPECT_EQ(a["name"], "a");
  EXPECT_DOUBLE_EQ(a["median"]["cpu_us_per_request"].get<double>(), 6);
  EXPECT_DOUBLE_EQ(a["spread"]["cpu_us_per_request"]["min"].get<double>(), 5);
  EXPECT_DOUBLE_EQ(a["spread"]["cpu_us_per_request"]["max"].get<double>(), 7);
  EXPECT_TRUE(a["median"]["rss_peak_bytes"].is_null());
  EXPECT_EQ(a["rounds"].size(), 3u);
  EXPECT_TRUE(a["rounds"][0].contains("paced"));
  EXPECT_EQ(json["skipped"][0], "b: not there");
}

TEST(comparison, the_table_fits_120_columns) {
  comparison what;
  what.competitors = {with_cpu("coroutine+arena", {5, 7, 6}), with_cpu("thread+heap", {8, 9, 10})};
  const auto table = to_table(what);
  const auto head = table.find("contender ");
  std::size_t start = head;
  for (int row = 0; row < 6; ++row) {
    const auto end = table.find('\n', start);
    EXPECT_LE(end - start, 120u);
    start = end + 1;
  }
}

}  // namespace
}  // namespace tacit::bench
