#pragma once

// What a C++ program may read from one atomic variable.
//
// A location keeps its latest stores in modification order, which here is the order in which they
// are executed. A load may take any of them that is not hidden; a store is hidden from a thread if
// a later one is
//   1. a store, or was read, in a step that the thread has observed: it happens before the load,
//      or a pair of seq_cst fences stands between (knowledge.hpp);
//   2. for a load that is seq_cst: stored or read by a seq_cst operation, or before a seq_cst
//   fence;
//   3. stored or read by a seq_cst operation that precedes the thread's last seq_cst fence.
// Read-modify-writes take the newest store.
//
// A store publishes what its thread knows: all of it if it is a release, what was known at the
// last fence if it is not. An acquire that reads it knows that too; a relaxed load does from the
// next fence on. A read-modify-write passes on what the store before it published.
//
// What this leaves out: modification orders that differ from the order of execution, and values out
// of thin air or from the future (load buffering). No run that it makes is impossible in C++.

#include <array>
#include <atomic>
#include <cstdint>

#include "model/execution.hpp"

namespace tacit::model {

class location {
 public:
  /// How many stores are kept; what is older is not read any more.
  static constexpr std::uint32_t history_max = 8;

  location();

  /// To be called before an access. What was stored before this run is known to all of it.
  void enter(execution& run) {
    if (run_ == run.number()) return;
    if (run_ == run_of_ended) run.fail("an atomic is used after its end");
    forget(run);
  }

  /// The newest store. Stores have consecutive numbers.
  [[nodiscard]] std::uint32_t newest() const noexcept { return newest_; }
  /// The oldest store that a load of this order by the calling thread may see.
  [[nodiscard]] std::uint32_t oldest_visible(const execution& run, std::memory_order order) const;
  /// A load that sees `store`.
  void read(execution& run, std::uint32_t store, std::memory_order order);
  /// A store, which becomes the newest.
  void write(execution& run, std::memory_order order);
  /// A read-modify-write.
  void update(execution& run, std::memory_order order);

 private:
  static constexpr std::uint32_t never = UINT32_MAX;
  static constexpr std::uint64_t run_of_ended = 0x0101010101010101U * memory_of_ended;

  struct store_record {
    knowledge published;
    // When each thread first stored or read it, on the thread's clock.
    std::array<std::uint32_t, thread_max> seen;
    // When a seq_cst operation first did, in their order.
    std::uint32_t seen_seq_cst;
  };

  [[nodiscard]] const store_record& record(std::uint32_t store) const {
    return records_[store % history_max];
  }
  store_record& record(std::uint32_t store) { return records_[store % history_max]; }
  void forget(const execution& run) noexcept;
  store_record& append();
  void see(execution& run, store_record& which, std::memory_order order);

  std::array<store_record, history_max> records_;
  std::uint32_t newest_ = 0;
  std::uint32_t oldest_ = 0;
  std::uint64_t run_ = 0;
};

}  // namespace tacit::model
