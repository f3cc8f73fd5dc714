#pragma once

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <tacit/base/error.hpp>
#include <tacit/base/source_place.hpp>
#include <tacit/base/word_lock.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/promise.hpp>
#include <tacit/sched/task.hpp>
#include <tacit/sched/yield.hpp>

namespace tacit::sched {

class task_group;

/// What a group runs: a coroutine function that is given the group, so that it can spawn into it.
template <class Body>
concept GroupBody = std::invocable<Body&, task_group&>;

struct task_group_options {
  /// How many children may be live at a time; spawn() waits while there are as many.
  std::uint32_t children_max = std::numeric_limits<std::uint32_t>::max();
};

/// Tasks that are spawned one by one, by the body of the group or by each other, and that have all
/// ended when the group has:
///
///     task_group group;
///     co_await group.run([&](task_group& g) -> task<> {
///       while (auto peer = co_await listener.accept()) co_await g.spawn(serve(std::move(*peer)));
///     });
///
/// When the body or a child throws, the scope in which all of them run is cancelled
/// (errc::cancelled), all are awaited, and run() rethrows the exception that came first. The group
/// keeps them all: exceptions(). A child gives no value; it writes its results to where they
/// outlive run(), which the locals of the body do not.
///
/// Cost:      the children's frames; nothing else is allocated as long as nobody throws.
/// Threads:   run() once, by the owner. The others by the body and the children, on any worker.
/// Lifetime:  outlives run(). The callable is kept until all have ended, so here, unlike elsewhere,
///            a lambda with captures may be a coroutine.
/// Cancel:    the group's scope is inside the awaiter's. A child that is spawned in a cancelled
///            group starts nevertheless, in the cancelled scope.
class task_group final : end_hook {
 public:
  explicit task_group(task_group_options options = {}) noexcept : options_(options) {}
  ~task_group();
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// Runs the body, and waits for it and all children. Gives the body's value.
  template <GroupBody Body>
  std::invoke_result_t<Body&, task_group&> run(Body body);

  class spawning;

  /// `co_await group.spawn(child)` starts a child as soon as the group has room for it: it runs
  /// after what is ready already, or before that on an idle worker. Gives an error, and the child
  /// is dropped unstarted, if the awaiter's scope was cancelled while it waited for room.
  [[nodiscard]] spawning spawn(task<> child) noexcept;

  /// Starts the child if the group has room, from a coroutine or from a function that it calls.
  /// Otherwise the child stays with the caller.
  [[nodiscard]] bool try_spawn(task<>&& child,
                               base::source_place place = base::source_place::current()) noexcept;

  /// Ends the waits of the body and of all children. False if that was done before.
  bool cancel(base::error_code cause = base::errc::cancelled) noexcept;

  /// What the body or children threw, in the order of their ends. After run().
  [[nodiscard]] const std::vector<std::exception_ptr>& exceptions() const noexcept {
    return exceptions_;
  }

  /// Children that have not ended.
  [[nodiscard]] std::uint32_t live_children() const noexcept;

 private:
  class running;

  void begin(promise_base& body, std::coroutine_handle<> parent, cancel_scope* around) noexcept;
  [[nodiscard]] bool reserve() noexcept;
  void start(task<>& child, base::source_place place) noexcept;
  std::coroutine_handle<> on_ended(promise_base& ended) noexcept override;
  void fail(const std::exception_ptr& thrown) noexcept;
  [[nodiscard]] std::coroutine_handle<> leave(bool is_body) noexcept;
  void rethrow_first() const;

  const task_group_options options_;
  std::optional<cancel_scope> scope_;
  promise_base* body_ = nullptr;
  std::coroutine_handle<> parent_;

  mutable base::word_lock lock_;
  bool body_ended_ = false;  // Guarded by lock_, as is what follows.
  std::uint32_t live_ = 0;   // Children, and those for which there is room already.
  spawning* first_waiting_ = nullptr;
  spawning* last_waiting_ = nullptr;
  std::vector<std::exception_ptr> exceptions_;
};

/// Runs `body` with a group of its own: task_group::run() for those who do not need the group
/// afterwards.
template <GroupBody Body>
std::invoke_result_t<Body&, task_group&> with_group(Body body, task_group_options options = {}) {
  task_group group(options);
  co_return co_await group.run(std::move(body));
}

/// Waits for room and starts the child; see task_group::spawn().
class [[nodiscard]] task_group::spawning final : public runnable, public cancel_hook {
 public:
  spawning(task_group& group, task<>&& child) noexcept : group_(group), child_(std::move(child)) {}

  [[nodiscard]] bool await_ready() noexcept;
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) noexcept {
    place_ = place;
    if (state_ == state::granted) {
      turn_.await_suspend(awaiting, place);
      return true;
    }
    suspend(awaiting, "room in a task group", place);
    scope_ = current_scope::scope_of(awaiting);
    return wait() ? true : carry_on();
  }
  base::error_code await_resume() noexcept;

 private:
  friend class task_group;
  enum class state : std::uint8_t { starting, waiting, granted, cancelled };

  [[nodiscard]] bool wait() noexcept;
  void on_cancelled(const base::error_code& cause) noexcept override;
  void unlink() noexcept;

  task_group& group_;
  task<> child_;
  base::source_place place_;
  cancel_scope* scope_ = nullptr;
  yield turn_;                     // For one who has had his share of spawning.
  state state_ = state::starting;  // Guarded by the group's lock, as is what follows.
  spawning* following_waiting_ = nullptr;
  base::error_code error_;
};

/// What run() awaits.
class task_group::running {
 public:
  running(task_group& group, promise_base& body) noexcept : group_(group), body_(body) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(
      std::coroutine_handle<Promise> parent,
      base::source_place place = base::source_place::current()) noexcept {
    const auto started = body_.start_in(parent, place);
    group_.begin(body_, parent, current_scope::scope_of(parent));
    return started;
  }
  void await_resume() const { group_.rethrow_first(); }

 private:
  task_group& group_;
  promise_base& body_;
};

template <GroupBody Body>
std::invoke_result_t<Body&, task_group&> task_group::run(Body body) {
  auto main = body(*this);
  co_await running(*this, main.promise());
  co_return main.result();
}

inline task_group::spawning task_group::spawn(task<> child) noexcept {
  return {*this, std::move(child)};
}

}  // namespace tacit::sched
