// Senders and receivers do everything that can be done with two channels, plainly and by select,
// while others cancel them: what was received and what senders still have is what was to be sent.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <vector>

#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/when_all.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/channel.hpp>
#include <tacit/sync/select.hpp>

#include "sync/seed.hpp"
#include "sync/stage.hpp"

namespace tacit::sync {
namespace {

using namespace std::chrono_literals;
using base::errc;
using sched::task;
using random_source = std::minstd_rand;
using value = std::unique_ptr<int>;  // Lost or doubled, a sanitizer sees it too.

constexpr int senders = 5;
constexpr int receivers = 4;
constexpr int values_each = 1'500;

struct channels {
  channel<value> direct{0};
  channel<value> held{3};
};

// Whether it was sent; if not, the value is still there.
task<base::error_code> send_somehow(channels& to, value& sent, unsigned how) {
  switch (how % 6) {
    case 0:
      co_return co_await to.direct.send(std::move(sent));
    case 1:
      co_return co_await to.held.send(std::move(sent));
    case 2:
      co_return to.held.try_send(std::move(sent));
    case 3: {
      const auto happened = co_await select(to.direct.on_send(std::move(sent)),
                                            after(std::chrono::microseconds(how % 50)));
      co_return happened == 1 ? make_error_code(errc::timed_out) : happened.error();
    }
    case 4: {
      const auto happened = co_await select(to.direct.on_send(std::move(sent)), otherwise());
      co_return happened == 1 ? make_error_code(errc::would_block) : happened.error();
    }
    default: {
      const auto happened =
          co_await select(to.held.on_send(std::move(sent)), to.direct.on_send(std::move(sent)));
      co_return happened.error();
    }
  }
}

task<received<value>> receive_somehow(channels& from, unsigned how, bool direct_is_open,
                                      bool held_is_open) {
  received<value> got;
  switch (direct_is_open && held_is_open ? how % 5 : direct_is_open ? 0 : 1) {
    case 0:
      co_return co_await from.direct.receive();
    case 1:
      co_return co_await from.held.receive();
    case 2:
      co_return from.held.try_receive();
    case 3: {
      const auto happened =
          co_await select(from.direct.on_receive(got), after(std::chrono::microseconds(how % 50)),
                          from.held.on_receive(got));
      EXPECT_EQ(static_cast<bool>(got), happened.index() % 2 == 0 && !happened.error());
      co_return got ? std::move(got) : received<value>(errc::would_block);
    }
    default: {
      const auto happened = co_await select(from.direct.on_receive(got), from.held.on_receive(got));
      EXPECT_EQ(static_cast<bool>(got), !happened.error());
      co_return got ? std::move(got) : received<value>(errc::would_block);
    }
  }
}

task<> cancel_after(sched::cancel_scope& scope, unsigned yields) {
  for (unsigned i = 0; i < yields; ++i)
    co_await sched::yield();
  scope.cancel();
}

template <class T>
task<T> in_scope(sched::cancel_scope& scope, task<T> attempt) {
  co_return co_await scope.run(std::move(attempt));
}

// Runs `attempt`, and in one of two cases cancels it before, while or after it waits.
template <class T>
task<T> perhaps_cancelled(task<T> attempt, unsigned random) {
  if (random % 2 == 0) co_return co_await std::move(attempt);
  sched::cancel_scope scope;
  auto done = co_await sched::when_all(in_scope(scope, std::move(attempt)),
                                       cancel_after(scope, random % 7));
  co_return std::move(std::get<0>(done));
}

// Gives what it did not get rid of.
task<std::vector<int>> send_values(channels& to, int first, random_source random) {
  std::vector<int> kept;
  for (int i = first; i < first + values_each; ++i) {
    auto sent = std::make_unique<int>(i);
    for (unsigned tries = random() % 4;; --tries) {
      const auto how = static_cast<unsigned>(random() >> 4);
      const auto error = co_await perhaps_cancelled(send_somehow(to, sent, how),
                                                    static_cast<unsigned>(random() >> 4));
      EXPECT_EQ(error.failed(), sent != nullptr);
      if (!error || tries == 0) break;
    }
    if (sent) kept.push_back(*sent);
  }
  co_return kept;
}

task<std::vector<int>> receive_values(channels& from, bool direct_is_open, bool held_is_open,
                                      random_source random) {
  std::vector<int> got;
  while (direct_is_open || held_is_open) {
    const auto how = static_cast<unsigned>(random() >> 4);
    auto each = co_await perhaps_cancelled(receive_somehow(from, how, direct_is_open, held_is_open),
                                           static_cast<unsigned>(random() >> 4));
    if (each) got.push_back(**each);
    if (from.direct.is_closed()) {
      direct_is_open = false;
      if (from.held.size() == 0) held_is_open = false;
    }
  }
  co_return got;
}

task<std::vector<int>> all_values(sched::scheduler& pool, std::uint64_t seed) {
  channels both;
  std::vector<sched::join_handle<std::vector<int>>> sending;
  std::vector<sched::join_handle<std::vector<int>>> receiving;
  for (int i = 0; i < senders; ++i) {
    sending.push_back(pool.spawn(
        send_values(both, i * values_each, random_source(static_cast<unsigned>(seed + i)))));
  }
  // The first two keep to one channel each: otherwise all could come to wait at the one, with every
  // sender at the other.
  for (int i = 0; i < receivers; ++i) {
    receiving.push_back(pool.spawn(receive_values(
        both, i != 1, i != 0, random_source(static_cast<unsigned>(seed + 1000 + i)))));
  }
  std::vector<int> all;
  for (auto& each : sending) {
    const auto kept = co_await std::move(each);
    all.insert(all.end(), kept.begin(), kept.end());
  }
  EXPECT_LT(all.size(), senders * values_each) << "nothing was sent";
  both.held.close();
  both.direct.close();
  for (auto& each : receiving) {
    const auto got = co_await std::move(each);
    all.insert(all.end(), got.begin(), got.end());
  }
  co_return all;
}

class channel_property : public testing::TestWithParam<std::uint32_t> {};

TEST_P(channel_property, nothing_is_lost_and_nothing_arrives_twice) {
  sched::scheduler pool(tests::with_workers(GetParam()));
  auto all = tests::run_on(pool, all_values(pool, tests::seed()));
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), senders * values_each);
  for (std::size_t i = 0; i < all.size(); ++i)
    ASSERT_EQ(all[i], static_cast<int>(i));
}
INSTANTIATE_TEST_SUITE_P(on, channel_property, testing::Values(1, 2, 4));

}  // namespace
}  // namespace tacit::sync
