#pragma once

#include <array>
#include <cassert>
#include <coroutine>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>
#include <variant>

#include <tacit/base/source_place.hpp>
#include <tacit/sched/fork_join.hpp>
#include <tacit/sched/task.hpp>
#include <tacit/sched/when_all.hpp>

namespace tacit::sched {

/// Which of several tasks ended first, and what it gave.
template <class Value>
struct first_ended {
  std::size_t index;
  Value value;
};

namespace detail {

/// Runs children in parallel, cancels the others when one has ended, and resumes the parent when
/// all have.
class race : public fork_join {
 public:
  std::coroutine_handle<> on_ended(promise_base& ended) noexcept final;

 protected:
  ~race() = default;

  /// Once all have ended. Never null.
  [[nodiscard]] const promise_base* winner() const noexcept {
    return winner_.load(base::memory_order_acquire);
  }

 private:
  base::atomic<promise_base*> winner_{nullptr};
};

template <class... T>
class any_of final : public race {
  static_assert(sizeof...(T) > 0, "of nothing nothing ends first");

 public:
  using outcome = first_ended<std::variant<value_or_monostate<T>...>>;

  explicit any_of(task<T>&&... children) noexcept : children_(std::move(children)...) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(
      std::coroutine_handle<Promise> parent,
      base::source_place place = base::source_place::current()) noexcept {
    const auto promises = std::apply(
        [](auto&... each) { return std::array<promise_base*, sizeof...(T)>{&each.promise()...}; },
        children_);
    return start(parent, place, sizeof...(T),
                 [&](std::size_t i) -> promise_base& { return *promises[i]; });
  }
  outcome await_resume() { return take<0>(); }

 private:
  template <std::size_t I>
  outcome take() {
    auto& child = std::get<I>(children_);
    if constexpr (I + 1 < sizeof...(T)) {
      if (&child.promise() != winner()) return take<I + 1>();
    }
    return {I, typename any_of::values(std::in_place_index<I>, take_value(child))};
  }
  using values = std::variant<value_or_monostate<T>...>;

  std::tuple<task<T>...> children_;
};

template <class T>
class any_in_span final : public race {
 public:
  explicit any_in_span(std::span<task<T>> children) noexcept : children_(children) {
    assert(!children.empty() && "of nothing nothing ends first");
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(
      std::coroutine_handle<Promise> parent,
      base::source_place place = base::source_place::current()) noexcept {
    return start(parent, place, children_.size(),
                 [this](std::size_t i) -> promise_base& { return children_[i].promise(); });
  }
  first_ended<value_or_monostate<T>> await_resume() {
    std::size_t index = 0;
    while (&children_[index].promise() != winner())
      ++index;
    return {index, take_value(children_[index])};
  }

 private:
  std::span<task<T>> children_;
};

}  // namespace detail

/// Runs tasks in parallel until one has ended, by a value or by an exception:
/// `auto [index, value] = co_await when_any(f(), g());`, where `value` is a std::variant.
///
/// The scope in which the others run is then cancelled (errc::cancelled), and they are awaited:
/// when this returns, all have ended. What they gave, value or exception, is dropped. A task in
/// which a cancelled wait must not lose something (a message, a connection) keeps it elsewhere than
/// in its value. A task that had not started yet starts nevertheless, in the cancelled scope.
///
/// Errors:    an exception of the one that ended first is rethrown.
/// Cancel:    the children's scope is inside the awaiter's.
template <class... T>
[[nodiscard]] auto when_any(task<T>... children) noexcept {
  return detail::any_of<T...>(std::move(children)...);
}

/// As above for any number of tasks of one type, at least one; `value` is a T (std::monostate for a
/// task<void>). The tasks must outlive the await, and none may be empty.
template <class T>
[[nodiscard]] auto when_any(std::span<task<T>> children) noexcept {
  return detail::any_in_span<T>(children);
}

}  // namespace tacit::sched
