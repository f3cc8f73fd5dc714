#pragma once

#include <functional>
#include <type_traits>
#include <utility>

#include <tacit/http/context.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::http {

/// What answers a request: a plain function, or a coroutine for what has to wait.
struct handler {
  std::function<void(context&)> plain;
  std::function<sched::task<>(context&)> coroutine;

  explicit operator bool() const noexcept { return plain || coroutine; }
};

/// From a callable taking context&: one that returns a task becomes a coroutine handler.
template <class Callable>
handler make_handler(Callable callable) {
  if constexpr (std::is_same_v<std::invoke_result_t<Callable&, context&>, sched::task<>>) {
    return {{}, std::move(callable)};
  } else {
    return {std::move(callable), {}};
  }
}

}  // namespace tacit::http
