// A folder in the binary, as tacit_embed() makes it of tests/http/embedded.

#include <tacit/http/embedded_files.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <string>

#include <tacit_embedded/test_tree.hpp>

#include "http/served.hpp"

namespace tacit::http {
namespace {

const embedded_tree& tree = tacit_embedded::test_tree;

std::string ask(const std::string& path, const std::string& fields = "", file_options with = {}) {
  support::served server;
  server.service.router.add(method::get, "/{path...}",
                            make_handler(embedded_files(tree, std::move(with))));
  return server.answers_to({"GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"});
}

int status(const std::string& answer) {
  return std::stoi(answer.substr(9, 3));
}
std::string body(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}
bool has(const std::string& answer, const std::string& line) {
  return answer.find("\r\n" + line + "\r\n") != std::string::npos;
}

TEST(embedded_tree, is_sorted_and_found_by_path) {
  const auto is_before = [](const embedded_file& a, const embedded_file& b) {
    return a.path < b.path;
  };
  EXPECT_TRUE(std::is_sorted(tree.files.begin(), tree.files.end(), is_before));
  for (const embedded_file& each : tree.files)
    EXPECT_EQ(tree.find(each.path), &each);
  EXPECT_EQ(tree.find(""), nullptr);
  EXPECT_EQ(tree.find("docs"), nullptr);
  EXPECT_EQ(tree.find("index.htm"), nullptr);
  EXPECT_EQ(tree.find("zzz"), nullptr);
}

TEST(embedded_tree, holds_the_bytes) {
  std::string bytes;
  for (int i = 0; i < 768; ++i)
    bytes += static_cast<char>(i);
  ASSERT_NE(tree.find("bytes.bin"), nullptr);
  EXPECT_EQ(tree.find("bytes.bin")->bytes, bytes);
  EXPECT_EQ(tree.find("docs/a.txt")->bytes, "a\n");
  EXPECT_EQ(tree.find("empty.txt")->bytes, "");
  EXPECT_EQ(tree.find("with spaces & more.txt")->bytes, "spaced\n");
}

TEST(embedded_tree, leaves_hidden_files_out) {
  EXPECT_EQ(tree.find(".hidden"), nullptr);
}

TEST(embedded_tree, tags_tell_contents_apart) {
  EXPECT_NE(tree.find("docs/a.txt")->etag, tree.find("docs-old.txt")->etag);
  EXPECT_TRUE(tree.find("docs/a.txt")->etag.starts_with('"'));
  EXPECT_EQ(tree.find("docs/a.txt")->etag.size(), 34u);
}

TEST(embedded_tree, knows_folders) {
  EXPECT_TRUE(tree.has_folder(""));
  EXPECT_TRUE(tree.has_folder("docs"));
  EXPECT_TRUE(tree.has_folder("empty_index"));
  EXPECT_FALSE(tree.has_folder("doc"));
  EXPECT_FALSE(tree.has_folder("docs-old"));
  EXPECT_FALSE(tree.has_folder("docs/a.txt"));
  EXPECT_FALSE(tree.has_folder("zzz"));
}

TEST(embedded_files, answer_with_content_type_and_tag) {
  const std::string answer = ask("/docs/a.txt");
  EXPECT_EQ(status(answer), 200);
  EXPECT_EQ(body(answer), "a\n");
  EXPECT_TRUE(has(answer, "Content-Type: text/plain; charset=utf-8"));
  const std::string tag(tree.find("docs/a.txt")->etag);
  EXPECT_TRUE(has(answer, "ETag: " + tag));
  EXPECT_EQ(status(ask("/docs/a.txt", "If-None-Match: " + tag + "\r\n")), 304);
  EXPECT_EQ(body(ask("/bytes.bin", "Range: bytes=97-99\r\n")), "abc");
  EXPECT_EQ(body(ask("/with%20spaces%20%26%20more.txt")), "spaced\n");
}

TEST(embedded_files, a_folder_answers_with_its_index) {
  EXPECT_EQ(body(ask("/")), tree.find("index.html")->bytes);
  EXPECT_EQ(body(ask("/docs/")), tree.find("docs/index.html")->bytes);
  EXPECT_EQ(status(ask("/empty_index/")), 404);
}

TEST(embedded_files, a_folder_without_its_slash_sends_there) {
  const std::string answer = ask("/docs?x=1");
  EXPECT_EQ(status(answer), 301);
  EXPECT_TRUE(has(answer, "Location: /docs/?x=1"));
}

TEST(embedded_files, what_is_not_there_is_not_found) {
  for (const char* path :
       {"/nothing", "/docs/b.txt", "/docs/a.txt/", "/docs//a.txt", "/../index.html",
        "/docs/../docs/a.txt", "/docs%2f..%2findex.html", "/.hidden", "/docs/a.txt%00"}) {
    EXPECT_GE(status(ask(path)), 400) << path;
  }
}

TEST(embedded_files, twins_are_sent_to_who_accepts_them) {
  if (!tree.find("index.html.gz")) GTEST_SKIP() << "gzip was not there when this was built";
  const std::string coded = ask("/", "Accept-Encoding: gzip\r\n");
  EXPECT_TRUE(has(coded, "Content-Encoding: gzip"));
  EXPECT_TRUE(has(coded, "Vary: Accept-Encoding"));
  EXPECT_TRUE(has(coded, "Content-Type: text/html; charset=utf-8"));
  EXPECT_EQ(body(coded), tree.find("index.html.gz")->bytes);
  EXPECT_TRUE(has(ask("/"), "Vary: Accept-Encoding"));
  EXPECT_EQ(body(ask("/", "Accept-Encoding: gzip;q=0\r\n")), tree.find("index.html")->bytes);
  file_options plain;
  plain.twins = false;
  EXPECT_EQ(body(ask("/", "Accept-Encoding: gzip\r\n", plain)), tree.find("index.html")->bytes);
}

TEST(embedded_files, what_does_not_get_smaller_has_no_twin) {
  EXPECT_EQ(tree.find("docs/a.txt.gz"), nullptr);
  EXPECT_EQ(tree.find("empty.txt.gz"), nullptr);
}

TEST(embedded_files, options_say_more) {
  file_options with;
  with.cache_control = "public, max-age=31536000, immutable";
  with.index = "only.txt";
  const std::string answer = ask("/empty_index/", "", with);
  EXPECT_EQ(body(answer), "only\n");
  EXPECT_TRUE(has(answer, "Cache-Control: public, max-age=31536000, immutable"));
  with.index = "";
  EXPECT_EQ(status(ask("/docs/", "", with)), 404);
}

}  // namespace
}  // namespace tacit::http
