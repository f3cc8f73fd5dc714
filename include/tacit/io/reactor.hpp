#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
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

class socket_set;

/// One worker's Asio context, in which the worker waits, and the sockets of its streams.
///
/// I/O objects made on context() complete here; their handlers make coroutines ready, which the
/// worker then runs after the whole batch of completions has been taken. While the worker is inside
/// a long run another one may poll for it: then handlers run on that one's thread.
///
/// The streams' sockets are in an epoll set of their own, which is one descriptor to the context.
/// A busy worker looks there first. When nothing is there it waits in the context, which tells of
/// the set as of anything else; while there always is something, the context is looked at every
/// few times.
///
/// Threads: as sched::poller; I/O objects may be made and operations started from any thread.
class reactor final : public sched::poller {
 public:
  /// Throws system_error.
  reactor();
  ~reactor() override;

  [[nodiscard]] boost::asio::io_context& context() noexcept { return context_; }

  /// For streams.
  [[nodiscard]] socket_set& sockets() noexcept { return *sockets_; }

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

  // How often in a row a wait may end without a look at the context. Not measured.
  static constexpr int waits_in_a_row_max = 4;

  using set_descriptor =
      boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  std::size_t take_batch();
  void listen_to_sockets();
  std::size_t wait_until(base::steady_time deadline);
  void arm(base::steady_time deadline);

  // Before the context, which gives them back what it still holds when it is destroyed.
  using interrupt_memory = inline_memory<56>;  // A posted function without state takes 40 bytes.
  interrupt_memory interrupt_memory_;
  operation_memory timer_memory_;
  operation_memory sockets_memory_;

  // Before the context, too: what it still holds may be the memory of streams.
  const std::unique_ptr<socket_set> sockets_;

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  base::atomic<bool> interrupted_{false};

  // Left armed when something else ends a wait: a later wait takes it over. Used by whoever polls.
  precise_timer timer_;
  base::steady_time armed_for_ = base::steady_time::max();
  bool disarmed_ = false;

  // Used by whoever polls.
  set_descriptor sockets_descriptor_;
  bool listens_to_sockets_ = false;
  bool looks_first_ = true;
  int waits_in_a_row_ = 0;
};

/// `options` with a reactor for every worker to wait in.
[[nodiscard]] sched::scheduler_options with_reactors(sched::scheduler_options options);

}  // namespace tacit::io
