#include <tacit/http/files.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <string>

#include "http/served.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::http {
namespace {

class files_from_disk : public testing::Test {
 protected:
  // Long ago, unless said otherwise, so that tags are strong.
  void write(const std::string& name, std::string_view text,
             std::time_t modified = 784111777) const {
    const auto path = folder_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    static_cast<void>(folder_.write(name, text));
    const timespec times[2] = {{modified, 0}, {modified, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }

  std::string ask(const std::string& path, const std::string& fields = "",
                  file_options with = {}) const {
    support::served server;
    server.service.router.add(method::get, "/{path...}",
                              make_handler(files(folder_.path(), std::move(with))));
    return server.answers_to({"GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"});
  }

  static int status(const std::string& answer) { return std::stoi(answer.substr(9, 3)); }
  static std::string body(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
  }
  static bool has(const std::string& answer, const std::string& line) {
    return answer.find("\r\n" + line + "\r\n") != std::string::npos;
  }
  static std::string tag(const std::string& answer) {
    const auto at = answer.find("\r\nETag: ") + 8;
    return answer.substr(at, answer.find('\r', at) - at);
  }

  support::temporary_folder folder_;
};

TEST_F(files_from_disk, answer_with_type_tag_and_date) {
  write("a.css", "body {}");
  const std::string answer = ask("/a.css");
  EXPECT_EQ(status(answer), 200);
  EXPECT_EQ(body(answer), "body {}");
  EXPECT_TRUE(has(answer, "Content-Type: text/css; charset=utf-8"));
  EXPECT_TRUE(has(answer, "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"));
  EXPECT_TRUE(tag(answer).starts_with('"')) << tag(answer);
  EXPECT_EQ(status(ask("/a.css", "If-None-Match: " + tag(answer) + "\r\n")), 304);
}

TEST_F(files_from_disk, the_tag_is_another_once_time_or_size_is) {
  write("a", "1");
  const std::string first = tag(ask("/a"));
  write("a", "22");
  const std::string second = tag(ask("/a"));
  write("a", "33", 784111778);
  EXPECT_NE(first, second);
  EXPECT_NE(second, tag(ask("/a")));
}

TEST_F(files_from_disk, what_was_just_written_has_a_weak_tag_and_no_future_date) {
  write("a", "1", std::time(nullptr) + 1000);
  const std::string answer = ask("/a");
  EXPECT_TRUE(tag(answer).starts_with("W/\""));
  EXPECT_EQ(answer.find("Last-Modified"), std::string::npos);
  EXPECT_EQ(body(ask("/a", "Range: bytes=0-0\r\nIf-Range: " + tag(answer) + "\r\n")), "1");
  EXPECT_EQ(status(ask("/a", "Range: bytes=0-0\r\nIf-Range: " + tag(answer) + "\r\n")), 200);
}

TEST_F(files_from_disk, a_folder_answers_with_its_index_behind_its_slash) {
  write("index.html", "root");
  write("sub/index.html", "sub");
  write("bare/a", "a");
  EXPECT_EQ(body(ask("/")), "root");
  EXPECT_EQ(body(ask("/sub/")), "sub");
  EXPECT_TRUE(has(ask("/sub?q"), "Location: /sub/?q"));
  EXPECT_EQ(status(ask("/bare/")), 404);
  EXPECT_EQ(status(ask("/bare")), 301);
  file_options with;
  with.index = "a";
  EXPECT_EQ(body(ask("/bare/", "", with)), "a");
}

TEST_F(files_from_disk, an_index_that_is_a_folder_is_none) {
  write("sub/index.html/a", "a");
  EXPECT_EQ(status(ask("/sub/")), 404);
}

TEST_F(files_from_disk, hidden_names_are_not_served_unless_asked) {
  write(".env", "secret");
  write(".git/config", "secret");
  EXPECT_EQ(status(ask("/.env")), 404);
  EXPECT_EQ(status(ask("/.git/config")), 404);
  file_options with;
  with.dotfiles = true;
  EXPECT_EQ(body(ask("/.env", "", with)), "secret");
  EXPECT_NE(status(ask("/..", "", with)), 200);
}

TEST_F(files_from_disk, twins_go_to_who_accepts_them) {
  write("a.js", "plain");
  write("a.js.gz", "as gzip");
  write("a.js.br", "as brotli");
  const std::string both = ask("/a.js", "Accept-Encoding: gzip, br\r\n");
  EXPECT_EQ(body(both), "as brotli");
  EXPECT_TRUE(has(both, "Content-Encoding: br"));
  EXPECT_TRUE(has(both, "Content-Type: text/javascript; charset=utf-8"));
  EXPECT_TRUE(has(both, "Vary: Accept-Encoding"));
  EXPECT_EQ(body(ask("/a.js", "Accept-Encoding: gzip, zstd\r\n")), "as gzip");
  EXPECT_EQ(body(ask("/a.js", "Accept-Encoding: gzip;q=0.5, br;q=0.4\r\n")), "as gzip");
  const std::string plain = ask("/a.js");
  EXPECT_EQ(body(plain), "plain");
  EXPECT_TRUE(has(plain, "Vary: Accept-Encoding"));
  EXPECT_NE(tag(plain), tag(both));
}

TEST_F(files_from_disk, a_twin_that_is_older_is_left_aside) {
  write("a.js", "new", 784111778);
  write("a.js.gz", "old", 784111777);
  EXPECT_EQ(body(ask("/a.js", "Accept-Encoding: gzip\r\n")), "new");
}

TEST_F(files_from_disk, a_twin_alone_is_no_file) {
  write("a.js.gz", "alone");
  EXPECT_EQ(status(ask("/a.js", "Accept-Encoding: gzip\r\n")), 404);
}

TEST_F(files_from_disk, what_is_compressed_already_has_no_twins) {
  write("a.png", "plain");
  write("a.png.gz", "coded");
  const std::string answer = ask("/a.png", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(body(answer), "plain");
  EXPECT_EQ(answer.find("Vary"), std::string::npos);
}

TEST_F(files_from_disk, nothing_else_is_found) {
  write("a", "a");
  for (const char* path :
       {"/b", "/a/", "/a/b", "//a", "/./a", "/sub/../a", "/../a", "/%2e%2e/a", "/..%2fa",
        "/%2e%2e%2fa", "/a%00", "/a%00.html", "/..%5ca", "/\\a", "/a%2f", "/%2fa"}) {
    const int got = status(ask(path));
    EXPECT_TRUE(got == 404 || got == 400) << path << ": " << got;
  }
}

TEST_F(files_from_disk, a_folder_that_is_not_there_is_refused_at_once) {
  EXPECT_THROW(files(folder_.file("none")), std::system_error);
}

}  // namespace
}  // namespace tacit::http
