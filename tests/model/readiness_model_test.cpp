#include "io/readiness.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <utility>

#include "model/explore.hpp"
#include "model/plain.hpp"

namespace tacit::io {
namespace {

using model::require;
using model::search;

constexpr search all{.preemptions = 3, .stale_reads = 2};

/// A socket as the kernel has it: what has come and was not taken, and an edge that is told once.
class kernel {
 public:
  void arrive() {
    const std::lock_guard lock(mutex_);
    ++bytes_;
    edge_ = true;
    changed_.notify_one();
  }
  int receive() {
    const std::lock_guard lock(mutex_);
    return std::exchange(bytes_, 0);
  }
  /// False once nothing more is to be told.
  bool next_edge() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return edge_ || over_; });
    return std::exchange(edge_, false);
  }
  void close() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    changed_.notify_one();
  }

 private:
  base::mutex mutex_;
  base::condition_variable changed_;
  int bytes_ = 0;  // Guarded by mutex_, as are the next two.
  bool edge_ = false;
  bool over_ = false;
};

/// An owner that reads two bytes, the peer that sends them, and who polls. `Tries` says whether the
/// owner tries before it waits when it was told meanwhile, as it has to.
template <bool Tries>
void read_two_bytes() {
  kernel socket;
  readiness reading;
  base::mutex mutex;
  base::condition_variable resumed;
  bool has_ended = false;   // Guarded by mutex.
  model::plain<int> given;  // Of the operation that waits.

  const auto peer = [&] {
    socket.arrive();
    socket.arrive();
  };
  const auto owner = [&] {
    for (int got = 0; got < 2;) {
      if (reading.take()) {
        if (const int n = socket.receive()) {
          got += n;
          continue;
        }
      }
      given.write(0);
      bool waits = true;
      while (!reading.await()) {
        static_cast<void>(reading.take());
        if (!Tries) continue;
        const int n = socket.receive();
        got += n;
        waits = n == 0;
        if (!waits) break;
      }
      if (!waits) continue;
      std::unique_lock lock(mutex);
      resumed.wait(lock, [&] { return has_ended; });
      has_ended = false;
      got += given.read();
    }
    socket.close();
  };
  const auto poller = [&] {
    while (socket.next_edge()) {
      if (!reading.tell()) continue;
      const int n = socket.receive();
      if (n == 0) {
        reading.await_again();
        continue;
      }
      given.write(n);
      const std::lock_guard lock(mutex);
      has_ended = true;
      resumed.notify_one();
    }
  };
  model::together(owner, peer, poller);
}

TEST(readiness_model, an_owner_is_told_of_whatever_comes) {
  model::expect_holds(all, read_two_bytes<true>);
}

TEST(readiness_canary, finds_an_owner_that_was_told_and_does_not_try) {
  model::expect_found(all, "deadlock", read_two_bytes<false>);
}

}  // namespace
}  // namespace tacit::io
