#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <tacit/observe/histogram.hpp>
#include <vector>

namespace tacit::bench {

/// A stretch of monotonic time, its end not included.
struct interval {
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;

  [[nodiscard]] std::int64_t length_ns() const noexcept { return end_ns - start_ns; }
  friend bool operator==(const interval&, const interval&) = default;
};

/// Who stood still in a pause, as far as the probes could see.
enum class pause_scope {
  all,      ///< Every probe waited at once: the stop-the-world equivalent.
  one,      ///< Some waited, while another one was answered.
  unclear,  ///< Too short for another probe to have had something due.
};
inline constexpr std::size_t pause_scopes = 3;
[[nodiscard]] const char* name_of(pause_scope scope) noexcept;

/// Whose pause it was.
enum class pause_origin {
  target,
  machine,  ///< The idle control stood still as well: anybody would have.
  harness,  ///< The probe itself did not run.
};
inline constexpr std::size_t pause_origins = 3;
[[nodiscard]] const char* name_of(pause_origin origin) noexcept;

/// What the target did meanwhile, as the kernel tells it.
enum class pause_cause {
  stopped,        ///< By a signal: its state was T.
  scheduled_out,  ///< Ready to run, without a CPU, or throttled by its cgroup.
  computing,      ///< It used its CPU: its own code, or the kernel's for it.
  waiting,        ///< It slept: for a lock, a timer, a device.
  unknown,        ///< No process of it is known, or it was not looked at in time.
};
inline constexpr std::size_t pause_causes = 5;
[[nodiscard]] const char* name_of(pause_cause cause) noexcept;

/// What the kernel says about the target around one pause, from the last look before it to the
/// first one after it; that stretch is as long as `looked_ns`.
struct pause_annotation {
  std::int64_t looked_ns = 0;  ///< 0: it is not known.
  std::int64_t stopped_ns = 0;
  std::int64_t scheduled_out_ns = 0;  ///< No CPU although ready, all threads together less those
                                      ///< of its own that ran instead; at most the pause.
  std::int64_t throttled_ns = 0;
  std::int64_t cpu_ns = 0;  ///< All threads.
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t switches = 0;              ///< How often its threads got a CPU.
  std::uint64_t involuntary_switches = 0;  ///< 0 where there are too many threads to ask each.
  pause_cause cause = pause_cause::unknown;
};

/// One pause as it was seen from outside.
struct seen_pause {
  interval when;
  pause_scope scope = pause_scope::unclear;
  unsigned probes = 1;  ///< How many waited at once, at most.
  pause_origin origin = pause_origin::target;
  std::int64_t machine_ns = 0;  ///< For how much of it the control stood still.
  pause_annotation about = {};
  std::string explained_by = {};  ///< By the target's own log; empty: by nothing there.
};

/// Classes of length that are counted: above 0.1, 1 and 10 ms.
inline constexpr std::array<std::int64_t, 3> pause_bounds_ns{100'000, 1'000'000, 10'000'000};
/// Windows of minimum mutator utilisation: 1, 10 and 100 ms.
inline constexpr std::array<std::int64_t, 3> mmu_windows_ns{1'000'000, 10'000'000, 100'000'000};

/// What a number of pauses comes to.
struct pause_figures {
  std::array<std::uint64_t, pause_bounds_ns.size()> counts{};  ///< Longer than each bound.
  std::int64_t longest_ns = 0;
  std::int64_t total_ns = 0;
  /// The smallest share of any window of this length that was free of pauses; nullopt: the run was
  /// shorter.
  std::array<std::optional<double>, mmu_windows_ns.size()> mmu{};
};

/// The figures of pauses that do not overlap, in the order of their start, within `run`.
[[nodiscard]] pause_figures figures_of(const std::vector<interval>& pauses, const interval& run);

/// The smallest share of any window of `window_ns` inside `run` in which there was no pause.
/// nullopt where the run is shorter than the window.
[[nodiscard]] std::optional<double> minimum_utilisation(const std::vector<interval>& pauses,
                                                        const interval& run,
                                                        std::int64_t window_ns);

/// What the idle control saw.
struct control_figures {
  std::vector<int> cpus = {};     ///< On which one each sat; empty: there was none.
  bool is_realtime = false;       ///< They went before all ordinary threads.
  observe::histogram overshoot;   ///< By how much it woke late, each time.
  std::int64_t machine_ns = 0;    ///< Late, and not for want of a CPU; the sum over all of them.
  std::int64_t run_delay_ns = 0;  ///< Late since others had the CPU.
};

/// What the probes of a run saw.
struct pause_report {
  // How it was looked at.
  unsigned probes = 0;
  double rate_per_s = 0;  ///< Of each probe.
  std::string path;
  interval run;            ///< From the first due time to the last.
  std::uint64_t sent = 0;  ///< sent = answered + failed.
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;
  std::uint64_t withheld = 0;   ///< Due while the probe waited for an answer: part of its gap.
  std::string failure = {};     ///< The first one, in words.
  observe::histogram latency;   ///< From the due time.
  observe::histogram lag;       ///< By how much the probe was late itself.
  std::int64_t usual_ns = 0;    ///< The median latency, which every gap is reduced by.
  std::int64_t floor_ns = 0;    ///< Shorter gaps were not kept.
  std::int64_t own_cpu_ns = 0;  ///< Of the threads that look.
  std::int64_t late_ns = 0;     ///< In which the probe itself did not run.
  std::uint64_t looks = 0;      ///< At the target's /proc.
  control_figures control;

  // What was seen. Pauses of the target only, unless it says otherwise.
  pause_figures any;  ///< Somebody waited.
  std::array<pause_figures, pause_scopes> by_scope{};
  std::array<pause_figures, pause_origins> by_origin{};  ///< The target's are `any` again.
  std::array<pause_figures, pause_causes> by_cause{};
  /// The longest of all origins, at most pauses_max, in the order of their start.
  std::vector<seen_pause> pauses = {};
  std::string log = {};         ///< What kind of log explains them; empty: none.
  std::uint64_t explained = 0;  ///< How many of the target's above the smallest bound it explains.

  static constexpr std::size_t pauses_max = 2'000;

  [[nodiscard]] double duration_s() const noexcept {
    return static_cast<double>(run.length_ns()) / 1e9;
  }
  /// Pauses per second above the bound with this index.
  [[nodiscard]] double per_s(const pause_figures& of, std::size_t bound) const noexcept;
  [[nodiscard]] double share(const pause_figures& of) const noexcept;
};

}  // namespace tacit::bench
