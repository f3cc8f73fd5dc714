// Nothing outside of the folder can be opened, whichever way the path is resolved.

#include "http/file_root.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <random>
#include <system_error>

#include "support/temporary_folder.hpp"
#include "sync/seed.hpp"

namespace tacit::http {
namespace {

namespace fs = std::filesystem;
using resolver = file_root::resolver;

class file_root_by : public testing::TestWithParam<resolver> {
 protected:
  file_root_by() {
    fs::create_directories(folder_.path() / "root/sub/deep");
    static_cast<void>(folder_.write("secret", "outside"));
    static_cast<void>(folder_.write("root/a", "inside"));
    static_cast<void>(folder_.write("root/sub/b", "below"));
    static_cast<void>(folder_.write("root/sub/deep/c", "deep"));
    fs::create_symlink("../secret", folder_.path() / "root/up");
    fs::create_symlink(folder_.path() / "secret", folder_.path() / "root/absolute");
    fs::create_symlink("..", folder_.path() / "root/parent");
    fs::create_symlink("a", folder_.path() / "root/beside");
    fs::create_symlink("loop", folder_.path() / "root/loop");
  }

  [[nodiscard]] file_root root() const { return file_root(folder_.file("root"), GetParam()); }

  support::temporary_folder folder_;
};

INSTANTIATE_TEST_SUITE_P(way, file_root_by,
                         testing::Values(resolver::openat2_if_there, resolver::walk),
                         [](const testing::TestParamInfo<resolver>& each) {
                           return each.param == resolver::walk ? "walk" : "openat2";
                         });

std::string text_of(const file_root::opened& file) {
  char text[16] = {};
  EXPECT_GE(::pread(file.fd.get(), text, sizeof text - 1, 0), 0);
  return text;
}

TEST_P(file_root_by, files_inside_are_opened) {
  const file_root in = root();
  for (const auto& [path, text] :
       {std::pair("a", "inside"), {"sub/b", "below"}, {"sub/deep/c", "deep"}}) {
    const auto file = in.open(path, file_root::lookup::full);
    ASSERT_TRUE(file.is_file()) << path;
    EXPECT_EQ(text_of(file), text);
    EXPECT_EQ(static_cast<std::size_t>(file.status.st_size), std::string(text).size());
  }
}

TEST_P(file_root_by, folders_are_told_apart) {
  const file_root in = root();
  for (const char* path : {"", "sub", "sub/", "sub/deep"}) {
    EXPECT_TRUE(in.open(path, file_root::lookup::full).is_folder()) << path;
  }
  EXPECT_EQ(in.open("a/", file_root::lookup::full).error, ENOTDIR);
  EXPECT_EQ(in.open("a/b", file_root::lookup::full).error, ENOTDIR);
  EXPECT_EQ(in.open("none", file_root::lookup::full).error, ENOENT);
}

TEST_P(file_root_by, links_that_lead_out_are_refused) {
  const file_root in = root();
  for (const char* path : {"up", "absolute", "parent", "parent/secret", "loop"}) {
    const auto file = in.open(path, file_root::lookup::full);
    EXPECT_TRUE(file.error == EXDEV || file.error == ELOOP || file.error == ENOTDIR)
        << path << ": " << file.error;
    EXPECT_FALSE(file.is_file() || file.is_folder());
  }
}

TEST_P(file_root_by, a_link_that_stays_inside_is_never_something_else) {
  const auto file = root().open("beside", file_root::lookup::full);
  if (GetParam() == resolver::walk) {
    EXPECT_EQ(file.error, ELOOP);
  } else if (!file.error) {
    EXPECT_EQ(text_of(file), "inside");
  }
}

TEST_P(file_root_by, a_pipe_does_not_hold_who_opens_it) {
  ASSERT_EQ(::mkfifo(folder_.file("root/pipe").c_str(), 0600), 0);
  const auto pipe = root().open("pipe", file_root::lookup::full);
  EXPECT_FALSE(pipe.is_file() || pipe.is_folder());
}

TEST_P(file_root_by, a_name_that_is_too_long_is_not_there) {
  const std::string name(300, 'x');
  EXPECT_EQ(root().open(name.c_str(), file_root::lookup::full).error, ENAMETOOLONG);
  EXPECT_EQ(root().open((name + "/a").c_str(), file_root::lookup::full).error, ENAMETOOLONG);
}

TEST_P(file_root_by, a_cached_look_up_gives_the_same_or_says_that_it_must_look) {
  const file_root in = root();
  for (const char* path : {"a", "sub/b", "sub", "none", "up"}) {
    const auto full = in.open(path, file_root::lookup::full);
    const auto cached = in.open(path, file_root::lookup::cached);
    EXPECT_TRUE(cached.error == EAGAIN || cached.error == full.error) << path;
  }
}

TEST_P(file_root_by, random_paths_never_lead_out) {
  std::mt19937_64 random(tests::seed());
  const file_root in = root();
  struct stat secret {};
  ASSERT_EQ(::stat(folder_.file("secret").c_str(), &secret), 0);
  const std::string_view segments[] = {"a",      "sub", "deep",   "up",   "absolute", "parent",
                                       "beside", ".",   "secret", "root", "b"};
  for (int round = 0; round < 5000; ++round) {
    std::string path;
    for (auto left = 1 + random() % 5; left > 0; --left)
      path.append(path.empty() ? "" : "/").append(segments[random() % std::size(segments)]);
    const auto file = in.open(path.c_str(), file_root::lookup::full);
    if (!file.error) {
      ASSERT_NE(file.status.st_ino, secret.st_ino) << path;
    }
  }
}

TEST(file_root, that_is_no_folder_is_said_by_name) {
  const support::temporary_folder folder;
  try {
    const file_root in(folder.file("none"));
    FAIL() << "it was opened";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find(folder.file("none")), std::string::npos);
  }
}

}  // namespace
}  // namespace tacit::http
