#include "bench/traffic_model.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <map>
#include <tacit/base/error.hpp>

#include "bench/made_up_body.hpp"

namespace tacit::bench {
namespace {

formats::recorded_traffic made(const char* name, std::uint64_t seed = 1) {
  return traffic_model::named(name)->traffic(seed);
}

TEST(traffic_model, is_a_function_of_its_seed) {
  for (const char* name : {"model:web:500", "model:api:500", "model:danmaku:500"}) {
    const auto text_of = [](const formats::recorded_traffic& traffic) {
      std::string out;
      for (const auto& one : traffic.requests)
        out += one.method + one.target + one.body.value_or("-") + std::to_string(*one.time_ns);
      return out;
    };
    EXPECT_EQ(text_of(made(name)), text_of(made(name)));
    EXPECT_NE(text_of(made(name)), text_of(made(name, 2)));
    EXPECT_EQ(made(name).requests.size(), 500u);
    EXPECT_TRUE(made(name).has_times);
  }
}

TEST(traffic_model, mixes_methods_and_asks_for_some_targets_more_than_for_others) {
  for (const char* name : {"model:web", "model:api", "model:danmaku"}) {
    std::map<std::string, int> methods;
    std::map<std::string, int> targets;
    for (const auto& one : made(name).requests) {
      ++methods[one.method];
      ++targets[one.target];
      EXPECT_EQ(one.body.has_value(), one.method == "POST");
      EXPECT_EQ(formats::not_sendable(one), nullptr);
    }
    EXPECT_GT(methods["GET"], 1'000) << name;
    EXPECT_GT(methods["POST"], 200) << name;
    const auto most = std::max_element(targets.begin(), targets.end(),
                                       [](auto& a, auto& b) { return a.second < b.second; });
    EXPECT_GT(most->second, 50) << name;
    EXPECT_GT(targets.size(), 300u) << name;
  }
}

TEST(traffic_model, of_comments_comes_in_bursts) {
  const auto peak_to_mean = [](const formats::recorded_traffic& traffic) {
    std::map<std::int64_t, double> per_s;
    for (const auto& one : traffic.requests)
      ++per_s[*one.time_ns / 1'000'000'000];
    const auto most = std::max_element(per_s.begin(), per_s.end(),
                                       [](auto& a, auto& b) { return a.second < b.second; });
    const auto seconds = static_cast<double>(per_s.rbegin()->first + 1);
    return most->second * seconds / static_cast<double>(traffic.requests.size());
  };
  EXPECT_GT(peak_to_mean(made("model:danmaku:50000")), 3);
  EXPECT_LT(peak_to_mean(made("model:api:50000")), 1.3);
}

TEST(traffic_model, that_there_is_not_is_refused) {
  EXPECT_EQ(traffic_model::named("web.log"), std::nullopt);
  for (const char* name : {"model:", "model:mail", "model:web:", "model:web:0", "model:web:x",
                           "model:web:1000001", "model:web:5:5"}) {
    EXPECT_THROW((void)traffic_model::named(name), base::failure) << name;
  }
}

TEST(made_up_body, has_its_length_and_no_other_text_for_the_same_seed) {
  for (const std::size_t bytes : {0u, 1u, 7u, 8u, 1'000u})
    EXPECT_EQ(made_up_body(3, bytes).size(), bytes);
  EXPECT_EQ(made_up_body(3, 100), made_up_body(3, 100));
  EXPECT_NE(made_up_body(3, 100), made_up_body(4, 100));
}

TEST(body_sizes, are_logged_fixed_or_drawn) {
  EXPECT_EQ(parse_body_sizes("none")->of(1, 70, 1), 0u);
  EXPECT_EQ(parse_body_sizes("logged")->of(1, 70, 1), 70u);
  EXPECT_EQ(parse_body_sizes("logged")->of(1, 1u << 30, 1), made_up_body_bytes_max);
  EXPECT_EQ(parse_body_sizes("12")->of(1, 70, 1), 12u);
  const auto drawn = *parse_body_sizes("10-20");
  for (std::uint64_t line = 0; line < 100; ++line) {
    EXPECT_GE(drawn.of(line, 0, 1), 10u);
    EXPECT_LE(drawn.of(line, 0, 1), 20u);
    EXPECT_EQ(drawn.of(line, 0, 1), drawn.of(line, 0, 1));
  }
  for (const char* text : {"", "x", "5-", "20-10", "5-6-7", "-5", "2000000"})
    EXPECT_EQ(parse_body_sizes(text), std::nullopt) << text;
}

}  // namespace
}  // namespace tacit::bench
