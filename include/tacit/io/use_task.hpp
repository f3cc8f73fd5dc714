#pragma once

#include <boost/asio/async_result.hpp>
#include <coroutine>
#include <optional>
#include <tacit/base/source_place.hpp>
#include <tuple>
#include <utility>

#include <tacit/io/operation_memory.hpp>
#include <tacit/sched/agent.hpp>

namespace tacit::io {

/// The completion token with which a task awaits any Asio operation:
///
///     auto [ec, n] = co_await socket.async_read_some(buffer, io::use_task);
///
/// The operation starts when it is awaited. Its results come as a value (one result) or a tuple;
/// errors are values. The awaiting coroutine resumes on its own worker's queue, never inside the
/// reactor.
///
/// Lifetime:  the I/O object outlives the await.
/// Cancel:    through the I/O object's own cancel() or close(); the operation then completes with
///            asio::error::operation_aborted.
struct use_task_t {};
inline constexpr use_task_t use_task{};

namespace detail {

template <class Initiation, class Arguments, class... Results>
class [[nodiscard]] operation final : public sched::runnable {
 public:
  template <class... Args>
  explicit operation(Initiation&& initiation, Args&&... args)
      : initiation_(std::move(initiation)), arguments_(std::forward<Args>(args)...) {}

  struct handler {
    using allocator_type = operation_allocator<std::byte>;
    operation* self;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
      return allocator_type(self->memory_);
    }
    template <class... Args>
    void operator()(Args&&... args) {
      self->results_.emplace(std::forward<Args>(args)...);
      self->make_ready();
    }
  };

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> awaiting,
                     base::source_place place = base::source_place::current()) {
    suspend(awaiting, "I/O", place);
    // The operation may complete on another thread, and this object be gone, before the initiating
    // function returns: what it still needs must be on this stack.
    auto initiation = std::move(initiation_);
    auto arguments = std::move(arguments_);
    std::apply([&](auto&&... args) { std::move(initiation)(handler{this}, std::move(args)...); },
               std::move(arguments));
  }

  auto await_resume() {
    if constexpr (sizeof...(Results) == 1) {
      return std::get<0>(std::move(*results_));
    } else {
      return std::move(*results_);
    }
  }

 private:
  Initiation initiation_;
  Arguments arguments_;
  std::optional<std::tuple<Results...>> results_;
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
