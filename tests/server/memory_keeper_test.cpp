#include "server/memory_keeper.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/machine_files.hpp"

namespace tacit::server {
namespace {

using namespace std::chrono_literals;
using memory::memory_pressure;

constexpr std::uint64_t mib = 1 << 20;

// A machine whose limit and use are what the test says, and time that it moves.
class memory_keeper_on_a_machine : public ::testing::Test {
 protected:
  memory_keeper_on_a_machine() {
    host_.membership("0::/app\n").mounts(support::machine_files::v2_mount);
    limit(64 * mib);
    used(4 * mib);
    // Of the tests before: a keeper would come again for it.
    while (memory::idle_bytes() != 0)
      memory::reclaimer(0ms).hurry(now_ + 1h);
  }

  void limit(std::uint64_t bytes) {
    host_.file("sys/fs/cgroup/app/memory.max", bytes == 0 ? "max\n" : std::to_string(bytes) + "\n");
  }
  void used(std::uint64_t bytes, std::uint64_t of_files = 0) {
    host_.file("sys/fs/cgroup/app/memory.current", std::to_string(bytes + of_files) + "\n");
    host_.file("sys/fs/cgroup/app/memory.stat",
               "inactive_file " + std::to_string(of_files) + "\nactive_file 0\n");
  }

  // A keeper that has begun.
  struct begun : memory_keeper {
    explicit begun(memory_keeper_on_a_machine& on)
        : memory_keeper(on.settings_, on.service_.budget, on.service_, on.connections_) {
      begin(on.host_.root());
    }
  };
  [[nodiscard]] begun make(std::uint64_t budget_bytes = 0) {
    settings_.memory_budget_bytes = budget_bytes;
    return begun(*this);
  }
  void pass(memory_keeper& keeper, std::chrono::milliseconds time, bool is_quiet = false) {
    now_ += time;
    keeper.keep(now_, is_quiet);
  }

  support::machine_files host_;
  options settings_;
  observe::metrics metrics_;
  http::service service_{metrics_};
  http::connection_set connections_;
  base::steady_time now_ = std::chrono::steady_clock::now();
};

TEST_F(memory_keeper_on_a_machine, takes_the_limit_for_the_budget_and_says_where_it_is_from) {
  const auto keeper = make();
  EXPECT_EQ(service_.budget.bytes(), 64 * mib);
  EXPECT_EQ(keeper.budget_source(), (host_.root() / "sys/fs/cgroup/app/memory.max").string());
}

TEST_F(memory_keeper_on_a_machine, until_it_begins_there_is_the_budget_of_the_settings) {
  settings_.memory_budget_bytes = 128 * mib;
  memory_keeper keeper(settings_, service_.budget, service_, connections_);
  EXPECT_EQ(service_.budget.bytes(), 128 * mib);
  EXPECT_EQ(keeper.budget_source(), "memory_budget_bytes");
  keeper.begin(host_.root());
  EXPECT_EQ(service_.budget.bytes(), 64 * mib);
}

TEST_F(memory_keeper_on_a_machine, takes_the_smaller_of_limit_and_setting) {
  EXPECT_EQ(make(32 * mib).budget_source(), "memory_budget_bytes");
  EXPECT_EQ(service_.budget.bytes(), 32 * mib);
  EXPECT_NE(make(128 * mib).budget_source(), "memory_budget_bytes");
  EXPECT_EQ(service_.budget.bytes(), 64 * mib);
}

TEST_F(memory_keeper_on_a_machine, has_no_budget_where_nothing_bounds_it) {
  limit(0);
  auto keeper = make();
  EXPECT_EQ(service_.budget.bytes(), 0U);
  EXPECT_EQ(keeper.budget_source(), "");
}

TEST_F(memory_keeper_on_a_machine, follows_a_limit_that_changes) {
  auto keeper = make();
  pass(keeper, 0ms);
  limit(32 * mib);
  pass(keeper, 1'000ms);
  EXPECT_EQ(service_.budget.bytes(), 32 * mib);
  limit(0);
  pass(keeper, 1'000ms);
  EXPECT_EQ(service_.budget.bytes(), 0U);
}

TEST_F(memory_keeper_on_a_machine, sees_that_memory_gets_short_and_that_it_suffices_again) {
  auto keeper = make();
  pass(keeper, 0ms);
  EXPECT_EQ(service_.budget.pressure(), memory_pressure::none);
  used(50 * mib);
  pass(keeper, 14ms);
  EXPECT_EQ(service_.budget.pressure(), memory_pressure::high);
  used(58 * mib);
  pass(keeper, 2ms);
  EXPECT_EQ(service_.budget.pressure(), memory_pressure::critical);
  used(10 * mib);
  pass(keeper, 2ms);
  EXPECT_EQ(service_.budget.pressure(), memory_pressure::none);
}

TEST_F(memory_keeper_on_a_machine, counts_as_short_for_a_second_after_something_was_refused) {
  auto keeper = make();
  pass(keeper, 0ms);
  EXPECT_FALSE(keeper.is_short(now_));
  service_.count.shed_for_memory.add();
  pass(keeper, 2ms);
  EXPECT_TRUE(keeper.is_short(now_ + 999ms));
  EXPECT_FALSE(keeper.is_short(now_ + 1s));
}

TEST_F(memory_keeper_on_a_machine, pages_of_files_are_no_use_of_memory) {
  auto keeper = make();
  used(10 * mib, 50 * mib);
  pass(keeper, 0ms);
  EXPECT_EQ(service_.budget.pressure(), memory_pressure::none);
  EXPECT_EQ(service_.budget.used_bytes(), 10 * mib);
}

// The limit is of the group above, in which others are, too.
class memory_keeper_among_neighbours : public memory_keeper_on_a_machine {
 protected:
  memory_keeper_among_neighbours() {
    host_.membership("0::/app/own\n");
    own(1 * mib);
  }
  void own(std::uint64_t bytes) {
    host_.file("sys/fs/cgroup/app/own/memory.current", std::to_string(bytes) + "\n");
  }
};

TEST_F(memory_keeper_among_neighbours, is_not_short_for_what_they_use_while_enough_is_left) {
  used(54 * mib);  // 53 of them theirs.
  auto keeper = make();
  pass(keeper, 0ms);
  EXPECT_EQ(service_.budget.pressure(), memory_pressure::none);
  EXPECT_EQ(service_.budget.used_bytes(), 1 * mib);
  EXPECT_EQ(keeper.neighbours_bytes(), 55 * mib);
  EXPECT_EQ(service_.budget.bytes(), 9 * mib);
  EXPECT_TRUE(service_.budget.begin(1 * mib));
}

TEST_F(memory_keeper_among_neighbours, is_short_once_little_is_left_for_what_it_uses_itself) {
  auto keeper = make();
  pass(keeper, 0ms);
  own(16 * mib);
  used(58 * mib);
  pass(keeper, 1'000ms);
  EXPECT_EQ(service_.budget.pressure(), memory_pressure::high);
  own(4 * mib);
  used(48 * mib);
  pass(keeper, 2ms);
  EXPECT_EQ(service_.budget.pressure(), memory_pressure::none);
}

TEST_F(memory_keeper_among_neighbours, still_has_a_budget_where_they_leave_nothing) {
  used(64 * mib);
  auto keeper = make();  // It knows before it is asked to keep anything.
  EXPECT_EQ(service_.budget.pressure(), memory_pressure::critical);
  EXPECT_FALSE(service_.budget.take(1));
}

TEST_F(memory_keeper_among_neighbours, says_in_kib_how_little_is_left_to_it) {
  own(2 * mib);
  used(64 * mib);
  auto keeper = make();
  testing::internal::CaptureStderr();
  keeper.keep(now_, false);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("memory is short: 2048 KiB of 0 KiB are used"), std::string::npos) << said;
}

TEST_F(memory_keeper_among_neighbours, looks_less_often_where_they_are_who_has_the_memory) {
  settings_.uncommit_delay = 0ms;
  used(64 * mib);
  auto keeper = make();
  EXPECT_EQ(keeper.keep(now_, true), now_ + 1s);
  own(60 * mib);
  EXPECT_EQ(keeper.keep(now_ + 1s, true), now_ + 1'100ms);
}

TEST_F(memory_keeper_on_a_machine, reads_when_the_threshold_could_be_reached_and_not_before) {
  auto keeper = make();
  pass(keeper, 0ms);  // 52 MiB are left.
  used(60 * mib);
  pass(keeper, 12ms);
  EXPECT_EQ(service_.budget.pressure(), memory_pressure::none);
  pass(keeper, 1ms);
  EXPECT_EQ(service_.budget.pressure(), memory_pressure::critical);
}

TEST_F(memory_keeper_on_a_machine, asks_to_be_called_for_a_reading_only_while_something_runs) {
  settings_.uncommit_delay = 0ms;  // It is not called for that, either.
  auto keeper = make();
  EXPECT_EQ(keeper.keep(now_, false), now_ + 13ms);
  EXPECT_EQ(keeper.keep(now_ + 1ms, true), base::steady_time::max());
  used(60 * mib);
  EXPECT_EQ(keeper.keep(now_ + 13ms, false), now_ + 14ms);
  EXPECT_EQ(keeper.keep(now_ + 14ms, true), now_ + 114ms);
}

}  // namespace
}  // namespace tacit::server
