#include "bench/contenders/control_group.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <tacit/base/error.hpp>

#include "bench/contenders/process.hpp"
#include "support/patience.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::bench::contenders {
namespace {

namespace fs = std::filesystem;

/// A root with the files of /proc and /sys that say where groups are.
class made_up_machine {
 public:
  made_up_machine(const std::string& mountinfo, const std::string& membership) {
    write("proc/self/mountinfo", mountinfo);
    write("proc/self/cgroup", membership);
  }

  void write(const fs::path& file, const std::string& text) const {
    const auto path = root() / file;
    fs::create_directories(path.parent_path());
    std::ofstream{path} << text;
  }
  [[nodiscard]] std::string read(const fs::path& file) const {
    std::ifstream in{root() / file};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  [[nodiscard]] fs::path root() const { return folder_.path(); }

 private:
  support::temporary_folder folder_;
};

std::vector<std::string> places_of(const std::string& mountinfo, const std::string& membership) {
  const made_up_machine machine{mountinfo, membership};
  std::vector<std::string> out;
  for (const auto& each : group_places(machine.root())) {
    const auto shown = [&](const fs::path& folder) {
      return folder.empty() ? "-" : "/" + folder.lexically_relative(machine.root()).string();
    };
    out.push_back(std::to_string(each.version) + " " + shown(each.memory) + " " + shown(each.cpu));
  }
  return out;
}

constexpr const char* mounts_v1 =
    "26 25 0:23 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    "30 25 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n";
constexpr const char* mounts_v2 = "30 25 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";

TEST(group_places, of_version_1_are_the_own_groups_of_each_controller_and_those_above) {
  EXPECT_EQ(places_of(mounts_v1, "5:cpu,cpuacct:/x\n4:memory:/a/b\n0::/\n"),
            (std::vector<std::string>{"1 /sys/fs/cgroup/memory/a/b /sys/fs/cgroup/cpu/x",
                                      "1 /sys/fs/cgroup/memory/a /sys/fs/cgroup/cpu",
                                      "1 /sys/fs/cgroup/memory /sys/fs/cgroup/cpu"}));
}

TEST(group_places, of_version_2_have_one_folder_for_both) {
  EXPECT_EQ(places_of(mounts_v2, "0::/user.slice/s.scope\n"),
            (std::vector<std::string>{
                "2 /sys/fs/cgroup/user.slice/s.scope /sys/fs/cgroup/user.slice/s.scope",
                "2 /sys/fs/cgroup/user.slice /sys/fs/cgroup/user.slice",
                "2 /sys/fs/cgroup /sys/fs/cgroup"}));
}

TEST(group_places, of_version_1_come_before_those_of_a_version_2_without_controllers) {
  EXPECT_EQ(places_of(std::string{"35 25 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"} +
                          mounts_v1,
                      "4:memory:/\n1:cpu,cpuacct:/\n0::/\n"),
            (std::vector<std::string>{"1 /sys/fs/cgroup/memory /sys/fs/cgroup/cpu",
                                      "2 /sys/fs/cgroup/unified /sys/fs/cgroup/unified"}));
}

TEST(group_places, are_seen_from_inside_a_container) {
  EXPECT_EQ(places_of("31 25 0:27 /docker/1 /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
                      "4:memory:/docker/1/x\n"),
            (std::vector<std::string>{"1 /sys/fs/cgroup/memory/x -", "1 /sys/fs/cgroup/memory -"}));
}

TEST(group_places, are_none_where_nothing_is_mounted) {
  EXPECT_TRUE(places_of("36 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root rw\nshort\n", "").empty());
}

TEST(control_group, of_version_2_has_its_bounds_in_the_kernels_words) {
  const made_up_machine machine{mounts_v2, "0::/\n"};
  const fs::path at = "sys/fs/cgroup";
  machine.write(at / "cgroup.subtree_control", "");
  for (const auto* file : {"memory.max", "memory.swap.max", "cpu.max", "cgroup.procs"})
    machine.write(at / "one" / file, "");
  machine.write(at / "one/memory.current", "4096\n");
  const control_group group{{2, machine.root() / at, machine.root() / at}, "one", {1 << 20, 0.5}};
  EXPECT_EQ(machine.read(at / "cgroup.subtree_control"), "+memory +cpu");
  EXPECT_EQ(machine.read(at / "one/memory.max"), "1048576");
  EXPECT_EQ(machine.read(at / "one/memory.swap.max"), "0");
  EXPECT_EQ(machine.read(at / "one/cpu.max"), "50000 100000");
  EXPECT_EQ(group.charged_bytes(), 4096u);
  EXPECT_EQ(group.entrances(), (std::vector{machine.root() / at / "one/cgroup.procs"}));
}

TEST(control_group, of_version_2_loses_its_bound_and_gets_another) {
  const made_up_machine machine{mounts_v2, "0::/\n"};
  const fs::path at = "sys/fs/cgroup";
  for (const auto* file : {"memory.max", "memory.swap.max"})
    machine.write(at / "one" / file, "");
  const control_group group{{2, machine.root() / at, {}}, "one", {1 << 20}};
  machine.write(at / "one/memory.max", "");
  group.lift_memory_bound();
  EXPECT_EQ(machine.read(at / "one/memory.max"), "max");
  machine.write(at / "one/memory.max", "");
  group.bound_memory(2 << 20);
  EXPECT_EQ(machine.read(at / "one/memory.max"), "2097152");
}

TEST(control_group, of_version_1_loses_both_its_bounds) {
  const made_up_machine machine{mounts_v1, ""};
  const fs::path at = "sys/fs/cgroup/memory";
  for (const auto* file : {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"})
    machine.write(at / "one" / file, "");
  const control_group group{{1, machine.root() / at, {}}, "one", {1 << 20}};
  EXPECT_EQ(machine.read(at / "one/memory.memsw.limit_in_bytes"), "1048576");
  for (const auto* file : {"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"})
    machine.write(at / "one" / file, "");
  group.lift_memory_bound();
  EXPECT_EQ(machine.read(at / "one/memory.limit_in_bytes"), "-1");
  EXPECT_EQ(machine.read(at / "one/memory.memsw.limit_in_bytes"), "-1");
}

TEST(control_group, that_the_machine_does_not_permit_says_which_file_and_what_to_do) {
  const made_up_machine machine{mounts_v2, "0::/\n"};
  try {
    const control_group group{{2, machine.root(), machine.root()}, "one", {}};
    FAIL() << "made without cgroup.subtree_control";
  } catch (const base::failure& failure) {
    EXPECT_NE(failure.message.find("cgroup.subtree_control: cannot write"), std::string::npos)
        << failure.message;
    EXPECT_NE(failure.message.find("root"), std::string::npos) << failure.message;
  }
}

// The rest needs the right to make groups.
class control_groups : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      const control_group trial{budget};
    } catch (const base::failure& why) {
      GTEST_SKIP() << why.message;
    }
  }

  static program in(const control_group& group, std::vector<std::string> command) {
    return {std::move(command), {}, "", "/dev/null", {}, group.entrances()};
  }

  static constexpr std::uint64_t limit_bytes = 64 << 20;
  static constexpr group_budget budget{limit_bytes};
};

std::string group_of(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/cgroup"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

TEST_F(control_groups, a_program_starts_inside_and_the_group_goes_with_it) {
  fs::path folder;
  {
    const control_group group{budget};
    folder = group.within().memory;
    const process inside{in(group, {"sleep", "1000"})};
    EXPECT_NE(group_of(inside.pid()).find(folder.filename().string()), std::string::npos);
    // The program takes its memory after it has joined.
    EXPECT_TRUE(support::eventually([&] { return group.charged_bytes() > 0; }));
    EXPECT_GT(group.peak_bytes(), 0u);
    EXPECT_EQ(group.kills(), 0u);
  }
  EXPECT_FALSE(fs::exists(folder));
}

TEST_F(control_groups, that_bound_cpu_are_entered_too) {
  std::optional<control_group> group;
  try {
    group.emplace(group_budget{limit_bytes, 1});
  } catch (const base::failure& failure) {
    GTEST_SKIP() << "no control groups of CPU for this test: " << failure.message;
  }
  const auto inside = group->within();
  process sleeping{in(*group, {"sleep", "1000"})};
  for (const auto& folder : {inside.memory, inside.cpu}) {
    std::ifstream file{folder / "cgroup.procs"};
    pid_t found = 0;
    EXPECT_TRUE(file >> found) << folder;
    EXPECT_EQ(found, sleeping.pid()) << folder;
  }
  EXPECT_EQ(sleeping.stop(), "killed by signal 15");
  group.reset();
  EXPECT_FALSE(fs::exists(inside.memory));
  EXPECT_FALSE(fs::exists(inside.cpu));
}

TEST_F(control_groups, what_takes_more_than_the_limit_is_killed_and_counted) {
  const control_group group{budget};
  // tail keeps the line that never ends.
  process greedy{in(group, {"sh", "-c", "tail -n 1 /dev/zero"})};
  EXPECT_TRUE(support::eventually([&] { return greedy.ending().has_value(); }));
  EXPECT_GE(group.kills(), 1u);
  EXPECT_LE(group.peak_bytes(), limit_bytes);
}

TEST_F(control_groups, what_a_group_within_takes_counts_for_the_one_around_it) {
  const control_group around{budget};
  const control_group within{around.within(), "one", {}};
  process greedy{in(within, {"sh", "-c", "tail -n 1 /dev/zero"})};
  EXPECT_TRUE(support::eventually([&] { return greedy.ending().has_value(); }));
  EXPECT_LE(around.peak_bytes(), limit_bytes);
}

TEST_F(control_groups, what_is_left_inside_is_killed_with_the_group) {
  std::optional<control_group> group{budget};
  const auto folder = group->within().memory;
  const pid_t left = ::fork();
  if (left == 0) {
    for (const auto& entrance : group->entrances())
      std::ofstream{entrance} << 0 << std::flush;
    while (true)
      ::pause();
  }
  EXPECT_TRUE(support::eventually(
      [&] { return group_of(left).find(folder.filename().string()) != std::string::npos; }));
  group.reset();
  int status = 0;
  ASSERT_EQ(::waitpid(left, &status, 0), left);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  std::error_code ignored;
  fs::remove(folder, ignored);
}

TEST_F(control_groups, one_that_a_dead_harness_left_behind_is_removed) {
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  const control_group first{budget};
  const auto behind =
      first.within().memory.parent_path() / ("tacit-bench-" + std::to_string(gone) + "-1");
  fs::create_directory(behind);
  const control_group second{budget};
  EXPECT_FALSE(fs::exists(behind));
  EXPECT_TRUE(fs::exists(first.within().memory));
}

}  // namespace
}  // namespace tacit::bench::contenders
