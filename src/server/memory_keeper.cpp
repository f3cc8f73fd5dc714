#include "server/memory_keeper.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include <tacit/observe/log.hpp>

namespace tacit::server {
namespace {

using memory::memory_pressure;
using observe::log;
using observe::severity;

constexpr auto never = base::steady_time::max();
constexpr std::chrono::milliseconds limit_look_interval{1000};
// While nothing of ours runs, others may still take from the same limit.
constexpr std::chrono::milliseconds reading_interval_under_pressure{100};
// Some 60 us, in which no connection is opened or closed.
constexpr std::size_t closed_at_once = 32;
constexpr std::chrono::nanoseconds counts_as_short_for = std::chrono::seconds(1);

std::string in_mib(std::uint64_t bytes) {
  return std::to_string((bytes + (1 << 19)) >> 20) + " MiB";
}

}  // namespace

memory_keeper::memory_keeper(const options& settings, memory::memory_budget& budget,
                             const http::service& service, http::connection_set& connections,
                             base::cgroup_finder groups)
    : asked_bytes_(settings.memory_budget_bytes),
      reclaims_(settings.uncommit_delay.count() != 0),
      statm_(groups.root() / "proc/self/statm"),
      budget_(budget),
      service_(service),
      connections_(connections),
      limit_(std::move(groups)),
      reclaimer_(settings.uncommit_delay) {
  find_budget();
  // What was found a moment ago is not looked for again while the server starts.
  next_limit_look_ = std::chrono::steady_clock::now() + limit_look_interval / 2;
}

// The smaller of what the settings say and what the kernel allows.
void memory_keeper::find_budget() {
  const auto& limit = limit_.current();
  const bool limit_counts = limit && (asked_bytes_ == 0 || limit->bytes <= asked_bytes_);
  budget_.set(limit_counts ? limit->bytes : asked_bytes_);
  const std::lock_guard lock(mutex_);
  source_ = limit_counts ? limit->file : asked_bytes_ != 0 ? "memory_budget_bytes" : "";
}

std::string memory_keeper::budget_source() const {
  const std::lock_guard lock(mutex_);
  return source_;
}

bool memory_keeper::is_short(base::steady_time now) const noexcept {
  if (budget_.pressure() != memory_pressure::none) return true;
  const auto shed_at = shed_at_.load(base::memory_order_relaxed);
  return shed_at != 0 && now.time_since_epoch().count() - shed_at < counts_as_short_for.count();
}

base::steady_time memory_keeper::keep(base::steady_time now, bool is_quiet) {
  base::steady_time next = never;
  if (reads(now, is_quiet)) {
    budget_.begin_reading();
    budget_.end_reading(read_used());
    next_reading_ = now + budget_.next_reading_in();
  }
  look_for_refusals(now);
  tell(now);
  if (is_refusing()) next = now + reading_interval_under_pressure;
  const memory_pressure pressure = budget_.pressure();
  if (pressure != memory_pressure::none) {
    connections_.close_some(closed_at_once, pressure == memory_pressure::critical);
  }
  // What pools keep goes first: before anybody is refused, if that helps.
  if (is_refusing() || budget_.is_near()) {
    next = std::min(next, reclaimer_.hurry(now));
  } else if (reclaims_) {
    next = reclaimer_.step(now, is_quiet);
  }
  const bool is_watching = budget_.bytes() != 0 && !is_quiet;
  return is_watching ? std::min(next, next_reading_) : next;
}

void memory_keeper::look_for_refusals(base::steady_time now) {
  const std::uint64_t shed = service_.count.shed_for_memory.value();
  if (std::exchange(shed_seen_, shed) == shed) return;
  shed_at_.store(now.time_since_epoch().count(), base::memory_order_relaxed);
}

bool memory_keeper::reads(base::steady_time now, bool is_quiet) {
  if (now >= next_limit_look_) {
    next_limit_look_ = now + limit_look_interval;
    if (limit_.changed()) find_budget();
  }
  if (budget_.bytes() == 0) return false;
  const bool is_due = now >= next_reading_;
  return is_due || (is_quiet && budget_.pressure() != memory_pressure::none);
}

// What is charged is one short read, and says enough while it is far below the threshold.
std::uint64_t memory_keeper::read_used() const {
  if (const auto charged = limit_.charged_bytes()) {
    if (*charged < budget_.high_from() / 2) return *charged;
    return limit_.used_bytes().value_or(*charged);
  }
  return memory::resident_bytes(statm_);
}

// Once when it begins and once when it ends.
void memory_keeper::tell(base::steady_time now) {
  most_used_ = std::max(most_used_, budget_.used_bytes());
  const bool begins = is_short(now);
  if (is_refusing() == begins) return;
  if (begins) {
    began_ = now;
    most_used_ = budget_.used_bytes();
    log(severity::warning, "memory is short: " + in_mib(most_used_) + " of " +
                               in_mib(budget_.bytes()) + " are used, with what is promised " +
                               in_mib(budget_.estimated_bytes()) + " (" + budget_source() +
                               "); new connections and bodies are refused");
    return is_episode_.store(true, base::memory_order_relaxed);
  }
  const auto lasted = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
  log(severity::info,
      "memory suffices again: " + in_mib(budget_.used_bytes()) + " are used, at most " +
          in_mib(most_used_) + " were; " + std::to_string(lasted.count()) + " ms, " +
          std::to_string(shed_seen_ - std::exchange(shed_told_, shed_seen_)) + " refused");
  is_episode_.store(false, base::memory_order_relaxed);
}

}  // namespace tacit::server
