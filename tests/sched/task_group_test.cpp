#include <tacit/sched/task_group.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <tacit/sched/when_all.hpp>
#include <tacit/sched/with_timeout.hpp>
#include <tacit/sched/yield.hpp>

#include "sched/event.hpp"
#include "sched/on_workers.hpp"
#include "sched/short_tasks.hpp"

namespace tacit::sched {
namespace {

task<> add(std::atomic<int>* sum, int value) {
  sum->fetch_add(value);
  co_return;
}

std::string what(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return error.what();
  }
}

class task_group_on : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(workers, task_group_on, testing::Values(0, 1, 2, 4),
                         testing::PrintToStringParamName());

TEST_P(task_group_on, has_run_all_children_when_it_ends) {
  const auto body = [](std::atomic<int>* sum) -> task<> {
    co_await with_group([sum](task_group& group) -> task<> {
      for (int i = 1; i <= 1000; ++i)
        EXPECT_FALSE(co_await group.spawn(add(sum, i)));
    });
    EXPECT_EQ(sum->load(), 500'500);
  };
  std::atomic<int> sum{0};
  run_on(GetParam(), body(&sum));
}

TEST_P(task_group_on, gives_the_value_of_its_body) {
  const auto body = []() -> task<> {
    const std::string given =
        co_await with_group([](task_group&) -> task<std::string> { co_return "value"; });
    EXPECT_EQ(given, "value");
  };
  run_on(GetParam(), body());
}

TEST_P(task_group_on, children_can_spawn_children) {
  struct tree {
    static task<> leaves(task_group* group, std::atomic<int>* sum, int depth) {
      if (depth == 0) {
        ++*sum;
        co_return;
      }
      EXPECT_FALSE(co_await group->spawn(leaves(group, sum, depth - 1)));
      EXPECT_FALSE(co_await group->spawn(leaves(group, sum, depth - 1)));
    }
  };
  const auto body = [](std::atomic<int>* sum) -> task<> {
    task_group group;
    co_await group.run([sum](task_group& g) { return tree::leaves(&g, sum, 8); });
    EXPECT_EQ(sum->load(), 256);
    EXPECT_EQ(group.live_children(), 0U);
  };
  std::atomic<int> sum{0};
  run_on(GetParam(), body(&sum));
}

TEST_P(task_group_on, a_failing_child_ends_its_siblings_and_the_body) {
  const auto body = [](std::atomic<int>* ended) -> task<> {
    task_group group;
    try {
      co_await group.run([ended](task_group& g) -> task<> {
        for (int i = 0; i < 10; ++i)
          EXPECT_FALSE(co_await g.spawn(cancelled(ended)));
        EXPECT_FALSE(co_await g.spawn(throws("as planned")));
        co_await cancelled(ended);
      });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "as planned");
    }
    EXPECT_EQ(ended->load(), 11);
    EXPECT_EQ(group.exceptions().size(), 1U);
  };
  std::atomic<int> ended{0};
  run_on(GetParam(), body(&ended));
}

TEST_P(task_group_on, a_failing_body_ends_the_children) {
  const auto body = [](std::atomic<int>* ended) -> task<> {
    const auto fails = [ended](task_group& g) -> task<> {
      for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(co_await g.spawn(cancelled(ended)));
      throw std::runtime_error("as planned");
    };
    EXPECT_THROW(co_await with_group(fails), std::runtime_error);
    EXPECT_EQ(ended->load(), 10);
  };
  std::atomic<int> ended{0};
  run_on(GetParam(), body(&ended));
}

TEST_P(task_group_on, keeps_all_exceptions_and_rethrows_the_first) {
  const auto body = []() -> task<> {
    const auto fails_too = []() -> task<> {
      event never;
      co_await never;
      throw std::runtime_error("later");
    };
    task_group group;
    std::string rethrown;
    try {
      co_await group.run([&fails_too](task_group& g) -> task<> {
        EXPECT_FALSE(co_await g.spawn(fails_too()));
        EXPECT_FALSE(co_await g.spawn(fails_too()));
        EXPECT_FALSE(co_await g.spawn(throws("first")));
      });
    } catch (const std::runtime_error& error) {
      rethrown = error.what();
    }
    EXPECT_EQ(rethrown, "first");
    const auto& all = group.exceptions();
    if (all.size() != 3) {
      ADD_FAILURE() << all.size() << " exceptions";
      co_return;
    }
    EXPECT_EQ(what(all[0]), "first");
    EXPECT_EQ(what(all[1]), "later");
    EXPECT_EQ(what(all[2]), "later");
  };
  run_on(GetParam(), body());
}

TEST_P(task_group_on, cancelling_it_is_no_failure) {
  const auto body = [](std::atomic<int>* ended) -> task<> {
    task_group group;
    co_await group.run([ended](task_group& g) -> task<> {
      for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(co_await g.spawn(cancelled(ended)));
      EXPECT_TRUE(g.cancel());
      EXPECT_FALSE(g.cancel());
    });
    EXPECT_EQ(ended->load(), 10);
    EXPECT_TRUE(group.exceptions().empty());
  };
  std::atomic<int> ended{0};
  run_on(GetParam(), body(&ended));
}

TEST_P(task_group_on, has_no_more_children_at_a_time_than_it_may) {
  static constexpr std::uint32_t children_max = 3;
  struct counted {
    std::atomic<std::uint32_t> live{0};
    std::atomic<std::uint32_t> most{0};
    std::atomic<std::uint32_t> ended{0};
    static task<> child(counted* of) {
      const std::uint32_t live = ++of->live;
      std::uint32_t most = of->most.load();
      while (most < live && !of->most.compare_exchange_weak(most, live)) {
      }
      co_await yield();
      --of->live;
      ++of->ended;
    }
  };
  const auto body = [](counted* all) -> task<> {
    co_await with_group(
        [all](task_group& g) -> task<> {
          for (int i = 0; i < 500; ++i)
            EXPECT_FALSE(co_await g.spawn(counted::child(all)));
        },
        {.children_max = children_max});
  };
  counted all;
  run_on(GetParam(), body(&all));
  EXPECT_LE(all.most.load(), children_max);
  EXPECT_EQ(all.ended.load(), 500U);
}

TEST_P(task_group_on, trying_to_spawn_into_a_full_group_leaves_the_child_with_the_caller) {
  const auto body = [](std::atomic<int>* sum) -> task<> {
    co_await with_group(
        [sum](task_group& g) -> task<> {
          event go;
          const auto waits = [](event* until) -> task<> { co_await *until; };
          EXPECT_TRUE(g.try_spawn(waits(&go)));
          auto refused = add(sum, 1);
          EXPECT_FALSE(g.try_spawn(std::move(refused)));
          EXPECT_TRUE(static_cast<bool>(refused));
          go.set();
          EXPECT_FALSE(co_await g.spawn(std::move(refused)));
        },
        {.children_max = 1});
    EXPECT_EQ(sum->load(), 1);
  };
  std::atomic<int> sum{0};
  run_on(GetParam(), body(&sum));
}

TEST_P(task_group_on, a_wait_for_room_ends_with_its_scope_and_drops_the_child) {
  const auto body = [](std::atomic<int>* started) -> task<> {
    co_await with_group(
        [started](task_group& g) -> task<> {
          event go;
          const auto waits = [](event* until) -> task<> { EXPECT_FALSE(co_await *until); };
          EXPECT_FALSE(co_await g.spawn(waits(&go)));
          const auto spawns = [](task_group* into,
                                 std::atomic<int>* sum) -> task<base::error_code> {
            co_return co_await into->spawn(add(sum, 1));
          };
          const auto stops = [](cancel_scope* which) -> task<> {
            which->cancel(base::errc::draining);
            co_return;
          };
          cancel_scope narrow(co_await current_scope());
          auto [ec, nothing] =
              co_await when_all(in_scope(narrow, spawns(&g, started)), stops(&narrow));
          EXPECT_EQ(ec, base::errc::draining);
          go.set();
        },
        {.children_max = 1});
    EXPECT_EQ(started->load(), 0);
  };
  std::atomic<int> started{0};
  run_on(GetParam(), body(&started));
}

TEST_P(task_group_on, is_cancelled_with_the_scope_around_it) {
  const auto body = [](std::atomic<int>* ended) -> task<> {
    co_await with_group([ended](task_group& g) -> task<> {
      EXPECT_FALSE(co_await g.spawn(cancelled(ended)));
      EXPECT_FALSE(co_await g.spawn(cancelled(ended)));
    });
  };
  const auto both = [&body](cancel_scope* scope, std::atomic<int>* ended) -> task<> {
    const auto stops = [](cancel_scope* which) -> task<> {
      which->cancel();
      co_return;
    };
    co_await when_all(in_scope(*scope, body(ended)), stops(scope));
  };
  cancel_scope scope;
  std::atomic<int> ended{0};
  run_on(GetParam(), both(&scope, &ended));
  EXPECT_EQ(ended.load(), 2);
}

TEST_P(task_group_on, groups_nest) {
  const auto inner = [](std::atomic<int>* sum) -> task<> {
    co_await with_group([sum](task_group& g) -> task<> {
      for (int i = 0; i < 20; ++i)
        EXPECT_FALSE(co_await g.spawn(add(sum, 1)));
    });
  };
  const auto body = [&inner](std::atomic<int>* sum) -> task<> {
    co_await with_group([sum, &inner](task_group& g) -> task<> {
      for (int i = 0; i < 20; ++i)
        EXPECT_FALSE(co_await g.spawn(inner(sum)));
    });
    EXPECT_EQ(sum->load(), 400);
  };
  std::atomic<int> sum{0};
  run_on(GetParam(), body(&sum));
}

// The listing of live coroutines leads from a child to the group and on.
TEST_P(task_group_on, a_child_is_awaited_by_the_group_and_serves_its_request) {
  struct seen {
    std::uint64_t request = 0;
    const void* awaited_by = nullptr;
    bool is_root = false;
  };
  struct itself {
    seen found;
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<detail::task_promise<void>> self) {
      const auto note = self.promise().note().read();
      if (note) found = {note->request, note->awaited_by, note->is_root};
      return false;
    }
    seen await_resume() const { return found; }
  };
  const auto child = [](seen* out) -> task<> { *out = co_await itself(); };
  struct request_of {
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<detail::task_promise<void>> self) {
      memory::note(self.promise().note().request, std::uint64_t{77});
      return false;
    }
    void await_resume() const {}
  };
  const auto body = [&child](seen* out) -> task<> {
    co_await request_of();
    co_await with_group(
        [out, &child](task_group& g) -> task<> { EXPECT_FALSE(co_await g.spawn(child(out))); });
  };
  seen out;
  run_on(GetParam(), body(&out));
  EXPECT_EQ(out.request, 77U);
  EXPECT_NE(out.awaited_by, nullptr);
  EXPECT_TRUE(out.is_root);
}

}  // namespace
}  // namespace tacit::sched
