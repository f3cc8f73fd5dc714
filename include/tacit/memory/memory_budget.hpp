#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <new>
#include <string_view>
#include <utility>

#include <tacit/base/atomic.hpp>

namespace tacit::memory {

/// How near a process is to the memory that it may use.
enum class memory_pressure : std::uint8_t {
  none,
  high,      ///< Nothing new is begun that needs memory.
  critical,  ///< What is under way is given up where it can be.
};

[[nodiscard]] std::string_view to_string(memory_pressure value) noexcept;

/// Thrown where a request asks for much memory and the budget has none left.
class out_of_budget : public std::bad_alloc {
 public:
  [[nodiscard]] const char* what() const noexcept override {
    return "the memory budget of the server is used up";
  }
};

/// The memory that a process may use, and how much of it is left.
///
/// What is used is read now and then by whoever keeps the budget (begin_reading, end_reading).
/// Between two readings it is an estimate: what was used, what has been taken since, and what is
/// promised to bodies of requests that have not come yet. Who is about to need much asks first.
///
/// Two thresholds, each left at a lower level than it is reached at, so that a server on the edge
/// does not flicker: `high` at 3/4 of the budget, left at 5/8; `critical` at 7/8, left at 13/16. In
/// large budgets a reserve of 256 MiB behind each is enough, since what may grow between two
/// readings depends on the machine and not on the budget.
///
/// Threads: all from any; set, begin_reading and end_reading by one at a time.
class memory_budget {
 public:
  /// Requests ask before they take as much in one piece.
  static constexpr std::size_t large_bytes = 64 * 1024;

  /// More than two CPUs can touch: what decides how soon the next reading must be.
  static constexpr std::uint64_t growth_bytes_per_ms = 4 << 20;

  /// Zero: no budget, everything is granted.
  void set(std::uint64_t bytes) noexcept;
  [[nodiscard]] std::uint64_t bytes() const noexcept {
    return bytes_.load(base::memory_order_relaxed);
  }

  /// What comes from here to end_reading() may be in what is read, or not: it is counted on top.
  void begin_reading() noexcept;
  void end_reading(std::uint64_t used_bytes) noexcept;

  /// By the last reading.
  [[nodiscard]] memory_pressure pressure() const noexcept {
    return pressure_.load(base::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t used_bytes() const noexcept {
    return used_.load(base::memory_order_relaxed);
  }

  /// Near the high threshold: where its pressure would not be left yet.
  [[nodiscard]] bool is_near() const noexcept;

  /// As used_bytes(), with what has been taken and promised since.
  [[nodiscard]] std::uint64_t estimated_bytes() const noexcept;

  /// How long it takes at least until the critical threshold could be reached, from 1 ms to 1 s:
  /// when to read again.
  [[nodiscard]] std::chrono::milliseconds next_reading_in() const noexcept;

  /// For what is begun anew: false if that would go beyond the high threshold. Counts as taken.
  [[nodiscard]] bool begin(std::uint64_t bytes) noexcept;

  /// For what is under way: false if that would go beyond the critical threshold. Counts as taken.
  [[nodiscard]] bool take(std::uint64_t bytes) noexcept;

  /// As take(), for what is touched little by little: it counts in full until settle(), whatever is
  /// read meanwhile.
  [[nodiscard]] bool hold(std::uint64_t bytes) noexcept;
  void settle(std::uint64_t held_bytes) noexcept;

  /// Counts what is taken without asking.
  void note_taken(std::uint64_t bytes) noexcept {
    taken_.fetch_add(bytes, base::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t high_from() const noexcept;
  [[nodiscard]] std::uint64_t critical_from() const noexcept;

 private:
  friend class memory_claim;
  [[nodiscard]] bool promise(std::uint64_t bytes) noexcept;
  [[nodiscard]] std::uint64_t step() const noexcept;

  base::atomic<std::uint64_t> bytes_{0};
  base::atomic<memory_pressure> pressure_{memory_pressure::none};
  base::atomic<std::uint64_t> used_{0};      // At the last reading.
  base::atomic<std::uint64_t> taken_{0};     // Ever.
  base::atomic<std::uint64_t> counted_{0};   // Of it, what is in used_.
  base::atomic<std::uint64_t> promised_{0};  // And not taken yet.
  std::uint64_t taken_before_reading_ = 0;
};

/// Memory that is promised to a body until it comes.
///
/// Threads: one at a time. Lifetime: the budget outlives it.
class memory_claim {
 public:
  memory_claim() = default;
  memory_claim(const memory_claim&) = delete;
  memory_claim& operator=(const memory_claim&) = delete;
  ~memory_claim() { end(); }

  /// False if that would go beyond the high threshold. True without a budget. At most once.
  [[nodiscard]] bool begin(memory_budget* of, std::uint64_t bytes) noexcept;

  /// Some of it has come.
  void came(std::uint64_t bytes) noexcept;

  /// How much is still to come.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

 private:
  void end() noexcept;

  memory_budget* of_ = nullptr;
  std::uint64_t left_ = 0;
};

/// The general allocator, for requests: asks a budget before it gives a large piece, and tells it
/// of the small ones now and then. Throws out_of_budget.
///
/// Threads: any. Lifetime: the budget outlives it.
class budgeted_heap final : public std::pmr::memory_resource {
 public:
  /// `of` may be null.
  explicit budgeted_heap(memory_budget* of) noexcept : of_(of) {}

 private:
  // What a request itself consists of is smaller: only a handler finds that there is no more.
  static constexpr std::size_t asked_for_bytes = 16 * 1024;

  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }

  memory_budget* of_;
};

}  // namespace tacit::memory
