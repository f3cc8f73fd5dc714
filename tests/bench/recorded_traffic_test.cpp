#include "bench/formats/recorded_traffic.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <random>

namespace tacit::bench::formats {
namespace {

constexpr const char* separator = "\n🐵🙈🙉\n";

std::string gor(const std::string& head, const std::string& bytes) {
  return head + "\n" + bytes + separator;
}

TEST(gor, requests_are_taken_in_the_order_of_their_times_and_answers_are_not) {
  const auto read =
      parse_gor(gor("1 b 2000 0", "GET /late?x=1 HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n") +
                gor("2 b 2500 5", "HTTP/1.1 200 OK\r\n\r\n") +
                gor("1 a 1000 0", "POST /early HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi") +
                gor("1 c 2500 0",
                    "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"));
  EXPECT_TRUE(read.rejected.empty());
  ASSERT_EQ(read.requests.size(), 3u);
  EXPECT_EQ(read.requests[0].target, "/early");
  EXPECT_EQ(read.requests[0].body, "hi");
  EXPECT_EQ(read.requests[1].target, "/late?x=1");
  const std::vector<std::pair<std::string, std::string>> fields = {{"Accept", "*/*"}};
  EXPECT_EQ(read.requests[1].fields, fields);
  EXPECT_FALSE(read.requests[1].body);
  EXPECT_EQ(read.requests[2].body, "abcd");
  ASSERT_TRUE(read.has_times);
  EXPECT_EQ(read.times_ns(), (std::vector<std::int64_t>{0, 1'000, 1'500}));
}

TEST(gor, what_is_no_payload_is_named_by_its_line) {
  const auto read = parse_gor(gor("1 a 1 0", "GET / HTTP/1.1\r\n\r\n") + gor("nonsense", "") +
                              gor("1 b 2 0", "GET / HTTP/1.1\r\nno colon\r\n\r\n") +
                              gor("1 c 3 0", "\x01\x02\x03") + "1 d 4 0\nGET /cut HTT");
  EXPECT_EQ(read.requests.size(), 1u);
  ASSERT_EQ(read.rejected.count, 4u);
  EXPECT_EQ(read.rejected.listed[0].number, 6u);
  EXPECT_EQ(read.rejected.listed[1].reason, "a field without a colon");
}

TEST(vegeta, targets_have_fields_bodies_and_times) {
  const auto read = parse_vegeta(
      "{\"method\":\"POST\",\"url\":\"http://h:1/a?b\",\"body\":\"aGk=\","
      "\"header\":{\"X-A\":[\"1\",\"2\"],\"Host\":[\"h\"]},"
      "\"timestamp\":\"2026-01-05T10:00:01.5+01:00\"}\n\n"
      "{\"method\":\"GET\",\"url\":\"https://h\",\"timestamp\":\"2026-01-05T09:00:00Z\"}\n");
  EXPECT_TRUE(read.rejected.empty());
  ASSERT_EQ(read.requests.size(), 2u);
  EXPECT_EQ(read.requests[0].target, "/");
  EXPECT_EQ(read.requests[1].method, "POST");
  EXPECT_EQ(read.requests[1].target, "/a?b");
  EXPECT_EQ(read.requests[1].body, "hi");
  EXPECT_EQ(read.requests[1].fields.size(), 2u);
  EXPECT_EQ(read.times_ns(), (std::vector<std::int64_t>{0, 1'500'000'000}));
}

TEST(vegeta, bad_lines_are_named_and_the_rest_is_taken) {
  const auto read = parse_vegeta(
      "{\"method\":\"GET\",\"url\":\"/a\"}\nnonsense\n{\"url\":7}\n"
      "{\"method\":\"GET\",\"url\":\"/b\",\"body\":\"*\"}\n{\"method\":\"G T\",\"url\":\"/b\"}\n"
      "{\"method\":\"GET\",\"url\":\"/c\",\"timestamp\":\"today\"}\n{\"method\":\"GET\",\"url\":");
  EXPECT_EQ(read.requests.size(), 1u);
  EXPECT_FALSE(read.has_times);
  ASSERT_EQ(read.rejected.count, 6u);
  EXPECT_EQ(read.rejected.listed[0].number, 2u);
  EXPECT_EQ(read.rejected.listed[0].reason, "no JSON object");
  EXPECT_EQ(read.rejected.listed[2].reason, "body is not base64");
  EXPECT_EQ(read.rejected.listed[5].number, 7u);
}

std::string entry(const std::string& url, const std::string& time) {
  return "{\"startedDateTime\":\"" + time + "\",\"request\":{\"method\":\"GET\",\"url\":\"" + url +
         "\",\"headers\":[{\"name\":\"Accept\",\"value\":\"*/*\"},{\"name\":\":path\",\"value\":"
         "\"/\"}]},\"response\":{\"status\":200},\"timings\":{\"entries\":1}}";
}

std::string har(const std::string& version, const std::string& entries) {
  return "{\"log\":{\"version\":\"" + version + "\",\"creator\":{\"name\":\"x\"},\n\"entries\":[" +
         entries + "],\"pages\":[{\"id\":\"p\"}]}}\n";
}

const std::string two_entries = entry("http://h/b", "2026-01-05T09:00:02Z") + ",\n" +
                                entry("https://h/a", "2026-01-05T09:00:00.25Z");

TEST(har, entries_become_requests_in_the_order_of_their_times) {
  const auto read = parse_har(har("1.2", two_entries));
  EXPECT_TRUE(read.rejected.empty());
  ASSERT_EQ(read.requests.size(), 2u);
  EXPECT_EQ(read.requests[0].target, "/a");
  EXPECT_EQ(read.requests[0].fields.size(), 1u);
  EXPECT_EQ(read.times_ns(), (std::vector<std::int64_t>{0, 1'750'000'000}));
}

TEST(har, of_another_version_is_read_and_named) {
  const auto read = parse_har(har("3.0", two_entries));
  EXPECT_EQ(read.requests.size(), 2u);
  ASSERT_EQ(read.rejected.count, 1u);
  EXPECT_EQ(read.rejected.listed[0].reason, "HAR version \"3.0\": what looks like 1.2 was read");
}

TEST(har, cut_off_gives_what_stands_before_the_cut) {
  const auto whole = har("1.2", two_entries);
  const auto read = parse_har(whole.substr(0, whole.rfind("startedDateTime")));
  EXPECT_EQ(read.requests.size(), 1u);
  ASSERT_EQ(read.rejected.count, 1u);
  EXPECT_EQ(read.rejected.listed[0].number, 3u);
}

TEST(url_list, weights_are_exact_and_the_order_is_the_seeds) {
  const std::string text = "# comment\n\n3 /a\n1 POST http://h/b?c\n/d\n";
  const auto read = parse_url_list(text, 5);
  EXPECT_TRUE(read.rejected.empty());
  ASSERT_EQ(read.requests.size(), 5u);
  const auto count = [&](const char* target) {
    return std::count_if(read.requests.begin(), read.requests.end(),
                         [&](const auto& request) { return request.target == target; });
  };
  EXPECT_EQ(count("/a"), 3);
  EXPECT_EQ(count("/b?c"), 1);
  EXPECT_EQ(count("/d"), 1);
  const auto targets = [](const recorded_traffic& traffic) {
    std::string out;
    for (const auto& request : traffic.requests)
      out += request.method + request.target;
    return out;
  };
  EXPECT_EQ(targets(read), targets(parse_url_list(text, 5)));
  bool differs = false;
  for (std::uint64_t seed = 6; seed < 12; ++seed)
    differs = differs || targets(read) != targets(parse_url_list(text, seed));
  EXPECT_TRUE(differs);
}

TEST(url_list, a_line_of_a_million_characters_is_rejected_and_the_rest_is_taken) {
  const auto read = parse_url_list("/a\n/" + std::string(1'000'000, 'x') +
                                       "\n0 /zero\n5000 /many\nGET\n/b behind\nftp://h/c\n/last\n",
                                   1);
  EXPECT_EQ(read.requests.size(), 2u);
  ASSERT_EQ(read.rejected.count, 6u);
  EXPECT_EQ(read.rejected.listed[0].number, 2u);
  EXPECT_EQ(read.rejected.listed[0].reason, "the target is longer than 16 KiB");
}

TEST(rfc3339, times_are_read_with_zone_and_fraction) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01Z"), 1'000'000'000);
  EXPECT_EQ(parse_rfc3339("1970-01-01T01:00:00.000000001+01:00"), 1);
  EXPECT_EQ(parse_rfc3339("2026-01-05T09:00:00.123456789123-00:30"), 1'767'605'400'123'456'789);
  for (const auto* wrong : {"", "2026-01-05", "2026-13-05T09:00:00Z", "2026-02-30T09:00:00Z",
                            "2026-01-05T25:00:00Z", "2026-01-05T09:00:00", "2026-01-05T09:00:00+1"})
    EXPECT_FALSE(parse_rfc3339(wrong)) << wrong;
}

// Whatever bytes come, every reader ends with requests that can be sent, and loses no line
// silently: what is left of a file whose every payload counts is either a request or a rejection.
TEST(recorded_traffic_property, damaged_files_give_only_requests_that_can_be_sent) {
  const auto seed = std::random_device{}();
  std::mt19937_64 random{seed};
  const std::vector<std::string> whole = {
      gor("1 a 1000 0", "POST /early HTTP/1.1\r\nA: b\r\n\r\nhi") +
          gor("1 b 2000 0", "GET / HTTP/1.1\r\n\r\n"),
      "{\"method\":\"GET\",\"url\":\"/a\",\"body\":\"aGk=\"}\n{\"method\":\"GET\",\"url\":\"/"
      "b\"}\n",
      har("1.2", two_entries), "3 /a\nPOST /b\n"};
  for (int round = 0; round < 4'000; ++round) {
    auto text = whole[static_cast<std::size_t>(round) % whole.size()];
    if (round % 3 == 0) text.resize(random() % text.size());
    for (int hit = 0; hit < round % 4 && !text.empty(); ++hit)
      text[random() % text.size()] = static_cast<char>(random());
    for (const auto& read :
         {parse_gor(text), parse_vegeta(text), parse_har(text), parse_url_list(text, 1)}) {
      for (const auto& request : read.requests)
        ASSERT_EQ(not_sendable(request), nullptr) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace tacit::bench::formats
