#include <tacit/io/reactor.hpp>

#include <boost/asio/post.hpp>
#include <cassert>

#include <tacit/sched/this_worker.hpp>

namespace tacit::io {

namespace asio = boost::asio;

reactor::reactor() : work_(asio::make_work_guard(context_)) {}

std::size_t reactor::take_batch() {
  std::size_t taken = 0;
  while (taken < batch_max && context_.poll_one() != 0)
    ++taken;
  return taken;
}

std::size_t reactor::poll() {
  return take_batch();
}

std::size_t reactor::wait(std::optional<base::steady_time> deadline) {
  const std::size_t first = deadline ? context_.run_one_until(*deadline) : context_.run_one();
  return first + take_batch();
}

// A posted handler ends the wait that is under way, or the next one at once. One is enough, so its
// memory is kept here and waking allocates nothing.
void reactor::interrupt() noexcept {
  if (interrupted_.exchange(true, base::memory_order_acq_rel)) return;
  struct wake {
    using allocator_type = operation_allocator<std::byte>;
    reactor* self;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
      return allocator_type(self->interrupt_memory_);
    }
    void operator()() const noexcept {
      self->interrupted_.store(false, base::memory_order_release);
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
