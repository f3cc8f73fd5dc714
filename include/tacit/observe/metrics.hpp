#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tacit/base/atomic.hpp>

namespace tacit::observe {

class metrics;

/// A number that only grows. Adding costs one uncontended atomic increment on a cache line of the
/// adding thread.
///
/// Threads: add() from any thread. Lifetime: that of the metrics it belongs to.
class counter {
 public:
  counter() = default;
  void add(std::uint64_t n = 1) const noexcept;
  [[nodiscard]] std::uint64_t value() const noexcept;

 private:
  friend class metrics;
  counter(metrics& owner, std::size_t index) noexcept : owner_(&owner), index_(index) {}
  metrics* owner_ = nullptr;
  std::size_t index_ = 0;
};

/// Counters and gauges: one slot per thread, summed when read.
///
/// Threads: register first; then add and read from any thread. A sum read while others add is a
/// moment's view of each slot, not of all at once.
class metrics {
 public:
  static constexpr std::size_t counters_max = 64;
  static constexpr std::size_t slots = 32;  ///< Threads beyond share one, which costs, not harms.

  metrics();
  ~metrics();
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  /// Adds a counter. `labels` is empty or in Prometheus' form: `class="2xx"`. Counters of one name
  /// are added one after the other, so that the text keeps them together. Throws std::length_error
  /// above counters_max.
  counter add_counter(std::string_view name, std::string_view help, std::string_view labels = {});

  /// Adds a value that is read when it is asked for.
  void add_gauge(std::string_view name, std::string_view help, std::function<double()> read,
                 std::string_view labels = {});

  /// The same for a value that only grows, which is counted elsewhere.
  void add_total(std::string_view name, std::string_view help, std::function<double()> read,
                 std::string_view labels = {});

  /// All of them in the Prometheus text format, version 0.0.4.
  [[nodiscard]] std::string to_text() const;

 private:
  friend class counter;
  struct alignas(base::cache_line_bytes) slot {
    std::array<base::atomic<std::uint64_t>, counters_max> values{};
  };
  // Those of one name.
  struct family {
    std::string name, help;
    bool grows;
  };
  struct series {
    std::size_t family;
    std::string labels;
    std::function<double()> read;  // Empty for a counter of ours.
    std::size_t index = 0;
  };

  series& add(std::string_view name, std::string_view help, std::string_view labels, bool grows);

  [[nodiscard]] std::uint64_t sum(std::size_t index) const noexcept;

  std::unique_ptr<std::array<slot, slots>> slots_;
  std::vector<family> families_;
  std::vector<series> series_;
  std::size_t counters_ = 0;
};

}  // namespace tacit::observe
