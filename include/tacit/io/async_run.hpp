#pragma once

#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include <tacit/io/executor.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::io {

namespace detail {

template <class T>
struct run_signature {
  using type = void(std::exception_ptr, T);
};
template <>
struct run_signature<void> {
  using type = void(std::exception_ptr);
};

/// What the task runs under. Shared with the slot of who awaits it, because that is emptied when
/// its owner likes.
struct run_scope final : sched::cancel_scope {};

struct cancel_on_emission {
  explicit cancel_on_emission(std::shared_ptr<run_scope> cancelled) noexcept
      : scope(std::move(cancelled)) {}
  void operator()(boost::asio::cancellation_type_t) const noexcept { scope->cancel(); }
  std::shared_ptr<run_scope> scope;
};

/// Where it wants to be called, or here, on a worker, if it does not say.
template <class Handler, class... Results>
void report(Handler handler, Results... results) noexcept {
  if constexpr (std::is_same_v<boost::asio::associated_executor_t<Handler, executor>, executor>) {
    std::move(handler)(std::move(results)...);
  } else {
    boost::asio::post(boost::asio::append(std::move(handler), std::move(results)...));
  }
}

template <class T, class Handler, class Guard>
sched::task<> run_and_report(sched::task<T> work, std::shared_ptr<run_scope> scope, Handler handler,
                             [[maybe_unused]] Guard guard) {
  std::exception_ptr thrown;
  if constexpr (std::is_void_v<T>) {
    try {
      co_await scope->run(std::move(work));
    } catch (...) {
      thrown = std::current_exception();
    }
    report(std::move(handler), std::move(thrown));
  } else {
    T value{};
    try {
      value = co_await scope->run(std::move(work));
    } catch (...) {
      thrown = std::current_exception();
    }
    report(std::move(handler), std::move(thrown), std::move(value));
  }
}

/// Keeps the place where the handler is to be called from running out of work meanwhile.
template <class Handler>
auto guard(const Handler& handler) {
  if constexpr (std::is_same_v<boost::asio::associated_executor_t<Handler, executor>, executor>) {
    return std::monostate{};
  } else {
    return boost::asio::make_work_guard(boost::asio::get_associated_executor(handler));
  }
}

template <class T>
struct initiate_run {
  sched::scheduler* on;

  template <class Handler>
  void operator()(Handler&& handler, sched::task<T>&& work) const {
    auto scope = std::make_shared<run_scope>();
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) slot.template emplace<cancel_on_emission>(scope);
    auto working = guard(handler);
    on->spawn(run_and_report(std::move(work), std::move(scope),
                             std::decay_t<Handler>(std::forward<Handler>(handler)),
                             std::move(working)))
        .detach();
  }
};

}  // namespace detail

/// Runs a task on the scheduler as an asynchronous operation of Asio, for code that is written with
/// Asio: `int n = co_await io::async_run(scheduler, count(), asio::use_awaitable);`.
///
/// Completes as asio::co_spawn does: void(std::exception_ptr, T), or void(std::exception_ptr) for a
/// task<void>. The handler runs on its associated executor, or on a worker if it has none.
///
/// Cancel:    the handler's cancellation slot cancels the task's scope (errc::cancelled).
/// Values:    default-constructible: that is what comes with an exception.
/// Lifetime:  a task that has not ended when the scheduler stops is given up, and the handler never
///            called.
template <class T, class Token>
auto async_run(sched::scheduler& on, sched::task<T> work, Token&& token) {
  return boost::asio::async_initiate<Token, typename detail::run_signature<T>::type>(
      detail::initiate_run<T>{&on}, token, std::move(work));
}

}  // namespace tacit::io
