#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/formats/rejections.hpp"

namespace tacit::bench::formats {

/// Who wrote a log of pauses.
///
///     go_gctrace   Go with GODEBUG=gctrace=1. A line `clock_monotonic_ns=N`, written as soon as
///                  the program starts, says what its times count from.
///     jvm_unified  -Xlog:gc*,safepoint:file=F:timenanos,level,tags ; timenanos is CLOCK_MONOTONIC.
///                  The JVM's default decoration, seconds since its start, is read too.
///     tacit        the JSON of GET /debug/pauses
enum class gc_log_format { go_gctrace, jvm_unified, tacit };

/// "go_gctrace", "jvm_unified" or "tacit"; nullopt for anything else.
[[nodiscard]] std::optional<gc_log_format> parse_gc_log_format(std::string_view name) noexcept;
[[nodiscard]] std::string_view to_string(gc_log_format format) noexcept;

/// A pause as the runtime that made it tells it.
struct logged_pause {
  std::int64_t start_ns = 0;   ///< On CLOCK_MONOTONIC, as now_ns().
  std::int64_t length_ns = 0;  ///< A JVM's with the time to stop its threads, where that is logged.
  std::string what;            ///< "G1 Pause Young (Normal) (G1 Evacuation Pause)", "handler"
  bool stops_all = true;       ///< False for one thread that waited, as for memory.
  bool is_full = false;        ///< The whole heap was collected while the program stood still.
  std::optional<std::uint64_t> collection;  ///< The cycle it belongs to, as the runtime numbers it.

  [[nodiscard]] std::int64_t end_ns() const noexcept { return start_ns + length_ns; }
};

/// What a runtime says about its own pauses. It explains what was seen from outside, and is never
/// set against what another runtime says: each leaves out something else.
struct gc_log {
  std::string collector;             ///< "G1", "ZGC", "Shenandoah", "Go"; empty: none, not known.
  std::vector<logged_pause> pauses;  ///< By their start.
  std::int64_t uncertainty_ns = 0;   ///< By how much a start can be wrong, either way.
  rejections rejected;               ///< Lines that should tell of a pause and cannot be read.

  /// Cycles that had a pause.
  [[nodiscard]] std::uint64_t collections() const;
  /// Collections of the whole heap during which the program stood still. Go and ZGC, which always
  /// collect the whole heap, have none: they do it beside the program.
  [[nodiscard]] std::uint64_t full_collections() const;

  /// Of the pauses that stop all.
  [[nodiscard]] std::uint64_t stops() const noexcept;
  [[nodiscard]] std::int64_t stopped_ns() const noexcept;
  [[nodiscard]] std::int64_t longest_stop_ns() const noexcept;

  /// Of those that hold up one thread.
  [[nodiscard]] std::uint64_t stalls() const noexcept;
  [[nodiscard]] std::int64_t longest_stall_ns() const noexcept;

  /// The same with the pauses that begin in [from_ns, to_ns) only.
  [[nodiscard]] gc_log between(std::int64_t from_ns, std::int64_t to_ns) const;
};

/// Reads a log. `started_ns` is when the process started, on CLOCK_MONOTONIC; it is used where the
/// log counts from there. Never throws for what the text says: that is counted in `rejected`.
[[nodiscard]] gc_log parse_gc_log(std::string_view text, gc_log_format format,
                                  std::int64_t started_ns);

}  // namespace tacit::bench::formats
