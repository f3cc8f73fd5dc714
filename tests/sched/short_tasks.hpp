#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <tacit/base/error.hpp>
#include <tacit/sched/task.hpp>

#include "sched/event.hpp"

namespace tacit::sched {

// Tasks to await, by what becomes of them.

inline task<int> number(int value) {
  co_return value;
}

template <class T = void>
task<T> throws(std::string what) {
  throw std::runtime_error(what);
  if constexpr (std::is_void_v<T>) {
    co_return;
  } else {
    co_return T{};
  }
}

/// Ends when it is cancelled, and not before.
template <class T = void>
task<T> cancelled(std::atomic<int>* ended) {
  event never;
  EXPECT_EQ(co_await never, base::errc::cancelled);
  ++*ended;
  if constexpr (!std::is_void_v<T>) co_return T{};
}

inline task<base::error_code> wait_for(event* awaited) {
  co_return co_await *awaited;
}

}  // namespace tacit::sched
