#pragma once

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/is_executor.hpp>
#include <type_traits>
#include <utility>

#include <tacit/sched/scheduler.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::io {

class reactor;

namespace detail {

/// An exception that leaves the function ends the program, as it does in an asio::thread_pool:
/// there is nobody to give it to.
template <class Function>
sched::task<> call(Function function) {
  const auto call_it = [&function]() noexcept { std::move(function)(); };
  call_it();
  co_return;
}

}  // namespace detail

/// The scheduler as an executor of Asio: what is given to it runs on any of the workers, as a
/// coroutine of its own, and never inside a reactor. I/O objects made with it wait in one reactor.
///
///     asio::steady_timer timer(asio::make_strand(io::executor::of_this_worker()));
///
/// Two functions may run at the same time. A composed operation is one after the other by itself;
/// who shares an object among several uses a strand, as with any executor of several threads.
///
/// Cost:      a pooled coroutine frame per function.
/// Threads:   any.
/// Lifetime:  the scheduler outlives it and every object made with it. A function that the
///            scheduler has not run when it stops is given up.
class executor {
 public:
  /// `home` is where I/O objects wait: a reactor of the same scheduler.
  executor(sched::scheduler& on, reactor& home) noexcept;

  /// With the reactor of the calling worker. Precondition: as reactor::of_this_worker().
  [[nodiscard]] static executor of_this_worker() noexcept;

  template <class Function>
  void execute(Function&& function) const {
    scheduler_
        ->spawn(detail::call<std::decay_t<Function>>(std::forward<Function>(function)),
                {.name = "function of an executor"})
        .detach();
  }

  [[nodiscard]] boost::asio::io_context& query(boost::asio::execution::context_t) const noexcept {
    return *context_;
  }
  [[nodiscard]] static constexpr boost::asio::execution::blocking_t query(
      boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.never;
  }

  // The executor of the Networking TS, which a strand has to find in it for Beast.
  [[nodiscard]] boost::asio::io_context& context() const noexcept { return *context_; }
  void on_work_started() const noexcept {}
  void on_work_finished() const noexcept {}
  template <class Function, class Allocator>
  void dispatch(Function&& function, const Allocator&) const {
    execute(std::forward<Function>(function));
  }
  template <class Function, class Allocator>
  void post(Function&& function, const Allocator&) const {
    execute(std::forward<Function>(function));
  }
  template <class Function, class Allocator>
  void defer(Function&& function, const Allocator&) const {
    execute(std::forward<Function>(function));
  }

  bool operator==(const executor&) const noexcept = default;

 private:
  sched::scheduler* scheduler_;
  boost::asio::io_context* context_;
};

static_assert(boost::asio::execution::is_executor<executor>::value);
static_assert(boost::asio::is_executor<executor>::value);

}  // namespace tacit::io
