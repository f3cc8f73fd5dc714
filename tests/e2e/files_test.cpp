// `tacit serve --files`: real files over real sockets.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <random>
#include <string>

#include "e2e/server_process.hpp"
#include "support/patience.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::e2e {
namespace {

using support::response;

class files : public every_cell {
 protected:
  files() {
    std::filesystem::create_directories(folder_.path() / "www/sub");
    static_cast<void>(folder_.write("secret", "outside"));
    write("hello.txt", "Hello, file!");
    write("index.html", "index");
    write("sub/index.html", "index of sub");
    write("big.bin", big_);
    write("page.html", "plain");
    write("page.html.gz", "as gzip");
    std::filesystem::create_symlink("../secret", folder_.path() / "www/escape");
    std::filesystem::create_symlink(folder_.path(), folder_.path() / "www/above");
  }

  // Long ago, so that tags are strong.
  void write(const std::string& name, const std::string& text) const {
    const std::string path = folder_.write("www/" + name, text);
    const timespec times[2] = {{784111777, 0}, {784111777, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }

  [[nodiscard]] server_process serve_files() const {
    return serve({"--files", folder_.file("www"), "--files-prefix", "/static"});
  }

  // No two stretches of it are the same.
  static std::string random_bytes(std::size_t count) {
    std::mt19937_64 random(count);
    std::string bytes;
    while (bytes.size() < count)
      bytes += static_cast<char>(random() >> 32);
    return bytes;
  }

  support::temporary_folder folder_;
  const std::string big_ = random_bytes(5'000'001);
};
TACIT_IN_EVERY_CELL(files);

TEST_P(files, are_served_below_the_prefix) {
  const server_process server = serve_files();
  const response answer = server.get("/static/hello.txt");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "Hello, file!");
  EXPECT_EQ(answer.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(answer.field("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(server.get("/static/").body, "index");
  EXPECT_EQ(server.get("/static/sub").field("Location"), "/static/sub/");
  EXPECT_EQ(server.get("/static/sub/").body, "index of sub");
  EXPECT_EQ(server.get("/static/none").status, 404);
  EXPECT_EQ(server.get("/plaintext").status, 200);
}

TEST_P(files, big_ones_arrive_whole_and_the_connection_goes_on) {
  const server_process server = serve_files();
  auto client = server.connect();
  for (int i = 0; i < 3; ++i) {
    const response answer = client.exchange(get_request("/static/big.bin"));
    EXPECT_EQ(answer.status, 200);
    ASSERT_TRUE(answer.body == big_);
  }
  EXPECT_EQ(client.exchange(get_request("/static/hello.txt")).body, "Hello, file!");
}

TEST_P(files, a_reader_that_starts_late_gets_all_of_it) {
  const server_process server = serve_files();
  auto client = server.connect();
  client.send(get_request("/static/big.bin") + get_request("/static/hello.txt"));
  // The server fills the socket, and waits; others are served meanwhile.
  ASSERT_EQ(server.get("/static/big.bin").body.size(), big_.size());
  ASSERT_TRUE(client.read_response().body == big_);
  EXPECT_EQ(client.read_response().body, "Hello, file!");
}

TEST_P(files, a_download_is_resumed_where_it_ended) {
  const server_process server = serve_files();
  const auto tag = server.get("/static/big.bin").field("ETag").value_or("");
  ASSERT_FALSE(tag.empty());
  std::string got;
  while (got.size() < big_.size()) {
    const response part = server.exchange(
        get_request("/static/big.bin", "Range: bytes=" + std::to_string(got.size()) + "-" +
                                           std::to_string(got.size() + 1'499'999) +
                                           "\r\nIf-Range: " + tag + "\r\n"));
    ASSERT_EQ(part.status, 206);
    ASSERT_FALSE(part.body.empty());
    got += part.body;
  }
  EXPECT_TRUE(got == big_);
  const response behind =
      server.exchange(get_request("/static/big.bin", "Range: bytes=5000001-\r\n"));
  EXPECT_EQ(behind.status, 416);
  EXPECT_EQ(behind.field("Content-Range"), "bytes */5000001");
}

TEST_P(files, a_download_of_what_has_changed_begins_anew) {
  const server_process server = serve_files();
  const auto tag = server.get("/static/hello.txt").field("ETag").value_or("");
  write("hello.txt", "Something else");
  const response answer = server.exchange(
      get_request("/static/hello.txt", "Range: bytes=5-\r\nIf-Range: " + tag + "\r\n"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "Something else");
}

TEST_P(files, several_ranges_come_as_parts) {
  const server_process server = serve_files();
  const response answer = server.exchange(
      get_request("/static/big.bin", "Range: bytes=0-999999,2000000-2999999,-1\r\n"));
  ASSERT_EQ(answer.status, 206);
  const auto type = answer.field("Content-Type").value_or("");
  ASSERT_TRUE(type.starts_with("multipart/byteranges; boundary=")) << type;
  const std::string mark = "--" + type.substr(type.find('=') + 1);
  const auto part = [&](const std::string& range, std::string bytes) {
    return mark + "\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes " + range +
           "/5000001\r\n\r\n" + std::move(bytes) + "\r\n";
  };
  EXPECT_TRUE(answer.body == part("0-999999", big_.substr(0, 1'000'000)) +
                                 part("2000000-2999999", big_.substr(2'000'000, 1'000'000)) +
                                 part("5000000-5000000", big_.substr(5'000'000)) + mark + "--\r\n");
}

TEST_P(files, a_head_says_what_a_get_would) {
  const server_process server = serve_files();
  auto client = server.connect();
  client.send("HEAD /static/big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  const response head = client.read_response(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Length"), "5000001");
  EXPECT_EQ(head.field("Accept-Ranges"), "bytes");
  EXPECT_EQ(client.exchange(get_request("/static/hello.txt")).body, "Hello, file!");
}

TEST_P(files, twins_are_chosen_by_what_is_accepted) {
  const server_process server = serve_files();
  const auto ask = [&](const std::string& codings) {
    return server.exchange(
        get_request("/static/page.html", "Accept-Encoding: " + codings + "\r\n"));
  };
  EXPECT_EQ(ask("gzip, br").body, "as gzip");
  EXPECT_EQ(ask("gzip, br").field("Content-Encoding"), "gzip");
  EXPECT_EQ(ask("gzip;q=0").body, "plain");
  EXPECT_EQ(ask("identity").field("Vary"), "Accept-Encoding");
}

TEST_P(files, nothing_outside_of_the_folder_is_served) {
  const server_process server = serve_files();
  for (const char* path :
       {"/static/../secret", "/static/%2e%2e/secret", "/static/..%2fsecret",
        "/static/%2e%2e%2fsecret", "/static/sub/../../../secret", "/static/..%5csecret",
        "/static/..\\secret", "/static/escape", "/static/above/secret",
        "/static/above/www/hello.txt", "/static//hello.txt", "/static/%2fetc%2fpasswd",
        "/static/hello.txt%00.html", "/static/sub%2f..%2f..%2f..%2fsecret", "/static/.%2e/secret",
        "/static/..%c0%afsecret"}) {
    const response answer = server.get(path);
    EXPECT_TRUE(answer.status == 404 || answer.status == 400) << path << ": " << answer.status;
    EXPECT_EQ(answer.body.find("outside"), std::string::npos) << path;
  }
}

TEST_P(files, one_that_gets_shorter_while_it_is_sent_ends_the_connection) {
  // Far more than the socket's buffers take.
  constexpr off_t bytes = 64 << 20;
  write("shrinks.bin", "");
  const std::string path = folder_.file("www/shrinks.bin");
  ASSERT_EQ(::truncate(path.c_str(), bytes), 0);
  server_process server = serve_files();
  auto client = server.connect();
  client.send(get_request("/static/shrinks.bin"));
  ASSERT_TRUE(support::eventually([&] { return client.readable(); }));
  ASSERT_EQ(::truncate(path.c_str(), 100), 0);
  const std::string got = client.read_to_end();
  EXPECT_EQ(got.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_LT(got.size(), static_cast<std::size_t>(bytes));
  EXPECT_EQ(server.stop(), 0);
  EXPECT_NE(server.errors().find("became shorter"), std::string::npos);
}

TEST_P(files, a_reader_that_is_too_slow_is_cut_and_counted) {
  // It reads all the time, but no reader takes 4 GB in each second.
  const std::string limits = folder_.write("limits.json", R"({"limits": {
      "write_timeout_ms": 50, "write_bytes_per_s_min": 4000000000}})");
  write("huge.bin", "");
  std::filesystem::resize_file(folder_.path() / "www/huge.bin",
                               std::uintmax_t{1} << 33);  // All of it a hole.
  const server_process server =
      serve({"--files", folder_.file("www"), "--files-prefix", "/static", "--config", limits});
  auto slow = server.connect();
  slow.send(get_request("/static/huge.bin"));
  auto other = server.connect();
  std::size_t taken = 0;
  const auto is_counted = [&] {
    taken += slow.discard(16'384);
    const std::string metrics = other.exchange(get_request("/metrics")).body;
    return metrics.find("tacit_http_timeouts_total 1\n") != std::string::npos;
  };
  EXPECT_TRUE(support::eventually(is_counted));
  EXPECT_GT(taken, 0U);
  EXPECT_TRUE(slow.reset_by_peer());
  EXPECT_EQ(other.exchange(get_request("/static/hello.txt")).body, "Hello, file!");
}

TEST_P(files, a_reader_that_leaves_harms_nobody) {
  const server_process server = serve_files();
  for (int i = 0; i < 20; ++i) {
    auto client = server.connect();
    client.send(get_request("/static/big.bin"));
    ASSERT_TRUE(support::eventually([&] { return client.readable(); }));
  }
  EXPECT_EQ(server.get("/static/hello.txt").body, "Hello, file!");
}

TEST_P(files, at_the_root_take_all_paths_but_those_of_the_server) {
  const server_process server = serve({"--files", folder_.file("www"), "--files-prefix", "/"});
  EXPECT_EQ(server.get("/").body, "index");
  EXPECT_EQ(server.get("/sub").field("Location"), "/sub/");
  EXPECT_EQ(server.get("//sub").status, 404);
  EXPECT_EQ(server.get("/plaintext").status, 404);
  EXPECT_EQ(server.get("/healthz").status, 200);
}

}  // namespace
}  // namespace tacit::e2e
