#include "bench/attribution.hpp"

#include <gtest/gtest.h>
#include <cmath>

#include "bench/comparison_report.hpp"

namespace tacit::bench {
namespace {

using values = std::vector<double>;

pass paced_pass(const char* pointer, double value) {
  pass out;
  out.kind = "paced";
  out.document["counts"] = {{"sent", 1}, {"answered", 1}};
  out.document[nlohmann::ordered_json::json_pointer{pointer}] = value;
  return out;
}

competitor cell(std::string name, const char* pointer, const values& by_round) {
  competitor out{std::move(name), {}};
  for (const double value : by_round)
    out.rounds.push_back({paced_pass(pointer, value)});
  return out;
}

/// The four cells, whose figure behind `pointer` was this round by round.
comparison four_cells(const char* pointer, const values& ca, const values& ch, const values& ta,
                      const values& th) {
  comparison out;
  out.competitors = {cell("coroutine+arena", pointer, ca), cell("coroutine+heap", pointer, ch),
                     cell("thread+arena", pointer, ta), cell("thread+heap", pointer, th)};
  return out;
}

constexpr const char* cpu = "/server/cpu_us_per_request";
constexpr const char* allocations = "/server/allocations_per_request";

TEST(attribution, factors_that_multiply_have_no_interaction) {
  // Threads cost a half more, heap a fifth more, and both together 1.5 times 1.2.
  const values ca{10, 20, 40}, ch{12, 24, 48}, ta{15, 30, 60}, th{18, 36, 72};
  const auto found = attribute({ca, ch, ta, th}, figure_scale::ratio, {});
  ASSERT_TRUE(found);
  EXPECT_NEAR(std::exp(found->threads.mean), 1.5, 1e-12);
  EXPECT_NEAR(std::exp(found->allocation.mean), 1.2, 1e-12);
  EXPECT_NEAR(found->interaction.mean, 0, 1e-12);
  EXPECT_TRUE(found->threads.leaves_out(0));
  EXPECT_TRUE(found->allocation.leaves_out(0));
  EXPECT_FALSE(found->interaction.leaves_out(0));
  EXPECT_EQ(found->rounds, 3u);
}

TEST(attribution, the_interaction_is_what_heap_costs_more_with_threads) {
  // Heap doubles the figure with threads and leaves it with coroutines.
  const values ca{10, 10}, ch{10, 10}, ta{10, 10}, th{20, 20};
  const auto found = attribute({ca, ch, ta, th}, figure_scale::ratio, {});
  EXPECT_NEAR(std::exp(found->interaction.mean), 2, 1e-12);
  EXPECT_NEAR(std::exp(found->threads.mean), std::sqrt(2), 1e-12);
  EXPECT_NEAR(std::exp(found->allocation.mean), std::sqrt(2), 1e-12);
}

TEST(attribution, what_may_be_zero_is_split_by_differences) {
  const values none{0, 0, 0}, ch{3, 3, 3}, ta{1, 1, 1}, th{6, 6, 6};
  EXPECT_FALSE(attribute({none, ch, ta, th}, figure_scale::ratio, {}));
  const auto found = attribute({none, ch, ta, th}, figure_scale::difference, {}, 0.001);
  ASSERT_TRUE(found);
  EXPECT_DOUBLE_EQ(found->threads.mean, 2);
  EXPECT_DOUBLE_EQ(found->allocation.mean, 4);
  EXPECT_DOUBLE_EQ(found->interaction.mean, 2);
}

TEST(attribution, differences_below_the_resolution_are_not_claimed) {
  const values none{0, 0, 0}, hardly{0.0004, 0.0004, 0.0004};
  const auto found = attribute({none, hardly, none, hardly}, figure_scale::difference, {}, 0.001);
  EXPECT_FALSE(found->allocation.leaves_out(0));
}

TEST(attribution, a_drift_of_the_machine_between_rounds_is_no_effect) {
  // Every round is twice as slow as the one before; within a round all cells are the same.
  const values drifting{1, 2, 4, 8, 16};
  const auto found = attribute({drifting, drifting, drifting, drifting}, figure_scale::ratio, {});
  EXPECT_DOUBLE_EQ(found->threads.mean, 0);
  EXPECT_LT(std::exp(found->threads.high), 1.01);
}

TEST(attribution, one_round_says_nothing) {
  const values one{1};
  EXPECT_FALSE(attribute({one, one, one, one}, figure_scale::ratio, {}));
}

TEST(attribution, of_a_comparison_needs_all_four_cells) {
  auto what = four_cells(cpu, {10, 10}, {12, 12}, {15, 15}, {18, 18});
  ASSERT_EQ(attribute(what).size(), 1u);
  EXPECT_STREQ(attribute(what)[0].which->key, "cpu_us_per_request");
  what.competitors.pop_back();
  EXPECT_TRUE(attribute(what).empty());
  EXPECT_EQ(to_table(what).find("split into"), std::string::npos);
}

TEST(attribution, leaves_out_rounds_in_which_any_cell_was_disturbed) {
  auto what = four_cells(cpu, {10, 10, 10}, {12, 12, 12}, {15, 900, 15}, {18, 18, 18});
  what.competitors[2].rounds[1][0].invalid_reasons.push_back({"starved", true});
  const auto parts = attribute(what);
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].found.rounds, 2u);
  EXPECT_NEAR(std::exp(parts[0].found.threads.mean), 1.5, 1e-12);
}

TEST(attribution, is_said_in_one_sentence_per_figure_and_one_per_effect) {
  const values ca(20, 10), ch(20, 12), ta(20, 15), th(20, 18);
  const auto parts = attribute(four_cells(cpu, ca, ch, ta, th));
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].sentence(),
            "CPU per request: threads +50.0 % (+49.9 % to +50.1 %); heap +20.0 % (+19.9 % to "
            "+20.1 %); interaction none shown (-0.0 % to +0.0 %); 20 rounds.");
  const auto said = attribution_summary(parts);
  ASSERT_EQ(said.size(), 3u);
  EXPECT_EQ(said[0],
            "Threads instead of coroutines: CPU per request +50.0 % (+49.9 % to +50.1 %).");
  EXPECT_EQ(said[1], "Heap instead of arena: CPU per request +20.0 % (+19.9 % to +20.1 %).");
  EXPECT_EQ(said[2],
            "Interaction (what heap costs more with threads than with coroutines): none shown in "
            "CPU per request.");
}

TEST(attribution, differences_are_said_in_their_unit) {
  const values none(20, 0), three(20, 3);
  const auto parts = attribute(four_cells(allocations, none, three, none, three));
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].sentence(),
            "Allocations per request: threads no effect shown (-0.001 to +0.001); heap +3.000 "
            "(+2.999 to +3.001); interaction none shown (-0.001 to +0.001); 20 rounds.");
}

TEST(attribution, stands_in_the_table_and_in_the_json_of_a_comparison) {
  const auto what = four_cells(cpu, {10, 10}, {12, 12}, {15, 15}, {18, 18});
  EXPECT_NE(to_table(what).find("Threads instead of coroutines: "), std::string::npos);
  const auto json = to_json(what)["attribution"];
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["figure"], "cpu_us_per_request");
  EXPECT_EQ(json[0]["scale"], "ratio");
  EXPECT_NEAR(json[0]["threads"]["value"].get<double>(), 1.5, 1e-12);
  EXPECT_TRUE(json[0]["threads"].contains("low"));
  EXPECT_EQ(json[0]["rounds"], 2);
}

TEST(figure, is_of_the_kind_of_pass_that_it_names) {
  const figure asked{"x", "X", "/server/x", "paced"};
  auto capacity = paced_pass("/server/x", 5);
  capacity.kind = "capacity";
  EXPECT_EQ(value_in({capacity, paced_pass("/server/x", 3)}, asked, false), 3);
  EXPECT_EQ(value_in({capacity}, asked, false), 5);
  EXPECT_EQ(value_in({paced_pass("/server/y", 3)}, asked, false), std::nullopt);
}

TEST(figure, of_any_kind_is_the_highest) {
  auto capacity = paced_pass("/server/x", 5);
  capacity.kind = "capacity";
  EXPECT_EQ(
      value_in({capacity, paced_pass("/server/x", 3)}, {"x", "X", "/server/x", "highest"}, false),
      5);
}

}  // namespace
}  // namespace tacit::bench
