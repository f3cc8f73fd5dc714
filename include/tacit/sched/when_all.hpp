#pragma once

#include <array>
#include <cassert>
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

/// Room for a value that a child puts there.
template <class T>
union place {
  place() noexcept {}
  T value;
};
template <>
union place<void> {};

template <class... T>
inline constexpr bool are_plain = (returns<T>::is_plain && ...);

/// Children whose values need no destructor: they return them here, and destroy themselves.
template <class... T>
class all_plain final : public fork_join {
 public:
  explicit all_plain(task<T>&&... children) noexcept
      : fork_join(ended_children::are_destroyed), children_{&children.promise()...} {
    std::apply([&](auto&... each) { (return_to(children, each), ...); }, values_);
    (static_cast<void>(children.release()), ...);
  }
  all_plain(const all_plain&) = delete;
  all_plain& operator=(const all_plain&) = delete;
  ~all_plain() {
    if (has_started()) return;
    for (promise_base* each : children_)
      each->self.coroutine.destroy();  // Was never awaited.
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(
      std::coroutine_handle<Promise> parent,
      base::source_place place = base::source_place::current()) noexcept {
    return start_nested(parent, place, sizeof...(T), children_.data());
  }
  std::tuple<value_or_monostate<T>...> await_resume() {
    rethrow_first();
    return std::apply(
        [](auto&... each) { return std::tuple<value_or_monostate<T>...>{take(each)...}; }, values_);
  }

 private:
  template <class V>
  static void return_to(task<V>& child, place<V>& where) noexcept {
    if constexpr (!std::is_void_v<V>) child.promise().return_to(&where.value);
  }
  template <class V>
  static value_or_monostate<V> take(place<V>& from) {
    if constexpr (std::is_void_v<V>) {
      return {};
    } else {
      return std::move(from.value);
    }
  }

  std::array<promise_base*, sizeof...(T)> children_;
  std::tuple<place<T>...> values_;
};

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
  if constexpr (sizeof...(T) > 0 && detail::are_plain<T...>) {
    return detail::all_plain<T...>(std::move(children)...);
  } else {
    return detail::all_of<T...>(std::move(children)...);
  }
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

/// Up to Capacity children that are forked one by one and awaited together:
///
///     fork_group<long, 10> parts;
///     for (...) parts.fork(sum_of(part));
///     for (long sum : co_await parts) total += sum;
///
/// As when_all(), without its tuple, and with room for a number of children that is only known at
/// run time. More than Capacity is a broken contract.
///
/// Lifetime:  the values live as long as the group, which is awaited once.
template <class T, std::size_t Capacity>
class fork_group final : public detail::fork_join {
  static_assert(detail::returns<T>::is_plain && !std::is_void_v<T>,
                "the values are not destroyed: use when_all for those that have to be");

 public:
  fork_group() noexcept : fork_join(ended_children::are_destroyed) {}
  fork_group(const fork_group&) = delete;
  fork_group& operator=(const fork_group&) = delete;
  ~fork_group() {
    if (has_started()) return;
    for (std::size_t i = 0; i < count_; ++i)
      children_[i]->self.coroutine.destroy();  // Was never awaited.
  }

  void fork(task<T> child) noexcept {
    assert(count_ < Capacity);
    child.promise().return_to(&values_[count_].value);
    children_[count_++] = &child.promise();
    static_cast<void>(child.release());
  }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }

  [[nodiscard]] bool await_ready() const noexcept { return count_ == 0; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(
      std::coroutine_handle<Promise> parent,
      base::source_place place = base::source_place::current()) noexcept {
    return start_nested(parent, place, count_, children_.data());
  }
  /// Rethrows the exception that came first, or gives the values in the order of the forks.
  std::span<T> await_resume() {
    rethrow_first();
    return {&values_[0].value, count_};
  }

 private:
  // NOLINTBEGIN(*-member-init): only what is forked is used.
  std::size_t count_ = 0;
  std::array<promise_base*, Capacity> children_;
  std::array<detail::place<T>, Capacity> values_;
  // NOLINTEND(*-member-init)
};

}  // namespace tacit::sched
