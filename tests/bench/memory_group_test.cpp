#include "bench/contenders/memory_group.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fstream>
#include <sstream>
#include <tacit/base/error.hpp>

#include "bench/contenders/process.hpp"
#include "support/patience.hpp"

namespace tacit::bench::contenders {
namespace {

constexpr std::uint64_t limit_bytes = 64 << 20;

std::vector<std::string> paths_of(const std::string& mounts, const std::string& own) {
  std::vector<std::string> out;
  for (const auto& each : group_parents(mounts, own))
    out.push_back((each.is_v1 ? "1 " : "2 ") + each.path.string());
  return out;
}

TEST(group_parents, come_from_the_memory_controller_of_version_1) {
  EXPECT_EQ(paths_of("30 25 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                     "31 25 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n",
                     "5:cpu:/x\n4:memory:/a/b\n0::/\n"),
            (std::vector<std::string>{"1 /sys/fs/cgroup/memory/a/b", "1 /sys/fs/cgroup/memory/a",
                                      "1 /sys/fs/cgroup/memory"}));
}

TEST(group_parents, come_from_version_2_where_there_is_no_other) {
  EXPECT_EQ(
      paths_of("31 25 0:27 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/user.slice/s.scope\n"),
      (std::vector<std::string>{"2 /sys/fs/cgroup/user.slice/s.scope",
                                "2 /sys/fs/cgroup/user.slice", "2 /sys/fs/cgroup"}));
}

TEST(group_parents, are_seen_from_inside_a_container) {
  EXPECT_EQ(paths_of("31 25 0:27 /docker/1 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
                     "4:memory:/docker/1/x\n"),
            (std::vector<std::string>{"1 /sys/fs/cgroup/memory/x", "1 /sys/fs/cgroup/memory"}));
}

TEST(group_parents, are_none_where_nothing_is_mounted) {
  EXPECT_TRUE(paths_of("36 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root rw\nshort\n", "").empty());
}

// The rest needs the right to make groups.
class memory_groups : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      const memory_group trial{limit_bytes};
    } catch (const base::failure& why) {
      GTEST_SKIP() << why.message;
    }
  }
};

std::string group_of(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/cgroup"};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_F(memory_groups, a_program_starts_inside_and_the_group_goes_with_it) {
  std::filesystem::path path;
  {
    const memory_group group{limit_bytes};
    path = group.path();
    process inside{{{"sleep", "1000"}, {}, "", "/dev/null", {}, {group.procs()}}};
    EXPECT_TRUE(support::eventually([&] {
      return group_of(inside.pid()).find(path.filename().string()) != std::string::npos;
    }));
    // The program takes its memory after it has joined.
    EXPECT_TRUE(support::eventually([&] { return group.peak_bytes() > 0; }));
    EXPECT_EQ(group.kills(), 0u);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(memory_groups, what_takes_more_than_the_limit_is_killed_and_counted) {
  const memory_group group{limit_bytes};
  // tail keeps the line that never ends.
  process greedy{{{"sh", "-c", "tail -n 1 /dev/zero"}, {}, "", "/dev/null", {}, {group.procs()}}};
  EXPECT_TRUE(support::eventually([&] { return greedy.ending().has_value(); }));
  EXPECT_GE(group.kills(), 1u);
  EXPECT_LE(group.peak_bytes(), limit_bytes);
}

TEST_F(memory_groups, what_is_left_inside_is_killed_with_the_group) {
  std::filesystem::path path;
  pid_t left = 0;
  {
    const memory_group group{limit_bytes};
    path = group.path();
    left = ::fork();
    if (left == 0) {
      std::ofstream{group.procs()} << 0 << std::flush;
      while (true)
        ::pause();
    }
    EXPECT_TRUE(support::eventually(
        [&] { return group_of(left).find(path.filename().string()) != std::string::npos; }));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(left, &status, 0), left);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
}

TEST_F(memory_groups, one_that_a_dead_harness_left_behind_is_removed) {
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  const memory_group first{limit_bytes};
  const auto behind = first.path().parent_path() / ("tacit-bench-" + std::to_string(gone) + "-1");
  std::filesystem::create_directory(behind);
  const memory_group second{limit_bytes};
  EXPECT_FALSE(std::filesystem::exists(behind));
  EXPECT_TRUE(std::filesystem::exists(first.path()));
}

}  // namespace
}  // namespace tacit::bench::contenders
