#include "bench/contenders/control_group.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <tacit/base/error.hpp>

#include "bench/contenders/process.hpp"
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

constexpr const char* mounts_v1 =
    "26 25 0:23 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    "30 25 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "35 25 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
constexpr const char* mounts_v2 = "30 25 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";

TEST(group_place, of_version_1_is_below_the_own_group_of_each_controller) {
  const made_up_machine machine{mounts_v1, "4:memory:/job/7\n1:cpu,cpuacct:/\n0::/\n"};
  fs::create_directories(machine.root() / "sys/fs/cgroup/memory/job/7");
  fs::create_directories(machine.root() / "sys/fs/cgroup/cpu");
  const auto place = find_group_place(machine.root());
  EXPECT_EQ(place.version, 1);
  EXPECT_EQ(place.memory, machine.root() / "sys/fs/cgroup/memory/job/7");
  EXPECT_EQ(place.cpu, machine.root() / "sys/fs/cgroup/cpu");
}

TEST(group_place, of_version_2_is_the_root_of_its_mount) {
  const made_up_machine machine{mounts_v2, "0::/user.slice\n"};
  machine.write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
  const auto place = find_group_place(machine.root());
  EXPECT_EQ(place.version, 2);
  EXPECT_EQ(place.memory, machine.root() / "sys/fs/cgroup");
  EXPECT_EQ(place.cpu, place.memory);
}

TEST(group_place, without_the_controllers_of_memory_and_cpu_is_refused) {
  const made_up_machine machine{mounts_v2, "0::/\n"};
  machine.write("sys/fs/cgroup/cgroup.controllers", "cpuset pids\n");
  EXPECT_THROW((void)find_group_place(machine.root()), base::failure);
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

TEST(control_group, of_this_machine_counts_what_a_process_in_it_takes) {
  std::optional<control_group> group;
  try {
    group.emplace(find_group_place(), "tacit-test-" + std::to_string(::getpid()),
                  group_budget{64 << 20, 1});
  } catch (const base::failure& failure) {
    GTEST_SKIP() << "no control groups for this test: " << failure.message;
  }
  const temporary_folder folder;
  program sleeping;
  sleeping.command = {"sleep", "1000"};
  sleeping.log = folder.path() / "log";
  sleeping.groups = group->entrances();
  process running{sleeping};
  // Its first instruction comes after it has joined, and takes a page.
  for (auto charged = group->charged_bytes(); charged == 0; charged = group->charged_bytes())
    ASSERT_FALSE(running.has_ended_within(1)) << *running.ending();
  const auto inside = group->within();
  EXPECT_EQ(running.stop(), "killed by signal 15");
  group.reset();
  EXPECT_FALSE(fs::exists(inside.memory));
}

}  // namespace
}  // namespace tacit::bench::contenders
