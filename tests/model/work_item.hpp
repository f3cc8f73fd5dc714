#pragma once

#include <tacit/sched/agent.hpp>

#include "model/explore.hpp"
#include "model/plain.hpp"

namespace tacit::model {

/// A ready coroutine without a coroutine: what the queues of the scheduler are tested with.
///
/// Whoever takes it off a queue run()s it. That fails unless what was done before it was queued is
/// visible, and unless it is run once.
class work_item : public sched::runnable {
 public:
  /// To be called before it is queued.
  void prepare() { runs_.write(0); }

  void run() {
    require(runs_.read() == 0, "an item is run twice");
    runs_.write(1);
  }
  [[nodiscard]] bool has_run() const { return runs_.read() == 1; }

 private:
  plain<int> runs_{1};
};

/// Runs `taken`, if it is one.
inline bool run_item(sched::runnable* taken) {
  if (taken) static_cast<work_item*>(taken)->run();
  return taken != nullptr;
}

}  // namespace tacit::model
