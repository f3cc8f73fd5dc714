#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <tuple>
#include <utility>

#include <tacit/io/executor.hpp>
#include <tacit/io/use_task.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::io {

namespace detail {

/// `thrown`, unless it is what an Asio operation says that was cancelled: then the cause instead.
[[nodiscard]] std::exception_ptr explain(std::exception_ptr thrown,
                                         const base::error_code& cause) noexcept;

}  // namespace detail

/// Runs an awaitable of Asio on `where`: `co_await as_task(std::move(awaitable), where)` gives its
/// value or rethrows what left it.
///
/// Cancel:    passed on: the awaitable's present operation, or its next one, is cancelled. Where
///            that leaves it as a system_error of operation_aborted, the system_error that comes
///            here has the scope's cause. `where` must run one function at a time.
/// Values:    default-constructible, which is asio::co_spawn's demand.
template <class T, class Executor, class Where>
sched::task<T> as_task(boost::asio::awaitable<T, Executor> work, Where where) {
  sched::cancel_scope* const scope = co_await sched::current_scope();
  std::exception_ptr thrown;
  if constexpr (std::is_void_v<T>) {
    thrown = co_await boost::asio::co_spawn(where, std::move(work), use_task);
    if (!thrown) co_return;
  } else {
    auto results = co_await boost::asio::co_spawn(where, std::move(work), use_task);
    thrown = std::move(std::get<0>(results));
    if (!thrown) co_return std::get<1>(std::move(results));
  }
  if (scope) thrown = detail::explain(std::move(thrown), scope->cause());
  std::rethrow_exception(std::move(thrown));
}

/// As above, on the workers, one step at a time and none inside a reactor; what it waits for waits
/// in the calling worker's reactor.
template <class T, class Executor>
sched::task<T> as_task(boost::asio::awaitable<T, Executor> work) {
  return as_task(std::move(work), boost::asio::make_strand(executor::of_this_worker()));
}

}  // namespace tacit::io
