#include <tacit/io/executor.hpp>

#include <cassert>

#include <tacit/io/reactor.hpp>

#include "sched/worker.hpp"

namespace tacit::io {

executor::executor(sched::scheduler& on, reactor& home) noexcept
    : scheduler_(&on), context_(&home.context()) {}

executor executor::of_this_worker() noexcept {
  sched::worker* const here = sched::worker::current();
  assert(here && "called on a thread that is no worker");
  return {here->owner(), reactor::of_this_worker()};
}

}  // namespace tacit::io
