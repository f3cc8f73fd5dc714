#pragma once

#include <chrono>

#include <tacit/base/atomic.hpp>
#ifndef TACIT_MODEL
#include <tacit/observe/pause.hpp>
#endif

namespace tacit::observe {

/// As std::lock_guard, for locks of the runtime. Whoever finds the lock taken, and waits for long,
/// has that recorded as a pause; who finds it free pays nothing for that.
template <class Mutex>
class watched_lock {
 public:
  explicit watched_lock(Mutex& mutex) noexcept : mutex_(mutex) {
#ifdef TACIT_MODEL  // There time is not what passes, and trying first would only be more to
                    // explore.
    mutex_.lock();
#else
    if (!mutex_.try_lock()) [[unlikely]]
      wait();
#endif
  }
  watched_lock(const watched_lock&) = delete;
  watched_lock& operator=(const watched_lock&) = delete;
  ~watched_lock() {
    mutex_.unlock();
  }

 private:
#ifndef TACIT_MODEL
  [[gnu::noinline]] void wait() noexcept {
    const pause_timer waiting(pause_cause::lock);
    mutex_.lock();
  }
#endif

  Mutex& mutex_;
};

}  // namespace tacit::observe
