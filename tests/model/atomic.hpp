#pragma once

#include <array>
#include <atomic>
#include <cstring>
#include <sstream>
#include <string>
#include <type_traits>

#include "model/location.hpp"

namespace tacit::model {

/// The name of a memory order in a trace.
[[nodiscard]] const char* name_of(std::memory_order order);

template <class T>
std::string show([[maybe_unused]] execution& run, const T& value) {
  std::ostringstream text;
  if constexpr (std::is_enum_v<T>) {
    text << +static_cast<std::underlying_type_t<T>>(value);
  } else if constexpr (std::is_integral_v<T>) {
    // Packed words are read by their halves.
    sizeof(T) == 8 ? text << "0x" << std::hex << value : text << +value;
  } else if constexpr (std::is_pointer_v<T>) {
    value ? text << "object " << run.number_of(value) : text << "null";
  } else {
    text << "...";
  }
  return text.str();
}

/// std::atomic<T>, each access of which is a scheduling point, and whose loads may be stale where
/// the memory orders allow that.
///
/// Outside a run it is a plain variable. It may live longer than a run.
template <class T>
class atomic {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  atomic() noexcept : atomic(T()) {}
  atomic(T initial) noexcept { values_[0] = initial; }
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  [[nodiscard]] bool is_lock_free() const noexcept { return true; }

  T load(std::memory_order order = std::memory_order_seq_cst,
         place where = place::here()) const noexcept {
    execution* run = execution::current();
    if (!run) return newest();
    enter(*run);
    return load_now(*run, order, where);
  }
  operator T() const noexcept { return load(); }

  void store(T value, std::memory_order order = std::memory_order_seq_cst,
             place where = place::here()) noexcept {
    execution* run = execution::current();
    if (!run) {
      newest() = value;
      return;
    }
    enter(*run);
    location_.write(*run, order);
    newest() = value;
    if (run->is_traced()) note(*run, "store", order, "<- " + show(*run, value), where);
  }
  T operator=(T value) noexcept {
    store(value);
    return value;
  }

  T exchange(T value, std::memory_order order = std::memory_order_seq_cst,
             place where = place::here()) noexcept {
    return update("exchange", order, where, [value](T) { return value; });
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, place where = place::here()) noexcept {
    return compare_exchange(expected, desired, success, failure, false, where);
  }
  bool compare_exchange_strong(T& expected, T desired,
                               std::memory_order order = std::memory_order_seq_cst,
                               place where = place::here()) noexcept {
    return compare_exchange(expected, desired, order, on_failure(order), false, where);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure, place where = place::here()) noexcept {
    return compare_exchange(expected, desired, success, failure, true, where);
  }
  bool compare_exchange_weak(T& expected, T desired,
                             std::memory_order order = std::memory_order_seq_cst,
                             place where = place::here()) noexcept {
    return compare_exchange(expected, desired, order, on_failure(order), true, where);
  }

  template <class Step>
  T fetch_add(Step by, std::memory_order order = std::memory_order_seq_cst,
              place where = place::here()) noexcept {
    return update("add", order, where, [by](T old) { return static_cast<T>(old + by); });
  }
  template <class Step>
  T fetch_sub(Step by, std::memory_order order = std::memory_order_seq_cst,
              place where = place::here()) noexcept {
    return update("subtract", order, where, [by](T old) { return static_cast<T>(old - by); });
  }
  T fetch_and(T with, std::memory_order order = std::memory_order_seq_cst,
              place where = place::here()) noexcept {
    return update("and", order, where, [with](T old) { return static_cast<T>(old & with); });
  }
  T fetch_or(T with, std::memory_order order = std::memory_order_seq_cst,
             place where = place::here()) noexcept {
    return update("or", order, where, [with](T old) { return static_cast<T>(old | with); });
  }
  T fetch_xor(T with, std::memory_order order = std::memory_order_seq_cst,
              place where = place::here()) noexcept {
    return update("xor", order, where, [with](T old) { return static_cast<T>(old ^ with); });
  }
  T operator++() noexcept { return static_cast<T>(fetch_add(1) + 1); }
  T operator--() noexcept { return static_cast<T>(fetch_sub(1) - 1); }
  T operator++(int) noexcept { return fetch_add(1); }
  T operator--(int) noexcept { return fetch_sub(1); }
  template <class Step>
  T operator+=(Step by) noexcept {
    return static_cast<T>(fetch_add(by) + by);
  }
  template <class Step>
  T operator-=(Step by) noexcept {
    return static_cast<T>(fetch_sub(by) - by);
  }

  /// A notification must come from another thread than a wait outside a run: that one would not
  /// end.
  void wait(T old, std::memory_order order = std::memory_order_seq_cst,
            place where = place::here()) const noexcept {
    while (same(load(order, where), old)) {
      // A stale value does not make anybody sleep: the kernel looks at the memory.
      if (execution* run = execution::current(); run && same(newest(), old)) {
        run->block(this, "a change of an atomic");
      }
    }
  }
  void notify_one() noexcept {
    if (execution* run = execution::current()) {
      enter(*run);
      run->wake_one(this);
    }
  }
  void notify_all() noexcept {
    if (execution* run = execution::current()) {
      enter(*run);
      run->wake_all(this);
    }
  }

 private:
  static bool same(const T& a, const T& b) noexcept { return std::memcmp(&a, &b, sizeof(T)) == 0; }
  static std::memory_order on_failure(std::memory_order order) noexcept {
    if (order == std::memory_order_acq_rel) return std::memory_order_acquire;
    if (order == std::memory_order_release) return std::memory_order_relaxed;
    return order;
  }

  void enter(execution& run) const {
    run.point();
    location_.enter(run);
  }
  T& value(std::uint32_t store) const noexcept { return values_[store % location::history_max]; }
  T& newest() const noexcept { return value(location_.newest()); }

  T load_now(execution& run, std::memory_order order, place where) const {
    const std::uint32_t newest = location_.newest();
    const std::uint32_t oldest = location_.oldest_visible(run, order);
    const std::uint32_t back = run.choose(choice_kind::stale, newest - oldest + 1);
    location_.read(run, newest - back, order);
    const T seen = value(newest - back);
    if (run.is_traced()) {
      note(run, "load", order, "-> " + show(run, seen) + (back ? ", stale" : ""), where);
    }
    return seen;
  }

  template <class Change>
  T update(const char* what, std::memory_order order, place where, Change change) noexcept {
    execution* run = execution::current();
    const T old = newest();
    if (!run) {
      newest() = change(old);
      return old;
    }
    enter(*run);
    return update_now(*run, what, order, where, change);
  }

  template <class Change>
  T update_now(execution& run, const char* what, std::memory_order order, place where,
               Change change) {
    const T old = newest();
    location_.update(run, order);
    newest() = change(old);
    if (run.is_traced())
      note(run, what, order, show(run, old) + " => " + show(run, newest()), where);
    return old;
  }

  bool compare_exchange(T& expected, T desired, std::memory_order success,
                        std::memory_order failure, bool weak, place where) noexcept {
    execution* run = execution::current();
    if (!run) {
      const bool equal = same(newest(), expected);
      (equal ? newest() : expected) = equal ? desired : newest();
      return equal;
    }
    enter(*run);
    const bool equal = same(newest(), expected);
    const std::uint32_t seen = choose_comparison(*run, expected, failure, equal && weak);
    if (equal && seen == taken) {
      update_now(*run, "swap", success, where, [desired](T) { return desired; });
      return true;
    }
    location_.read(*run, seen, failure);
    if (run->is_traced()) {
      const bool spurious = same(value(seen), expected);
      note(
          *run, "no swap", failure,
          show(*run, value(seen)) + (spurious ? ", spuriously" : " is not " + show(*run, expected)),
          where);
    }
    expected = value(seen);
    return false;
  }

  // The newest store is compared; but a failure may also have seen an older one that differs, and a
  // weak one needs no reason.
  std::uint32_t choose_comparison(execution& run, const T& expected, std::memory_order order,
                                  bool may_fail) const {
    const std::uint32_t newest = location_.newest();
    std::array<std::uint32_t, location::history_max + 1> options;
    std::uint32_t count = 0;
    options[count++] = same(value(newest), expected) ? taken : newest;
    if (may_fail) options[count++] = newest;
    for (std::uint32_t store = newest; store-- > location_.oldest_visible(run, order);) {
      if (!same(value(store), expected)) options[count++] = store;
    }
    return options[run.choose(choice_kind::stale, count)];
  }

  void note(execution& run, const char* what, std::memory_order order, const std::string& result,
            place where) const {
    run.note(std::string(what) + ' ' + name_of(order) + ' ' + result, where);
  }

  static constexpr std::uint32_t taken = UINT32_MAX;

  mutable location location_;
  mutable std::array<T, location::history_max> values_{};
};

/// std::atomic_thread_fence(std::memory_order_seq_cst).
void fence_seq_cst(place where = place::here()) noexcept;

}  // namespace tacit::model
