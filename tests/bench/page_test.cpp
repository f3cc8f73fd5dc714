#include "bench/page.hpp"

#include <gtest/gtest.h>

#include "bench/plot.hpp"
#include "nanoseconds.hpp"

namespace tacit::bench {
namespace {

outcome some_run() {
  outcome out;
  auto& recorded = out.phase.recorded;
  recorded.begin(0);
  for (std::int64_t i = 0; i < 3'000; ++i) {
    const auto due = i * 1'000'000;
    recorded.on_sent(due, 100);
    recorded.on_answer({"GET / HTTP/1.1\r\n", false, {}}, {200, 2, true},
                       {due, due, due + 200'000 + i * 500});
  }
  recorded.finish();
  recorded.counts.due = recorded.counts.sent = 3'000;
  for (std::int64_t i = 0; i < 30; ++i)
    out.spent.over_time.push_back({i * 100'000'000, i * 50'000'000, 1'000'000});
  return out;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++out;
  return out;
}

TEST(page, has_every_plot_and_needs_nothing_else) {
  const auto page = to_page(some_run(), {"run", "http://h/", "10/s"});
  EXPECT_EQ(count_of(page, "<svg "), 6u);
  EXPECT_EQ(count_of(page, "</svg>"), 6u);
  for (const char* outside : {"<script", "src=", "@import", "url(", "href=\"http"})
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  EXPECT_EQ(page.find("nan"), std::string::npos);
  EXPECT_EQ(page.find("inf\""), std::string::npos);
  EXPECT_NE(page.find("prefers-color-scheme: dark"), std::string::npos);
}

TEST(page, shows_pauses_under_the_latency_where_they_were_looked_for) {
  auto run = some_run();
  run.pauses.emplace();
  run.pauses->pauses = {{{1'000 * ms, 1'020 * ms}, pause_scope::all, 4},
                        {{2'000 * ms, 2'001 * ms}, pause_scope::one, 1},
                        {{2'500 * ms, 2'501 * ms}, pause_scope::all, 4, pause_origin::machine}};
  const auto page = to_page(run, {"run", "http://h/", "10/s"});
  EXPECT_EQ(count_of(page, "<svg "), 7u);
  for (const char* kind : {"all", "one", "not"})
    EXPECT_EQ(count_of(page, std::string{"<rect class=\"bar-"} + kind), 1u) << kind;
  const auto stack = page.find("<div class=\"stack\">");
  EXPECT_LT(stack, page.find("Latency over time"));
  EXPECT_LT(page.find("Latency over time"), page.find("Pauses over time"));
  EXPECT_EQ(page.find("nan"), std::string::npos);
}

TEST(page, with_many_pauses_stays_small) {
  auto run = some_run();
  run.pauses.emplace();
  for (std::int64_t i = 0; i < 2'000; ++i)
    run.pauses->pauses.push_back({{i * 1'500'000, i * 1'500'000 + 1'000'000}, pause_scope::all, 4});
  EXPECT_LT(to_page(run, {"run", "http://h/", ""}).size(), 200'000u);
}

TEST(page, of_a_run_in_which_nothing_happened_is_a_page_all_the_same) {
  const auto page = to_page(outcome{}, {"run", "http://h/", "10/s"});
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_EQ(page.find("nan"), std::string::npos);
}

TEST(page, shows_what_comes_from_outside_as_text) {
  auto run = some_run();
  run.judged.invalid_reasons.push_back({"<b>late</b>"});
  const auto page = to_page(run, {"run", "http://h/?a=1&b=<script>", "10/s"});
  EXPECT_EQ(page.find("<script>"), std::string::npos);
  EXPECT_EQ(page.find("<b>late"), std::string::npos);
  EXPECT_NE(page.find("INVALID: &lt;b&gt;late"), std::string::npos);
}

TEST(page, of_a_long_run_stays_small) {
  outcome run;
  auto& recorded = run.phase.recorded;
  recorded.begin(0);
  for (std::int64_t i = 0; i < 3'600; ++i) {
    const auto due = i * 1'000'000'000;
    recorded.on_answer({"GET / HTTP/1.1\r\n", false, {}}, {200, 2, true},
                       {due, due, due + 100'000});
  }
  recorded.finish();
  EXPECT_LT(to_page(run, {"run", "http://h/", ""}).size(), 200'000u);
}

TEST(plot, keeps_values_within_its_axes) {
  plot out{"title", {"s", 0, 10, false, {}}, {"ms", 1, 100, true, {}}};
  out.add_line("line", {{-5, 0}, {15, 1e9}});
  const auto svg = out.svg();
  EXPECT_NE(svg.find("M48.0 186.0L370.0 42.0"), std::string::npos) << svg;
}

}  // namespace
}  // namespace tacit::bench
