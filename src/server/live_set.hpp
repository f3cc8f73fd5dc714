#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <tacit/base/atomic.hpp>
#include <tacit/memory/mode.hpp>

namespace tacit::server {

/// What the churn workload keeps between its requests: a bounded set of sessions of which the least
/// recently used one goes, as a service's cache of logged-in users. bench/contenders/README.md says
/// what it holds; every server that is compared holds the same.
///
/// memory::mode::heap takes each part of a session from the general allocator; mode::arena takes
/// them from slabs of the set's own, so that a set that is full allocates nothing any more.
///
/// It is cut into shards by session, each with a lock of its own that is held for one replacement
/// (below a microsecond, without a suspension). Not one set per worker: in thread mode there would
/// be as many as there are connections, and a session would live wherever its client comes in.
///
/// Threads:  any.
class live_set {
 public:
  static constexpr std::uint64_t sessions_per_mb = 2048;
  static constexpr std::uint64_t mb_max = 1 << 20;

  /// A full set of `megabytes` times sessions_per_mb sessions; 0: none, which costs nothing.
  live_set(std::uint64_t megabytes, memory::mode mode);
  ~live_set();
  live_set(const live_set&) = delete;
  live_set& operator=(const live_set&) = delete;

  /// Replaces one session, which the number of this call decides, and makes it the newest. One that
  /// is not there takes the place of the oldest.
  void touch();

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::uint64_t sessions_max() const noexcept { return sessions_; }

  /// How often touch() has found its session, and how often the oldest had to go.
  [[nodiscard]] std::uint64_t replaced() const;
  [[nodiscard]] std::uint64_t evicted() const;

  /// How often the session has been touched since it came in; 0: it is not there.
  [[nodiscard]] std::uint64_t visits(std::uint64_t id) const;

  /// Which session the n-th touch is of, counted from 1.
  [[nodiscard]] std::uint64_t session_of(std::uint64_t turn) const noexcept;

 private:
  class shard;
  static constexpr std::size_t shards = 16;

  std::uint64_t sessions_;
  base::atomic<std::uint64_t> turn_{0};
  std::array<std::unique_ptr<shard>, shards> shards_;
};

}  // namespace tacit::server
