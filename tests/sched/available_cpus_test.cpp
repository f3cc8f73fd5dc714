#include <tacit/sched/available_cpus.hpp>

#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "support/machine_files.hpp"

namespace tacit::sched {
namespace {

constexpr std::uint32_t many_cpus = 64;

class machine : public support::machine_files {
 public:
  machine& membership(std::string_view lines) {
    machine_files::membership(lines);
    return *this;
  }

  machine& mounts(std::string_view lines) {
    machine_files::mounts(lines);
    return *this;
  }

  machine& quota_v2(const std::string& folder, std::string_view line) {
    file(folder + "/cpu.max", line);
    return *this;
  }

  machine& quota_v1(const std::string& folder, std::string_view quota, std::string_view period) {
    file(folder + "/cpu.cfs_quota_us", quota).file(folder + "/cpu.cfs_period_us", period);
    return *this;
  }

  [[nodiscard]] cpu_limit limit(std::uint32_t affinity = many_cpus) const {
    cpu_quota_watch watch(root());
    watch.changed(affinity);
    return watch.current();
  }
};

constexpr std::string_view v2_mount = support::machine_files::v2_mount;
constexpr std::string_view v1_mount =
    "22 18 8:1 / / rw - ext4 /dev/sda rw\n"
    "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:15 - cgroup cgroup rw,cpu,cpuacct\n"
    "36 31 0:33 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n";

TEST(available_cpus, is_at_least_one_and_at_most_what_the_affinity_mask_allows) {
  EXPECT_GE(available_cpus(), 1U);
  EXPECT_LE(available_cpus(), affinity_cpus());
  EXPECT_FALSE(read_cpu_limit().source.empty());
}

TEST(available_cpus, follow_the_affinity_mask_of_the_thread) {
  std::thread([] {
    cpu_set_t mask;
    ASSERT_EQ(sched_getaffinity(0, sizeof mask, &mask), 0);
    int first = 0;
    while (!CPU_ISSET(first, &mask))
      ++first;
    CPU_ZERO(&mask);
    CPU_SET(first, &mask);
    ASSERT_EQ(sched_setaffinity(0, sizeof mask, &mask), 0);
    EXPECT_EQ(affinity_cpus(), 1U);
    EXPECT_EQ(available_cpus(), 1U);
  }).join();
}

TEST(available_cpus, are_those_of_the_affinity_mask_where_there_is_no_cgroup) {
  EXPECT_EQ(machine().limit(5).cpus, 5U);
  EXPECT_EQ(machine().limit(5).source, "affinity mask");
  EXPECT_EQ(machine().membership("").mounts("").limit(5).cpus, 5U);
  EXPECT_EQ(machine().limit(0).cpus, 1U);
}

TEST(available_cpus, are_bounded_by_the_quota_of_cgroup_v2_and_name_its_file) {
  machine host;
  host.membership("0::/app\n").mounts(v2_mount).quota_v2("sys/fs/cgroup/app", "300000 100000\n");
  EXPECT_EQ(host.limit().cpus, 3U);
  EXPECT_EQ(host.limit().source, (host.root() / "sys/fs/cgroup/app/cpu.max").string());
  EXPECT_EQ(host.limit(2).cpus, 2U);
  EXPECT_EQ(host.limit(2).source, "affinity mask");
}

TEST(available_cpus, are_bounded_by_the_quota_of_cgroup_v1_and_name_its_file) {
  machine host;
  host.membership("5:cpuset:/\n4:cpu,cpuacct:/app\n").mounts(v1_mount);
  host.quota_v1("sys/fs/cgroup/cpu,cpuacct/app", "400000\n", "100000\n");
  EXPECT_EQ(host.limit().cpus, 4U);
  EXPECT_EQ(host.limit().source,
            (host.root() / "sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us").string());
}

TEST(available_cpus, round_a_fraction_down_but_are_never_none) {
  const auto with = [](std::string_view quota) {
    machine host;
    host.membership("0::/a\n").mounts(v2_mount).quota_v2("sys/fs/cgroup/a", quota);
    return host.limit().cpus;
  };
  EXPECT_EQ(with("299999 100000\n"), 2U);
  EXPECT_EQ(with("150000 100000\n"), 1U);
  EXPECT_EQ(with("50000 100000\n"), 1U);
  EXPECT_EQ(with("1000 1000000\n"), 1U);
}

TEST(available_cpus, no_quota_bounds_nothing) {
  machine host;
  host.membership("4:cpu,cpuacct:/a\n0::/a\n")
      .mounts(std::string(v1_mount) + std::string(v2_mount));
  host.quota_v2("sys/fs/cgroup/a", "max 100000\n");
  host.quota_v1("sys/fs/cgroup/cpu,cpuacct/a", "-1\n", "100000\n");
  EXPECT_EQ(host.limit().cpus, many_cpus);
}

TEST(available_cpus, the_tightest_of_all_ancestors_counts) {
  machine host;
  host.membership("0::/pod/box/app\n").mounts(v2_mount);
  host.quota_v2("sys/fs/cgroup/pod/box/app", "max 100000\n");
  host.quota_v2("sys/fs/cgroup/pod/box", "800000 100000\n");
  host.quota_v2("sys/fs/cgroup/pod", "200000 100000\n");
  EXPECT_EQ(host.limit().cpus, 2U);
  EXPECT_EQ(host.limit().source, (host.root() / "sys/fs/cgroup/pod/cpu.max").string());

  machine old;
  old.membership("4:cpu,cpuacct:/pod/box\n").mounts(v1_mount);
  old.quota_v1("sys/fs/cgroup/cpu,cpuacct/pod/box", "800000\n", "100000\n");
  old.quota_v1("sys/fs/cgroup/cpu,cpuacct/pod", "300000\n", "100000\n");
  old.quota_v1("sys/fs/cgroup/cpu,cpuacct", "-1\n", "100000\n");
  EXPECT_EQ(old.limit().cpus, 3U);
}

TEST(available_cpus, in_a_hybrid_setup_the_hierarchy_with_the_cpu_controller_counts) {
  machine host;
  host.membership("4:cpu,cpuacct:/old\n1:name=systemd:/x\n0::/new\n");
  host.mounts(std::string(v1_mount) +
              "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  host.quota_v1("sys/fs/cgroup/cpu,cpuacct/old", "500000", "100000");
  EXPECT_EQ(host.limit().cpus, 5U);
  // Not a real setup, but the smaller of two bounds is right in any.
  host.quota_v2("sys/fs/cgroup/unified/new", "400000 100000\n");
  EXPECT_EQ(host.limit().cpus, 4U);
}

TEST(available_cpus, a_group_below_the_mounted_one_is_found_below_the_mount) {
  machine host;
  host.membership("4:cpu:/docker/abc/inner\n");
  host.mounts("33 31 0:30 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  host.quota_v1("sys/fs/cgroup/cpu/inner", "300000", "100000");
  EXPECT_EQ(host.limit().cpus, 3U);
}

TEST(available_cpus, the_mounted_group_itself_is_the_mount_point) {
  machine host;
  host.membership("4:cpu:/docker/abc\n");
  host.mounts("33 31 0:30 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
  host.quota_v1("sys/fs/cgroup/cpu", "300000", "100000");
  EXPECT_EQ(host.limit().cpus, 3U);
}

TEST(available_cpus, a_group_outside_the_mounted_one_falls_back_to_the_mount_point) {
  for (const std::string_view group :
       {"0::/elsewhere/abc\n", "0::/../sibling\n", "0::/docker/abcd\n"}) {
    machine host;
    host.membership(group);
    host.mounts("31 24 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n");
    host.quota_v2("sys/fs/cgroup", "200000 100000\n");
    EXPECT_EQ(host.limit().cpus, 2U) << group;
  }
}

TEST(available_cpus, of_several_mounts_the_one_that_shows_the_group_counts) {
  machine host;
  host.membership("0::/b/app\n");
  host.mounts(
      "31 24 0:26 /a /mnt/a rw - cgroup2 cgroup2 rw\n"
      "32 24 0:26 /b /mnt/b rw - cgroup2 cgroup2 rw\n");
  host.quota_v2("mnt/a", "100000 100000\n").quota_v2("mnt/b/app", "300000 100000\n");
  EXPECT_EQ(host.limit().cpus, 3U);
}

TEST(available_cpus, a_mount_point_with_a_blank_in_its_name_is_found) {
  machine host;
  host.membership("0::/\n").mounts("31 24 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n");
  host.quota_v2("my groups", "200000 100000\n");
  EXPECT_EQ(host.limit().cpus, 2U);
}

TEST(available_cpus, garbage_bounds_nothing) {
  for (const std::string_view quota :
       {"", "\n", "nonsense\n", "200000\n", "0 100000\n", "-5 100000\n", "200000 0\n",
        "2x 100000\n", "200000 100000 7\n", "99999999999999999999 100000\n"}) {
    machine host;
    host.membership("0::/a\n").mounts(v2_mount).quota_v2("sys/fs/cgroup/a", quota);
    EXPECT_EQ(host.limit().cpus, many_cpus) << quota;
  }
  EXPECT_EQ(machine().membership("0::/a\n").mounts("- -\n31 24\n\n - cgroup2\n").limit().cpus,
            many_cpus);
  EXPECT_EQ(machine().membership(":\n::\n0:\n").mounts(v2_mount).limit().cpus, many_cpus);
  machine no_period;
  no_period.membership("4:cpu,cpuacct:/a\n").mounts(v1_mount);
  no_period.quota_v1("sys/fs/cgroup/cpu,cpuacct/a", "300000", "");
  EXPECT_EQ(no_period.limit().cpus, many_cpus);
}

TEST(available_cpus, tell_the_tightest_quota_also_where_the_affinity_mask_decides) {
  machine host;
  host.membership("0::/pod/app\n").mounts(v2_mount);
  host.quota_v2("sys/fs/cgroup/pod/app", "50000 100000\n");
  host.quota_v2("sys/fs/cgroup/pod", "150000 100000\n");
  const cpu_limit limit = host.limit(1);
  EXPECT_EQ(limit.cpus, 1U);
  EXPECT_EQ(limit.affinity, 1U);
  EXPECT_EQ(limit.source, "affinity mask");
  ASSERT_TRUE(limit.quota);
  EXPECT_DOUBLE_EQ(limit.quota->cpus, 0.5);
  EXPECT_EQ(limit.quota->file, (host.root() / "sys/fs/cgroup/pod/app/cpu.max").string());
  EXPECT_EQ(limit.quota->cgroup_version, 2);
  EXPECT_FALSE(machine().limit().quota);
}

TEST(cpu_throttling, is_read_beside_the_quota_in_both_versions) {
  machine v2;
  v2.membership("0::/a\n").mounts(v2_mount).quota_v2("sys/fs/cgroup/a", "50000 100000\n");
  v2.file("sys/fs/cgroup/a/cpu.stat",
          "usage_usec 9\nuser_usec 5\nnr_periods 40\nnr_throttled 7\nthrottled_usec 2500\n");
  const auto of_v2 = read_cpu_throttling(v2.limit().quota.value());
  ASSERT_TRUE(of_v2);
  EXPECT_EQ(of_v2->periods, 40U);
  EXPECT_EQ(of_v2->throttled, 7U);
  EXPECT_EQ(of_v2->time, std::chrono::microseconds(2500));

  machine v1;
  v1.membership("4:cpu,cpuacct:/a\n").mounts(v1_mount);
  v1.quota_v1("sys/fs/cgroup/cpu,cpuacct/a", "50000", "100000");
  v1.file("sys/fs/cgroup/cpu,cpuacct/a/cpu.stat",
          "nr_periods 40\nnr_throttled 7\nthrottled_time 2500\n");
  const auto of_v1 = read_cpu_throttling(v1.limit().quota.value());
  ASSERT_TRUE(of_v1);
  EXPECT_EQ(of_v1->time, std::chrono::nanoseconds(2500));
}

TEST(cpu_throttling, is_not_told_where_the_file_lacks_a_line_or_is_not_there) {
  machine host;
  host.membership("0::/a\n").mounts(v2_mount).quota_v2("sys/fs/cgroup/a", "50000 100000\n");
  EXPECT_FALSE(read_cpu_throttling(host.limit().quota.value()));
  host.file("sys/fs/cgroup/a/cpu.stat", "usage_usec 9\nnr_periods 40\n");
  EXPECT_FALSE(read_cpu_throttling(host.limit().quota.value()));
}

TEST(cpu_quota_watch, says_once_that_the_quota_has_changed) {
  machine host;
  host.membership("0::/a\n").mounts(v2_mount).quota_v2("sys/fs/cgroup/a", "400000 100000\n");
  cpu_quota_watch watch(host.root());
  watch.changed(many_cpus);
  EXPECT_EQ(watch.current().cpus, 4U);
  EXPECT_FALSE(watch.changed(many_cpus));
  host.quota_v2("sys/fs/cgroup/a", "200000 100000\n");
  EXPECT_TRUE(watch.changed(many_cpus));
  EXPECT_EQ(watch.current().cpus, 2U);
  EXPECT_FALSE(watch.changed(many_cpus));
  host.quota_v2("sys/fs/cgroup/a", "max 100000\n");
  EXPECT_TRUE(watch.changed(many_cpus));
  EXPECT_EQ(watch.current().cpus, many_cpus);
}

TEST(cpu_quota_watch, a_change_that_leaves_the_number_of_cpus_is_none) {
  machine host;
  host.membership("0::/a\n").mounts(v2_mount).quota_v2("sys/fs/cgroup/a", "250000 100000\n");
  cpu_quota_watch watch(host.root());
  watch.changed(many_cpus);
  host.quota_v2("sys/fs/cgroup/a", "200000 100000\n");
  EXPECT_FALSE(watch.changed(many_cpus));
}

TEST(cpu_quota_watch, sees_a_quota_that_appears_and_a_move_to_another_group) {
  machine host;
  host.membership("0::/a\n").mounts(v2_mount);
  cpu_quota_watch watch(host.root());
  watch.changed(many_cpus);
  host.quota_v2("sys/fs/cgroup/a", "400000 100000\n");
  EXPECT_TRUE(watch.changed(many_cpus));
  EXPECT_EQ(watch.current().cpus, 4U);
  host.quota_v2("sys/fs/cgroup/b", "300000 100000\n").membership("0::/b\n");
  EXPECT_TRUE(watch.changed(many_cpus));
  EXPECT_EQ(watch.current().cpus, 3U);
}

}  // namespace
}  // namespace tacit::sched
