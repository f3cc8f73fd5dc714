#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <coroutine>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <tacit/base/source_place.hpp>
#include <tacit/io/abortable.hpp>
#include <tacit/io/executor.hpp>
#include <tacit/io/operation_memory.hpp>

namespace tacit::io {

/// The completion token with which a task awaits any Asio operation:
///
///     auto [ec, n] = co_await socket.async_read_some(buffer, io::use_task);
///
/// The operation starts when it is awaited. Its results come as a value (one result) or a tuple;
/// errors are values. The awaiting coroutine resumes on a worker's queue, never inside the reactor.
///
/// Lifetime:  the I/O object outlives the await.
/// Cancel:    by the coroutine's scope, through the operation's cancellation slot. Where the first
///            result is an error_code, asio::error::operation_aborted is then given as the scope's
///            cause; the other results say what was done before that (bytes read, for one). In a
///            scope that is cancelled already such an operation does not start. What completes
///            while it is being cancelled gives its results as if it had not been.
///            An operation that has no slot, or tells no executor, is not ended: what is done about
///            the cancellation comes after it. The executor must run one function at a time, or
///            the operation must not be composed of several: a reactor's does, and a strand. On a
///            bare io::executor operations are not ended; wrap it into a strand.
struct use_task_t {};
inline constexpr use_task_t use_task{};

namespace detail {

template <class T>
concept HasExecutor = requires(const T& object) {
  object.get_executor();
};

template <class T>
concept PointsToExecutor = requires(T object) {
  object->get_executor();
};

struct no_executor {};

/// Where an operation's handlers run: its initiation knows, or the first argument (Beast's pass a
/// pointer to the stream).
inline no_executor executor_among() noexcept {
  return {};
}
template <class First, class... Rest>
auto executor_among(const First& first, const Rest&... rest) noexcept {
  if constexpr (HasExecutor<First>) {
    return first.get_executor();
  } else if constexpr (PointsToExecutor<First>) {
    return first->get_executor();
  } else {
    return executor_among(rest...);
  }
}

template <class Executor>
[[nodiscard]] bool runs_one_at_a_time(const Executor&) noexcept {
  return !std::is_same_v<Executor, executor> && !std::is_same_v<Executor, no_executor>;
}
[[nodiscard]] inline bool runs_one_at_a_time(const boost::asio::any_io_executor& which) noexcept {
  return which.target<executor>() == nullptr;
}

template <class... Results>
inline constexpr bool reports_error = false;
template <class... Rest>
inline constexpr bool reports_error<base::error_code, Rest...> = true;

template <class Initiation, class Arguments, class... Results>
class operation;

template <class Initiation, class... Arguments, class... Results>
class [[nodiscard]] operation<Initiation, std::tuple<Arguments...>, Results...> final
    : public abortable {
 public:
  template <class... Args>
  explicit operation(Initiation&& initiation, Args&&... args)
      : initiation_(std::move(initiation)), arguments_(std::forward<Args>(args)...) {}

  struct handler {
    using allocator_type = operation_allocator<std::byte>;
    using cancellation_slot_type = abort_signal::slot;
    operation* self;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
      return allocator_type(self->memory_);
    }
    [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
      return self->slot();
    }
    template <class... Args>
    void operator()(Args&&... args) {
      self->results_.emplace(std::forward<Args>(args)...);
      self->completed();
    }
  };

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) {
    begin(awaiting, "I/O", place);
    if (!has_scope()) {
      initiate();
      return true;
    }
    if constexpr (reports_error<Results...> && std::is_default_constructible_v<all>) {
      if (is_refused()) {
        results_.emplace();
        std::get<0>(*results_) = cause();
        return carry_on();
      }
    }
    find_executor();
    initiate();
    return initiated();
  }

  auto await_resume() {
    end();
    if constexpr (reports_error<Results...>) {
      if (cause()) std::get<0>(*results_) = explain(std::get<0>(*results_));
    }
    if constexpr (sizeof...(Results) == 1) {
      return std::get<0>(std::move(*results_));
    } else {
      return std::move(*results_);
    }
  }

 private:
  using all = std::tuple<Results...>;
  using executor_type = decltype(executor_among(std::declval<const Initiation&>(),
                                                std::declval<const Arguments&>()...));

  void find_executor() {
    executor_.emplace(std::apply(
        [this](const auto&... args) { return executor_among(initiation_, args...); }, arguments_));
    if (runs_one_at_a_time(*executor_)) listen();
  }

  // Without a scope the operation may complete on another thread, and this object be gone, before
  // the initiating function returns: what it still needs must be on this stack.
  void initiate() {
    auto initiation = std::move(initiation_);
    auto arguments = std::move(arguments_);
    std::apply([&](auto&&... args) { std::move(initiation)(handler{this}, std::move(args)...); },
               std::move(arguments));
  }

  void post_abort() noexcept override {
    if constexpr (!std::is_same_v<executor_type, no_executor>) post_abort_to(*executor_);
  }

  Initiation initiation_;
  std::tuple<Arguments...> arguments_;
  std::optional<executor_type> executor_;
  std::optional<all> results_;
  operation_memory memory_;
};

}  // namespace detail
}  // namespace tacit::io

template <class R, class... Results>
class boost::asio::async_result<tacit::io::use_task_t, R(Results...)> {
 public:
  template <class Initiation, class... Args>
  static auto initiate(Initiation&& initiation, tacit::io::use_task_t, Args&&... args) {
    using arguments = std::tuple<std::decay_t<Args>...>;
    return tacit::io::detail::operation<std::decay_t<Initiation>, arguments,
                                        std::decay_t<Results>...>(
        std::decay_t<Initiation>(std::forward<Initiation>(initiation)),
        std::forward<Args>(args)...);
  }
};
