#include "bench/site_rule.hpp"

#include <gtest/gtest.h>

namespace tacit::bench {
namespace {

using base::combined_log_line;

combined_log_line logged(std::string_view method, std::string_view target, int status,
                         std::optional<std::uint64_t> bytes) {
  combined_log_line out;
  out.method = method;
  out.target = target;
  out.status = status;
  out.bytes = bytes;
  return out;
}

void expect_answer(const site_rule& site, std::string_view method, std::string_view target,
                   int status, std::uint64_t bytes) {
  const auto got = site.answer_to(method, target);
  EXPECT_EQ(got.status, status) << method << " " << target;
  EXPECT_EQ(got.body_bytes, bytes) << method << " " << target;
}

TEST(site_rule, the_most_frequent_pair_wins) {
  const site_rule site{{logged("GET", "/a", 200, 10), logged("GET", "/a", 304, std::nullopt),
                        logged("GET", "/a", 200, 20), logged("POST", "/a", 200, 20)},
                       1'000};
  expect_answer(site, "GET", "/a", 200, 20);
  expect_answer(site, "DELETE", "/a", 200, 20);
}

TEST(site_rule, ties_go_to_the_lower_status_then_to_fewer_bytes) {
  const site_rule site{
      {logged("GET", "/a", 404, 1), logged("GET", "/a", 200, 30), logged("GET", "/a", 200, 20)},
      1'000};
  expect_answer(site, "GET", "/a", 200, 20);
}

TEST(site_rule, head_lines_count_only_where_there_are_no_others) {
  const site_rule site{
      {logged("HEAD", "/a", 200, std::nullopt), logged("HEAD", "/a", 200, std::nullopt),
       logged("GET", "/a", 200, 7), logged("HEAD", "/b", 301, std::nullopt)},
      1'000};
  expect_answer(site, "GET", "/a", 200, 7);
  expect_answer(site, "GET", "/b", 301, 0);
}

TEST(site_rule, some_answers_have_no_body) {
  const site_rule site{{logged("GET", "/a", 200, 7), logged("GET", "/304", 304, 9),
                        logged("GET", "/204", 204, 9), logged("GET", "/404", 404, 9)},
                       1'000};
  expect_answer(site, "HEAD", "/a", 200, 0);
  expect_answer(site, "GET", "/304", 304, 0);
  expect_answer(site, "GET", "/204", 204, 0);
  expect_answer(site, "GET", "/404", 404, 9);
}

TEST(site_rule, interim_statuses_are_answered_as_200) {
  const site_rule site{{logged("GET", "/a", 101, 5)}, 1'000};
  expect_answer(site, "GET", "/a", 200, 5);
}

TEST(site_rule, bodies_end_at_the_limit) {
  const site_rule site{{logged("GET", "/a", 200, 5'000)}, 100};
  expect_answer(site, "GET", "/a", 200, 100);
}

TEST(site_rule, a_target_that_was_not_logged_is_not_found) {
  const site_rule site{{logged("GET", "/a?x", 200, 5)}, 100};
  EXPECT_EQ(site.answer_to("GET", "/a").status, 404);
  EXPECT_FALSE(site.answer_to("GET", "/a").body_bytes.has_value());
}

}  // namespace
}  // namespace tacit::bench
