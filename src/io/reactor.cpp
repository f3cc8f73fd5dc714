#include <tacit/io/reactor.hpp>

#include <boost/asio/post.hpp>
#include <cassert>

#include <tacit/sched/this_worker.hpp>

#include "io/socket_set.hpp"

namespace tacit::io {

namespace asio = boost::asio;

reactor::reactor()
    : sockets_(std::make_unique<socket_set>()),
      work_(asio::make_work_guard(context_)),
      timer_(context_),
      sockets_descriptor_(context_, sockets_->descriptor()) {}

// The set closes it.
reactor::~reactor() {
  sockets_descriptor_.release();
}

std::size_t reactor::take_batch() {
  std::size_t taken = 0;
  while (taken < batch_max && context_.poll_one() != 0)
    ++taken;
  return taken;
}

std::size_t reactor::poll() {
  waits_in_a_row_ = 0;
  const std::size_t taken = sockets_->take();
  return taken + take_batch();
}

// Who found nothing at the last look, and one socket after the wait, is not busy: a look in advance
// would be a system call for nothing.
std::size_t reactor::wait(std::optional<base::steady_time> deadline) {
  if (looks_first_) {
    if (const std::size_t taken = sockets_->take()) {
      if (++waits_in_a_row_ < waits_in_a_row_max) return taken;
      waits_in_a_row_ = 0;
      return taken + take_batch();
    }
  }
  waits_in_a_row_ = 0;
  if (!listens_to_sockets_) listen_to_sockets();
  const std::size_t first = deadline ? wait_until(*deadline) : context_.run_one();
  // If it were the sockets that ended the wait, the context is looked at in the next one.
  const std::size_t others = listens_to_sockets_ ? take_batch() : 0;
  const std::size_t taken = sockets_->take();
  looks_first_ = taken > 1;
  return first + others + taken;
}

// Until there is something in the set.
void reactor::listen_to_sockets() {
  struct readable {
    using allocator_type = operation_allocator<std::byte>;
    reactor* self;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
      return allocator_type(self->sockets_memory_);
    }
    void operator()(base::error_code) const noexcept { self->listens_to_sockets_ = false; }
  };
  listens_to_sockets_ = true;
  sockets_descriptor_.async_wait(set_descriptor::wait_read, readable{this});
}

// A far deadline costs nothing as long as something else ends the wait, which is the rule for
// deadlines of connections: the kernel's timer is set for the last stretch only.
std::size_t reactor::wait_until(base::steady_time deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  if (left <= left.zero()) return 0;
  if (left > near) {
    // Rounded up by less than `near`.
    if (const std::size_t taken = context_.run_one_until(deadline - near)) return taken;
  }
  if (deadline < armed_for_) arm(deadline);
  for (;;) {
    disarmed_ = false;
    const std::size_t taken = context_.run_one();
    if (!disarmed_) return taken;  // Otherwise it was only the timer as it was set before.
  }
}

void reactor::arm(base::steady_time deadline) {
  struct fired {
    using allocator_type = operation_allocator<std::byte>;
    reactor* self;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
      return allocator_type(self->timer_memory_);
    }
    void operator()(base::error_code ec) const noexcept {
      if (ec) {
        self->disarmed_ = true;
      } else {
        self->armed_for_ = base::steady_time::max();
      }
    }
  };
  armed_for_ = deadline;
  timer_.expires_at(deadline);
  timer_.async_wait(fired{this});
}

// A posted handler ends the wait that is under way, or the next one at once. One is enough, so its
// memory is kept here and waking allocates nothing.
void reactor::interrupt() noexcept {
  // acq_rel, here and below: who finds it set already leaves what it published to the handler that
  // is on its way, which takes it over by its own exchange. A plain store there could pass by.
  if (interrupted_.exchange(true, base::memory_order_acq_rel)) return;
  struct wake {
    using allocator_type = operation_allocator<std::byte, interrupt_memory>;
    reactor* self;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
      return allocator_type(self->interrupt_memory_);
    }
    void operator()() const noexcept {
      self->interrupted_.exchange(false, base::memory_order_acq_rel);
    }
  };
  asio::post(context_, wake{this});
}

reactor& reactor::of_this_worker() noexcept {
  auto* found = dynamic_cast<reactor*>(sched::this_worker::current_poller());
  assert(found && "the scheduler was made without with_reactors()");
  return *found;
}

sched::scheduler_options with_reactors(sched::scheduler_options options) {
  options.make_poller = [](std::uint32_t) { return std::make_unique<reactor>(); };
  return options;
}

}  // namespace tacit::io
