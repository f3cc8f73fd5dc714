#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <span>
#include <tacit/base/source_place.hpp>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <tacit/sched/fork_join.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::sched {
namespace detail {

template <class T>
using value_or_monostate = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
value_or_monostate<T> take_value(task<T>& ended) {
  if constexpr (std::is_void_v<T>) {
    ended.result();
    return {};
  } else {
    return ended.result();
  }
}

template <class... T>
class all_of final : public fork_join {
 public:
  explicit all_of(task<T>&&... children) noexcept : children_(std::move(children)...) {}

  [[nodiscard]] bool await_ready() const noexcept { return sizeof...(T) == 0; }
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
  std::tuple<value_or_monostate<T>...> await_resume() {
    rethrow_first();
    // Braces: taken from left to right.
    return std::apply(
        [](auto&... each) { return std::tuple<value_or_monostate<T>...>{take_value(each)...}; },
        children_);
  }

 private:
  std::tuple<task<T>...> children_;
};

template <class T>
class all_in_span : public fork_join {
 public:
  explicit all_in_span(std::span<task<T>> children) noexcept : children_(children) {}

  [[nodiscard]] bool await_ready() const noexcept { return children_.empty(); }
  template <class Promise>
  std::coroutine_handle<> await_suspend(
      std::coroutine_handle<Promise> parent,
      base::source_place place = base::source_place::current()) noexcept {
    return start(parent, place, children_.size(),
                 [this](std::size_t i) -> promise_base& { return children_[i].promise(); });
  }
  void await_resume() const { rethrow_first(); }

 private:
  std::span<task<T>> children_;
};

template <class T>
class all_in_vector final : public all_in_span<T> {
 public:
  explicit all_in_vector(std::vector<task<T>>&& children) noexcept
      : all_in_span<T>(children), owned_(std::move(children)) {}
  auto await_resume() {
    all_in_span<T>::await_resume();
    if constexpr (!std::is_void_v<T>) {
      std::vector<T> values;
      values.reserve(owned_.size());
      for (auto& each : owned_)
        values.push_back(each.result());
      return values;
    }
  }

 private:
  std::vector<task<T>> owned_;
};

}  // namespace detail

/// Runs tasks in parallel and gives all their values: `auto [a, b] = co_await when_all(f(), g());`.
/// For a task<void> there is a std::monostate.
///
/// The first runs at once on this worker; the others run after it, or before that on workers that
/// have nothing else to do. When one throws, the scope in which the others run is cancelled
/// (errc::cancelled), all are awaited, and the exception that came first is rethrown.
///
/// Cost:      no allocation but the frames of the tasks, and no atomic per child as long as nobody
///            steals. Suits recursion with millions of small tasks.
/// Cancel:    the children's scope is inside the awaiter's.
template <class... T>
[[nodiscard]] auto when_all(task<T>... children) noexcept {
  return detail::all_of<T...>(std::move(children)...);
}

/// As above for any number of tasks of one type. Their values stay in them: task::result().
/// The tasks must outlive the await, and none may be empty.
template <class T, std::size_t Extent>
[[nodiscard]] auto when_all(std::span<task<T>, Extent> children) noexcept {
  return detail::all_in_span<T>(children);
}

/// As above; gives a vector of the values (nothing for task<void>).
template <class T>
[[nodiscard]] auto when_all(std::vector<task<T>> children) noexcept {
  return detail::all_in_vector<T>(std::move(children));
}

}  // namespace tacit::sched
