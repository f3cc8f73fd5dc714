#include <tacit/memory/memory_limit.hpp>

#include <gtest/gtest.h>

#include <string>

#include "support/machine_files.hpp"

namespace tacit::memory {
namespace {

using support::machine_files;

constexpr std::string_view unlimited_v1 = "9223372036854771712\n";

class in_v2 : public machine_files {
 public:
  explicit in_v2(std::string_view limit) {
    membership("0::/app\n").mounts(v2_mount);
    file("sys/fs/cgroup/app/memory.max", limit);
  }
};

TEST(memory_limit, is_none_where_there_is_no_cgroup) {
  const machine_files host;
  EXPECT_FALSE(memory_limit_watch(host.root()).current());
  EXPECT_FALSE(memory_limit_watch(host.root()).share());
}

TEST(memory_limit, of_cgroup_v2_names_its_file) {
  const in_v2 host("67108864\n");
  const auto limit = memory_limit_watch(host.root()).current();
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->bytes, 64U << 20);
  EXPECT_EQ(limit->cgroup_version, 2);
  EXPECT_EQ(limit->file, (host.root() / "sys/fs/cgroup/app/memory.max").string());
}

TEST(memory_limit, of_cgroup_v1_names_its_file) {
  machine_files host;
  host.membership("4:memory:/app\n3:cpuset:/other\n").mounts(machine_files::v1_memory_mount);
  host.file("sys/fs/cgroup/memory/memory.limit_in_bytes", unlimited_v1);
  host.file("sys/fs/cgroup/memory/app/memory.limit_in_bytes", "33554432\n");
  const auto limit = memory_limit_watch(host.root()).current();
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->bytes, 32U << 20);
  EXPECT_EQ(limit->cgroup_version, 1);
  EXPECT_EQ(limit->file, (host.root() / "sys/fs/cgroup/memory/app/memory.limit_in_bytes").string());
}

TEST(memory_limit, without_bound_is_none) {
  EXPECT_FALSE(memory_limit_watch(in_v2("max\n").root()).current());
  machine_files old;
  old.membership("4:memory:/app\n").mounts(machine_files::v1_memory_mount);
  old.file("sys/fs/cgroup/memory/app/memory.limit_in_bytes", unlimited_v1);
  EXPECT_FALSE(memory_limit_watch(old.root()).current());
}

TEST(memory_limit, garbage_is_none) {
  for (const std::string_view text :
       {"", "\n", "nonsense\n", "-1\n", "0\n", "12 34\n", "1.5\n", "99999999999999999999999\n"}) {
    EXPECT_FALSE(memory_limit_watch(in_v2(text).root()).current()) << text;
  }
}

// A pod of 200 MB with boxes in it, one of which is ours; figures in bytes.
class in_a_pod : public machine_files {
 public:
  explicit in_a_pod(std::uint64_t own, std::uint64_t all) {
    membership("0::/pod/box/app\n").mounts(v2_mount);
    file("sys/fs/cgroup/pod/box/app/memory.max", "max\n");
    file("sys/fs/cgroup/pod/box/app/memory.current", std::to_string(own) + "\n");
    file("sys/fs/cgroup/pod/box/memory.max", "max\n");
    file("sys/fs/cgroup/pod/memory.max", "200000000\n");
    file("sys/fs/cgroup/pod/memory.current", std::to_string(all) + "\n");
  }
};

TEST(memory_limit, is_the_tightest_of_all_ancestors) {
  in_a_pod host(1'000, 2'000);
  host.file("sys/fs/cgroup/pod/box/memory.max", "400000000\n");
  const memory_limit_watch watch(host.root());
  ASSERT_TRUE(watch.current());
  EXPECT_EQ(watch.current()->bytes, 200'000'000U);
  EXPECT_EQ(watch.current()->file, (host.root() / "sys/fs/cgroup/pod/memory.max").string());
}

TEST(memory_share, of_a_limit_of_its_own_is_all_of_it) {
  in_v2 host("64000000\n");
  host.file("sys/fs/cgroup/app/memory.current", "60000000\n");
  const memory_limit_watch watch(host.root());
  const auto share = watch.share();
  ASSERT_TRUE(share);
  EXPECT_EQ(share->bytes, 64'000'000U);
  EXPECT_EQ(share->used_bytes, 60'000'000U);
  EXPECT_EQ(share->neighbours_bytes, 0U);
  EXPECT_EQ(share->file, (host.root() / "sys/fs/cgroup/app/memory.max").string());
}

TEST(memory_share, of_a_limit_above_is_what_the_neighbours_leave) {
  const in_a_pod host(50'000'000, 150'000'000);
  const memory_limit_watch watch(host.root());
  const auto share = watch.share();
  ASSERT_TRUE(share);
  EXPECT_EQ(share->used_bytes, 50'000'000U);
  EXPECT_EQ(share->neighbours_bytes, 100'000'000U + 200'000'000U / 32);
  EXPECT_EQ(share->bytes + share->neighbours_bytes, 200'000'000U);
  EXPECT_EQ(share->file, (host.root() / "sys/fs/cgroup/pod/memory.max").string());
}

TEST(memory_share, without_neighbours_is_all_of_a_limit_above) {
  EXPECT_EQ(memory_limit_watch(in_a_pod(150'000'000, 150'000'000).root()).share()->bytes,
            200'000'000U);
}

TEST(memory_share, does_not_count_the_pages_of_files_that_neighbours_have) {
  in_a_pod host(50'000'000, 190'000'000);
  host.file("sys/fs/cgroup/pod/memory.stat", "inactive_file 100000000\nactive_file 40000000\n");
  EXPECT_EQ(memory_limit_watch(host.root()).share()->bytes, 200'000'000U);
}

TEST(memory_share, is_of_the_limit_that_leaves_least_not_of_the_smallest) {
  in_a_pod host(1'000'000, 190'000'000);
  host.file("sys/fs/cgroup/pod/box/app/memory.max", "100000000\n");
  const memory_limit_watch watch(host.root());
  EXPECT_EQ(watch.current()->bytes, 100'000'000U);
  EXPECT_EQ(watch.share()->file, (host.root() / "sys/fs/cgroup/pod/memory.max").string());
  host.file("sys/fs/cgroup/pod/memory.current", "50000000\n");
  EXPECT_EQ(watch.share()->bytes, 100'000'000U);
}

TEST(memory_share, of_a_limit_that_neighbours_have_used_up_is_nothing) {
  EXPECT_EQ(memory_limit_watch(in_a_pod(1'000, 199'999'000).root()).share()->bytes, 0U);
}

TEST(memory_limit, in_a_container_is_found_at_the_root_of_its_mount) {
  machine_files host;
  host.membership("0::/../../kubepods/pod7/box\n").mounts(machine_files::v2_mount);
  host.file("sys/fs/cgroup/memory.max", "67108864\n");
  const memory_limit_watch watch(host.root());
  ASSERT_TRUE(watch.current());
  EXPECT_EQ(watch.current()->bytes, 64U << 20);
}

TEST(memory_share, what_is_used_leaves_out_the_pages_of_files) {
  in_v2 host("1000000\n");
  host.file("sys/fs/cgroup/app/memory.current", "700000\n");
  host.file("sys/fs/cgroup/app/memory.stat",
            "anon 200000\nfile 500000\nshmem 100000\ninactive_anon 100000\n"
            "inactive_file 300000\nactive_file 100000\n");
  EXPECT_EQ(memory_limit_watch(host.root()).share()->used_bytes, 300'000U);
  EXPECT_EQ(memory_limit_watch(host.root()).share(700'001)->used_bytes, 700'000U);

  machine_files old;
  old.membership("4:memory:/app\n").mounts(machine_files::v1_memory_mount);
  old.file("sys/fs/cgroup/memory/app/memory.limit_in_bytes", "1000000\n");
  old.file("sys/fs/cgroup/memory/app/memory.usage_in_bytes", "800000\n");
  old.file("sys/fs/cgroup/memory/app/memory.stat",
           "inactive_file 1\nactive_file 1\ntotal_inactive_file 200000\ntotal_active_file 50000\n");
  EXPECT_EQ(memory_limit_watch(old.root()).share()->used_bytes, 550'000U);
}

TEST(memory_share, what_is_used_is_never_less_than_nothing) {
  in_v2 host("1000000\n");
  host.file("sys/fs/cgroup/app/memory.current", "100\n");
  host.file("sys/fs/cgroup/app/memory.stat", "inactive_file 4096\n");
  EXPECT_EQ(memory_limit_watch(host.root()).share()->used_bytes, 0U);
}

TEST(memory_limit_watch, says_once_that_the_limit_has_changed) {
  in_v2 host("max\n");
  memory_limit_watch watch(host.root());
  EXPECT_FALSE(watch.changed());
  host.file("sys/fs/cgroup/app/memory.max", "50000000\n");
  EXPECT_TRUE(watch.changed());
  ASSERT_TRUE(watch.current());
  EXPECT_EQ(watch.current()->bytes, 50'000'000U);
  EXPECT_FALSE(watch.changed());
  host.file("sys/fs/cgroup/app/memory.max", "max\n");
  EXPECT_TRUE(watch.changed());
  EXPECT_FALSE(watch.current());
}

TEST(memory_limit_watch, follows_the_process_into_another_group) {
  in_v2 host("50000000\n");
  memory_limit_watch watch(host.root());
  host.file("sys/fs/cgroup/other/memory.max", "40000000\n").membership("0::/other\n");
  EXPECT_TRUE(watch.changed());
  ASSERT_TRUE(watch.current());
  EXPECT_EQ(watch.current()->bytes, 40'000'000U);
}

TEST(resident_bytes, are_those_of_this_process_without_what_it_has_of_files) {
  EXPECT_GT(resident_bytes("/proc/self/statm"), 0U);
  machine_files host;
  host.file("proc/self/statm", "9000 100 40 3 0 50 0\n");
  EXPECT_EQ(resident_bytes(host.root() / "proc/self/statm"), 60U * 4096);
  EXPECT_EQ(resident_bytes(machine_files().root() / "proc/self/statm"), 0U);
}

}  // namespace
}  // namespace tacit::memory
