#include "http/request_label.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include <tacit/base/atomic.hpp>

namespace tacit::http {
namespace {

std::uint64_t begin(request_label& on, std::string_view line) {
  return on.begin(line, line.size());
}

TEST(request_label, tells_line_connection_and_request_of_a_number) {
  request_label label;
  begin(label, "GET /first");
  const auto number = begin(label, "GET /items/42");
  const auto found = request_label::find(number);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->line, "GET /items/42");
  EXPECT_EQ(found->request, 2U);
  EXPECT_EQ(found->to_string(),
            "GET /items/42 (connection " + std::to_string(found->connection) + ", request 2)");
}

TEST(request_label, finds_no_request_that_has_ended) {
  request_label label;
  const auto first = begin(label, "GET /1");
  const auto second = begin(label, "GET /2");
  EXPECT_FALSE(request_label::find(first));
  EXPECT_TRUE(request_label::find(second));
  label.end();
  EXPECT_FALSE(request_label::find(second));
}

TEST(request_label, a_connection_that_takes_the_place_of_another_counts_from_one) {
  std::optional<request_label> label(std::in_place);
  const auto old_number = begin(*label, "GET /old");
  const auto old_connection = request_label::find(old_number)->connection;
  label.reset();
  EXPECT_FALSE(request_label::find(old_number));
  label.emplace();
  const auto number = begin(*label, "GET /new");
  EXPECT_NE(number, old_number);
  EXPECT_FALSE(request_label::find(old_number));
  const auto found = request_label::find(number);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->line, "GET /new");
  EXPECT_EQ(found->request, 1U);
  EXPECT_GT(found->connection, old_connection);
}

TEST(request_label, cuts_a_long_line_and_shows_no_control_characters) {
  request_label label;
  const std::string line = "GET /\x1b\xff" + std::string(100, 'a');
  const auto found = request_label::find(label.begin(line, line.size()));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->line, line.substr(0, request_label::line_bytes_max));
  EXPECT_EQ(found->to_string().substr(0, 9), "GET /??aa");
  EXPECT_NE(found->to_string().find("aa... ("), std::string::npos);
}

TEST(request_label, any_number_may_be_asked_for) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0},
                                     std::uint64_t{1} << 63, std::uint64_t{5} << 32}) {
    EXPECT_FALSE(request_label::find(number)) << number;
  }
}

// Each line repeats the request's own number, so a mixture of two would show.
TEST(request_label_stress, a_reader_finds_whole_lines_only) {
  constexpr std::uint64_t lines_seen_min = 20'000;
  const auto line_of = [](std::uint64_t number) {
    const std::string count =
        std::to_string(static_cast<std::uint32_t>(number) % 100'000 + 100'000);
    return count + " " + count + " " + count + " " + count;
  };
  request_label label;
  base::atomic<std::uint64_t> latest{begin(label, "the first")};
  label.end();
  base::atomic<std::uint64_t> seen{0};
  base::thread reading([&] {
    while (seen.load(base::memory_order_relaxed) < lines_seen_min) {
      const auto number = latest.load(base::memory_order_relaxed);
      const auto found = request_label::find(number);
      if (!found) continue;
      EXPECT_EQ(found->line, line_of(number));
      seen.fetch_add(1, base::memory_order_relaxed);
    }
  });
  while (seen.load(base::memory_order_relaxed) < lines_seen_min) {
    const std::uint64_t next = latest.load(base::memory_order_relaxed) + 1;
    ASSERT_EQ(begin(label, line_of(next)), next);
    latest.store(next, base::memory_order_relaxed);
  }
  reading.join();
}

}  // namespace
}  // namespace tacit::http
