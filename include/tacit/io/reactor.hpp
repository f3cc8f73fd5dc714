#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <tacit/base/atomic.hpp>
#include <tacit/base/error.hpp>
#include <tacit/io/operation_memory.hpp>
#include <tacit/sched/poller.hpp>
#include <tacit/sched/scheduler.hpp>

namespace tacit::io {

/// One worker's Asio context, in which the worker waits.
///
/// I/O objects made on context() complete here; their handlers make coroutines ready, which the
/// worker then runs after the whole batch of completions has been taken. While the worker is inside
/// a long run another one may poll for it: then handlers run on that one's thread.
///
/// Threads: as sched::poller; I/O objects may be made and operations started from any thread.
class reactor final : public sched::poller {
 public:
  reactor();

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }

  /// How many streams live on this reactor, for placing the next one.
  base::atomic<std::uint32_t> streams{0};

  std::size_t poll() override;
  std::size_t wait(std::optional<base::steady_time> deadline) override;
  void interrupt() noexcept override;

  /// The reactor of the calling worker. Precondition: the thread is a worker of a scheduler made
  /// with with_reactors().
  [[nodiscard]] static reactor& of_this_worker() noexcept;

 private:
  // Bounds how long ready coroutines wait for a batch to be taken. Not measured.
  static constexpr std::size_t batch_max = 256;

  // epoll_wait() counts milliseconds and rounds up. A deadline that is nearer than this is waited
  // for with the kernel's timer instead, which costs two system calls more and is exact.
  static constexpr std::chrono::milliseconds near{2};

  using precise_timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>,
                                        boost::asio::io_context::executor_type>;

  std::size_t take_batch();
  std::size_t wait_until(base::steady_time deadline);
  void arm(base::steady_time deadline);

  // Before the context, which gives them back what it still holds when it is destroyed.
  using interrupt_memory = inline_memory<56>;  // A posted function without state takes 40 bytes.
  interrupt_memory interrupt_memory_;
  operation_memory timer_memory_;

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  base::atomic<bool> interrupted_{false};

  // Left armed when something else ends a wait: a later wait takes it over. Used by whoever polls.
  precise_timer timer_;
  base::steady_time armed_for_ = base::steady_time::max();
  bool disarmed_ = false;
};

/// `options` with a reactor for every worker to wait in.
[[nodiscard]] sched::scheduler_options with_reactors(sched::scheduler_options options);

}  // namespace tacit::io
