// What a client gets of a representation, over a connection in memory: from bytes in memory, and
// from a file.

#include <tacit/http/representation.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <random>
#include <regex>
#include <string>

#include <tacit/io/unique_fd.hpp>

#include "http/http_date.hpp"
#include "http/served.hpp"
#include "support/temporary_folder.hpp"
#include "sync/seed.hpp"

namespace tacit::http {
namespace {

constexpr std::int64_t modified = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT

// In slices of an odd size.
class text_source final : public body_source {
 public:
  explicit text_source(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] std::string_view slice(std::uint64_t offset,
                                       std::uint64_t bytes_max) const noexcept override {
    return std::string_view(text_).substr(offset, std::min<std::uint64_t>(bytes_max, 61));
  }

 private:
  std::string text_;
};

class file_source final : public body_source {
 public:
  explicit file_source(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  [[nodiscard]] std::string_view slice(std::uint64_t, std::uint64_t) const noexcept override {
    ADD_FAILURE() << "a file is not asked for slices";
    return "?";
  }
  [[nodiscard]] std::optional<file_extent> extent(std::uint64_t offset,
                                                  std::uint64_t bytes_max) const noexcept override {
    return file_extent{fd_.get(), offset, bytes_max};
  }

 private:
  io::unique_fd fd_;
};

std::string letters(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += static_cast<char>('a' + (i * 7 + i / 26) % 26);
  return text;
}

struct answer {
  std::string head;
  std::string body;
  [[nodiscard]] bool has(std::string_view line) const {
    return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
  }
  [[nodiscard]] std::string status() const { return head.substr(9, 3); }
  [[nodiscard]] std::string field(const std::string& name) const {
    std::smatch found;
    if (!std::regex_search(head, found, std::regex("\r\n" + name + ": ([^\r]*)"))) return "";
    return found[1];
  }
};

enum class from { memory, file };

class representation_of : public testing::TestWithParam<from> {
 protected:
  void hold(std::string text) {
    text_ = std::move(text);
    what_.length = text_.size();
    what_.content_type = "text/x";
    what_.validators = {"\"v1\"", modified};
  }

  std::shared_ptr<const body_source> source() {
    if (GetParam() == from::memory) return std::make_shared<text_source>(text_);
    return std::make_shared<file_source>(folder_.write("file", text_));
  }

  std::string wire(const std::string& fields, const char* method = "GET",
                   std::size_t write_max = static_cast<std::size_t>(-1)) {
    support::served server;
    const auto body = source();
    server.service.router.add(method::get, "/it",
                              make_handler([&](context& c) { answer_with(c, what_, body); }));
    support::memory_stream peer(
        {std::string(method) + " /it HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"});
    peer.take_at_most(write_max);
    server.serve(peer);
    return peer.written();
  }

  answer ask(const std::string& fields, const char* method = "GET",
             std::size_t write_max = static_cast<std::size_t>(-1)) {
    const std::string all = wire(fields, method, write_max);
    const auto end = all.find("\r\n\r\n");
    return {all.substr(0, end + 2), all.substr(end + 4)};
  }

  std::string text_;
  representation what_;
  support::temporary_folder folder_;
};

INSTANTIATE_TEST_SUITE_P(source, representation_of, testing::Values(from::memory, from::file),
                         [](const testing::TestParamInfo<from>& each) {
                           return each.param == from::memory ? "memory" : "file";
                         });

TEST_P(representation_of, a_get_gives_all_of_it_and_what_it_is) {
  hold(letters(1000));
  const answer got = ask("");
  EXPECT_EQ(got.status(), "200");
  EXPECT_EQ(got.body, text_);
  EXPECT_TRUE(got.has("Content-Type: text/x"));
  EXPECT_TRUE(got.has("Content-Length: 1000"));
  EXPECT_TRUE(got.has("ETag: \"v1\""));
  EXPECT_TRUE(got.has("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"));
  EXPECT_TRUE(got.has("Accept-Ranges: bytes"));
  EXPECT_EQ(got.field("Vary"), "");
  EXPECT_EQ(got.field("Cache-Control"), "");
  EXPECT_EQ(got.field("Content-Encoding"), "");
}

TEST_P(representation_of, what_the_answer_is_told_to_say_it_says) {
  hold("x");
  what_.cache_control = "public, immutable";
  what_.varies = true;
  what_.coding = content_coding::brotli;
  const answer got = ask("");
  EXPECT_TRUE(got.has("Cache-Control: public, immutable"));
  EXPECT_TRUE(got.has("Vary: Accept-Encoding"));
  EXPECT_TRUE(got.has("Content-Encoding: br"));
}

TEST_P(representation_of, an_empty_one_has_no_bytes) {
  hold("");
  const answer got = ask("");
  EXPECT_EQ(got.status(), "200");
  EXPECT_TRUE(got.has("Content-Length: 0"));
  EXPECT_EQ(got.body, "");
  EXPECT_EQ(ask("Range: bytes=-5\r\n").status(), "200");
  EXPECT_EQ(ask("Range: bytes=0-\r\n").status(), "416");
}

TEST_P(representation_of, a_head_gives_the_fields_alone) {
  hold(letters(100'000));
  const answer got = ask("Range: bytes=0-9\r\n", "HEAD");
  EXPECT_EQ(got.status(), "200");
  EXPECT_TRUE(got.has("Content-Length: 100000"));
  EXPECT_TRUE(got.has("Accept-Ranges: bytes"));
  EXPECT_EQ(got.body, "");
}

TEST_P(representation_of, a_range_gives_its_bytes) {
  hold(letters(1000));
  const answer got = ask("Range: bytes=100-299\r\n");
  EXPECT_EQ(got.status(), "206");
  EXPECT_EQ(got.body, text_.substr(100, 200));
  EXPECT_TRUE(got.has("Content-Range: bytes 100-299/1000"));
  EXPECT_TRUE(got.has("Content-Length: 200"));
  EXPECT_TRUE(got.has("Content-Type: text/x"));
  EXPECT_TRUE(got.has("ETag: \"v1\""));
  EXPECT_EQ(ask("Range: bytes=-10\r\n").body, text_.substr(990));
  EXPECT_EQ(ask("Range: bytes=999-\r\n").body, text_.substr(999));
}

TEST_P(representation_of, a_range_beyond_the_end_is_refused_with_the_length) {
  hold(letters(1000));
  const answer got = ask("Range: bytes=1000-\r\n");
  EXPECT_EQ(got.status(), "416");
  EXPECT_TRUE(got.has("Content-Range: bytes */1000"));
}

TEST_P(representation_of, a_range_that_is_none_is_ignored) {
  hold(letters(1000));
  for (const char* fields : {"Range: bytes=x\r\n", "Range: lines=1-2\r\n", "Range: bytes=5-1\r\n",
                             "Range: bytes=0-1\r\nRange: bytes=2-3\r\n"}) {
    const answer got = ask(fields);
    EXPECT_EQ(got.status(), "200") << fields;
    EXPECT_EQ(got.body, text_) << fields;
  }
}

// The parts of a multipart/byteranges body, in the plainest way.
std::vector<std::pair<std::string, std::string>> parts_of(const answer& got) {
  std::vector<std::pair<std::string, std::string>> parts;
  const std::string type = got.field("Content-Type");
  const std::string marker = "--" + type.substr(type.find('=') + 1);
  std::size_t at = marker.size() + 2;
  EXPECT_TRUE(got.body.starts_with(marker + "\r\n")) << got.body.substr(0, 200);
  for (;;) {
    const auto next = got.body.find("\r\n" + marker, at);
    if (next == std::string::npos) break;
    const std::string part = got.body.substr(at, next - at);
    const auto end = part.find("\r\n\r\n");
    parts.emplace_back(part.substr(0, end), part.substr(end + 4));
    at = next + marker.size() + 4;
  }
  EXPECT_EQ(got.body.substr(at - 2), "--\r\n");
  return parts;
}

TEST_P(representation_of, several_ranges_are_the_parts_of_one_body) {
  hold(letters(1000));
  const answer got = ask("Range: bytes=500-509, 0-4, -3\r\n");
  EXPECT_EQ(got.status(), "206");
  EXPECT_TRUE(got.field("Content-Type").starts_with("multipart/byteranges; boundary="));
  EXPECT_EQ(got.field("Content-Range"), "");
  EXPECT_EQ(got.field("Content-Length"), std::to_string(got.body.size()));
  const auto parts = parts_of(got);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].first, "Content-Type: text/x\r\nContent-Range: bytes 500-509/1000");
  EXPECT_EQ(parts[0].second, text_.substr(500, 10));
  EXPECT_EQ(parts[1].first, "Content-Type: text/x\r\nContent-Range: bytes 0-4/1000");
  EXPECT_EQ(parts[1].second, text_.substr(0, 5));
  EXPECT_EQ(parts[2].first, "Content-Type: text/x\r\nContent-Range: bytes 997-999/1000");
  EXPECT_EQ(parts[2].second, text_.substr(997));
}

TEST_P(representation_of, several_ranges_that_become_one_are_no_parts) {
  hold(letters(1000));
  const answer got = ask("Range: bytes=0-99, 50-199\r\n");
  EXPECT_TRUE(got.has("Content-Range: bytes 0-199/1000"));
  EXPECT_EQ(got.body, text_.substr(0, 200));
}

TEST_P(representation_of, several_ranges_of_a_coded_one_are_the_whole) {
  hold(letters(1000));
  what_.coding = content_coding::gzip;
  EXPECT_EQ(ask("Range: bytes=0-4, 500-509\r\n").status(), "200");
  const answer one = ask("Range: bytes=0-4\r\n");
  EXPECT_EQ(one.status(), "206");
  EXPECT_TRUE(one.has("Content-Encoding: gzip"));
}

TEST_P(representation_of, what_the_client_has_is_not_sent_again) {
  hold(letters(1000));
  what_.cache_control = "no-cache";
  what_.varies = true;
  for (const char* fields :
       {"If-None-Match: \"v1\"\r\n", "If-None-Match: \"v1\"\r\nRange: bytes=0-\r\n",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"}) {
    const answer got = ask(fields);
    EXPECT_EQ(got.status(), "304") << fields;
    EXPECT_EQ(got.body, "");
    EXPECT_TRUE(got.has("ETag: \"v1\""));
    EXPECT_TRUE(got.has("Cache-Control: no-cache"));
    EXPECT_TRUE(got.has("Vary: Accept-Encoding"));
    EXPECT_EQ(got.field("Content-Length"), "");
    EXPECT_EQ(got.field("Content-Type"), "");
  }
}

TEST_P(representation_of, a_failed_precondition_says_so) {
  hold(letters(1000));
  EXPECT_EQ(ask("If-Match: \"v2\"\r\n").status(), "412");
  EXPECT_EQ(ask("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n").status(), "412");
}

TEST_P(representation_of, a_range_is_honoured_only_if_nothing_changed) {
  hold(letters(1000));
  const std::string range = "Range: bytes=10-19\r\n";
  EXPECT_EQ(ask(range + "If-Range: \"v1\"\r\n").status(), "206");
  EXPECT_EQ(ask(range + "If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n").status(), "206");
  EXPECT_EQ(ask(range + "If-Range: \"v0\"\r\n").body, text_);
  EXPECT_EQ(ask(range + "If-Range: W/\"v1\"\r\n").body, text_);
  EXPECT_EQ(ask(range + "If-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\n").body, text_);
}

TEST_P(representation_of, the_connection_goes_on_behind_it) {
  hold(letters(50'000));
  support::served server;
  const auto body = source();
  server.service.router.add(method::get, "/it",
                            make_handler([&](context& c) { answer_with(c, what_, body); }));
  const std::string one = "GET /it HTTP/1.1\r\nHost: a\r\nRange: bytes=0-3,40000-49999\r\n\r\n";
  const std::string all = server.answers_to({one + "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n" + one});
  EXPECT_NE(all.find("hello"), std::string::npos);
  EXPECT_NE(all.rfind(text_.substr(40'000)), all.find(text_.substr(40'000)));
}

TEST_P(representation_of, short_writes_lose_nothing) {
  hold(letters(70'000));
  EXPECT_EQ(ask("", "GET", 997).body, text_);
  const auto parts = parts_of(ask("Range: bytes=0-9999,20000-39999,-29000\r\n", "GET", 997));
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].second + parts[1].second + parts[2].second,
            text_.substr(0, 10'000) + text_.substr(20'000, 20'000) + text_.substr(41'000));
}

TEST_P(representation_of, any_ranges_give_the_bytes_that_their_parts_name) {
  std::mt19937_64 random(tests::seed());
  for (int round = 0; round < 100; ++round) {
    hold(letters(1 + random() % 60'000));
    std::string fields = "Range: bytes=";
    for (auto left = 1 + random() % 6; left > 0; --left) {
      const auto first = random() % text_.size();
      fields += std::to_string(first) + '-' + std::to_string(first + random() % text_.size()) + ',';
    }
    const answer got = ask(fields + "\r\n", "GET", 500 + random() % 20'000);
    ASSERT_EQ(got.status(), "206") << fields;
    ASSERT_EQ(got.field("Content-Length"), std::to_string(got.body.size())) << fields;
    auto parts = std::vector{std::pair("\r\n" + got.head, got.body)};
    if (got.field("Content-Range").empty()) parts = parts_of(got);
    for (const auto& [head, bytes] : parts) {
      std::smatch found;
      ASSERT_TRUE(std::regex_search(head, found, std::regex("bytes (\\d+)-(\\d+)/(\\d+)")));
      const auto first = std::stoull(found[1]);
      ASSERT_EQ(bytes, text_.substr(first, std::stoull(found[2]) - first + 1)) << fields;
    }
  }
}

TEST(file_body, that_is_shorter_than_was_said_cuts_the_connection) {
  const support::temporary_folder folder;
  for (const std::size_t size : {10u, 100'000u}) {
    const auto body = std::make_shared<file_source>(folder.write("file", letters(size)));
    representation what;
    what.length = size + 1;
    support::served server;
    server.service.router.add(method::get, "/it",
                              make_handler([&](context& c) { answer_with(c, what, body); }));
    support::memory_stream peer(
        {"GET /it HTTP/1.1\r\nHost: a\r\n\r\nGET /plain HTTP/1.1\r\nHost: a\r\n\r\n"});
    server.serve(peer);
    EXPECT_TRUE(peer.was_cut()) << size;
    EXPECT_EQ(peer.written().find("hello"), std::string::npos) << size;
  }
}

}  // namespace
}  // namespace tacit::http
