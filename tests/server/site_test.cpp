#include "server/site.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/temporary_folder.hpp"

namespace tacit::server {
namespace {

std::string line(std::string_view method, std::string_view target, int status,
                 std::string_view bytes) {
  return "10.0.0.1 - - [17/May/2015:10:05:03 +0000] \"" + std::string(method) + " " +
         std::string(target) + " HTTP/1.1\" " + std::to_string(status) + " " + std::string(bytes) +
         " \"-\" \"agent\"\n";
}

struct answered {
  int status;
  std::uint64_t bytes;
  std::string fields;
  bool operator==(const answered&) const = default;
};

struct site_test : testing::Test {
  support::temporary_folder folder;
  pattern_source pattern;

  site load(const std::string& log, std::uint64_t limit = site::no_body_limit) {
    auto loaded = site::load(folder.write("log", log), limit);
    EXPECT_TRUE(std::holds_alternative<site>(loaded));
    return std::get<site>(std::move(loaded));
  }
  answered ask(const site& of, std::string_view target) {
    http::context c(*std::pmr::new_delete_resource());
    c.request.target = target;
    c.request.path = target.substr(0, target.find('?'));
    of.answer(c, pattern);
    std::string fields;
    for (const auto& [name, value] : c.response.fields) {
      fields += std::string(name) + ": " + std::string(value) + ";";
    }
    return {c.response.status, c.response.content_length(), fields};
  }
};

TEST_F(site_test, answers_as_a_target_was_most_often_logged) {
  const site made = load(line("GET", "/a", 200, "10") + line("GET", "/a", 200, "20") +
                         line("GET", "/a", 200, "20") + line("GET", "/a?b", 404, "5"));
  EXPECT_EQ(ask(made, "/a"), (answered{200, 20, ""}));
  EXPECT_EQ(ask(made, "/a?b"), (answered{404, 5, ""}));
  EXPECT_EQ(ask(made, "/b").status, 404);
}

TEST_F(site_test, breaks_ties_by_status_and_then_by_size) {
  const site made =
      load(line("GET", "/a", 404, "1") + line("GET", "/a", 200, "9") + line("GET", "/a", 200, "8"));
  EXPECT_EQ(ask(made, "/a"), (answered{200, 8, ""}));
}

TEST_F(site_test, lets_head_lines_count_only_where_there_is_nothing_else) {
  const site made = load(line("HEAD", "/a", 200, "-") + line("HEAD", "/a", 200, "-") +
                         line("GET", "/a", 200, "7") + line("HEAD", "/b", 404, "-"));
  EXPECT_EQ(ask(made, "/a"), (answered{200, 7, ""}));
  EXPECT_EQ(ask(made, "/b"), (answered{404, 0, ""}));
}

TEST_F(site_test, answers_special_statuses_as_their_kind_demands) {
  const site made = load(line("GET", "/moved", 301, "10") + line("GET", "/same", 304, "-") +
                         line("GET", "/part", 206, "100") + line("GET", "/beyond", 416, "3"));
  EXPECT_EQ(ask(made, "/moved"), (answered{301, 10, "Location: /moved/;"}));
  EXPECT_EQ(ask(made, "/same"), (answered{304, 0, ""}));
  EXPECT_EQ(ask(made, "/part"), (answered{206, 100, "Content-Range: bytes 0-99/*;"}));
  EXPECT_EQ(ask(made, "/beyond").status, 416);
}

TEST_F(site_test, caps_bodies) {
  EXPECT_EQ(ask(load(line("GET", "/a", 200, "1000"), 64), "/a"), (answered{200, 64, ""}));
}

TEST_F(site_test, counts_lines_that_do_not_parse) {
  EXPECT_EQ(load("nonsense\n" + line("GET", "/a", 200, "1") + "\n").unparsed_lines(), 1U);
}

TEST_F(site_test, says_why_there_is_no_site) {
  const auto empty = site::load(folder.write("log", "nonsense\n"), 0);
  EXPECT_NE(std::get<base::failure>(empty).message.find("no line"), std::string::npos);
  const auto missing = site::load(folder.file("missing"), 0);
  EXPECT_NE(std::get<base::failure>(missing).message.find("No such file"), std::string::npos);
  const auto directory = site::load(folder.path().string(), 0);
  EXPECT_NE(std::get<base::failure>(directory).message.find("directory"), std::string::npos);
}

TEST_F(site_test, reads_real_traffic) {
  const auto log = std::filesystem::path(TACIT_REPOSITORY).parent_path() / "shared/data/access.log";
  if (!std::filesystem::exists(log)) GTEST_SKIP() << "no real traffic beside the repository";
  auto loaded = site::load(log.string(), site::no_body_limit);
  ASSERT_TRUE(std::holds_alternative<site>(loaded));
  EXPECT_EQ(std::get<site>(loaded).unparsed_lines(), 0U);
  EXPECT_GT(std::get<site>(loaded).targets(), 1000U);
}

TEST(pattern_source, is_seamless_wherever_it_is_cut) {
  const pattern_source pattern;
  std::string whole;
  while (whole.size() < 200'000)
    whole += pattern.slice(whole.size(), 200'000 - whole.size());
  for (std::uint64_t offset = 1; offset < whole.size(); offset += 7919) {
    const auto slice = pattern.slice(offset, 1000);
    EXPECT_EQ(whole.substr(offset, slice.size()), slice);
  }
}

}  // namespace
}  // namespace tacit::server
