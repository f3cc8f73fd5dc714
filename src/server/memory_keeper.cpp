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
// While nothing of ours runs, others may still take from the same limit, or give back. Where they
// are those who have the memory, there may be hundreds like us, who are not to keep the CPU busy
// with looking.
constexpr std::chrono::milliseconds reading_interval_under_pressure{100};
constexpr std::chrono::milliseconds reading_interval_among_many{1000};
// Some 60 us, in which no connection is opened or closed.
constexpr std::size_t closed_at_once = 32;
constexpr std::chrono::nanoseconds counts_as_short_for = std::chrono::seconds(1);

// Among many neighbours a budget is less than one MiB.
std::string in_binary_units(std::uint64_t bytes) {
  const bool is_little = bytes < 10u << 20;
  const int shift = is_little ? 10 : 20;
  return std::to_string((bytes + (1u << (shift - 1))) >> shift) + (is_little ? " KiB" : " MiB");
}

}  // namespace

memory_keeper::memory_keeper(const options& settings, memory::memory_budget& budget,
                             const http::service& service, http::connection_set& connections)
    : asked_bytes_(settings.memory_budget_bytes),
      reclaims_(settings.uncommit_delay.count() != 0),
      budget_(budget),
      service_(service),
      connections_(connections),
      reclaimer_(settings.uncommit_delay) {
  set_budget({});
}

void memory_keeper::begin(base::cgroup_finder groups) {
  statm_ = groups.root() / "proc/self/statm";
  limit_.emplace(std::move(groups));
  set_budget({});
  if (budget_.bytes() != 0) read();
  // What was found a moment ago is not looked for again while the server starts.
  next_limit_look_ = std::chrono::steady_clock::now() + limit_look_interval / 2;
}

// The smaller of what the settings say and what the limits leave.
void memory_keeper::set_budget(const std::optional<memory::memory_share>& share) {
  std::uint64_t left = 0;
  std::string_view file;
  if (share) {
    left = std::max<std::uint64_t>(share->bytes, 1);  // Zero would be no budget.
    file = share->file;
  } else if (limit_ && limit_->current()) {
    left = limit_->current()->bytes;
    file = limit_->current()->file;
  }
  const bool limit_counts = left != 0 && (asked_bytes_ == 0 || left <= asked_bytes_);
  budget_.set(limit_counts ? left : asked_bytes_);
  neighbours_bytes_.store(limit_counts && share ? share->neighbours_bytes : 0,
                          base::memory_order_relaxed);
  if (!limit_counts) file = asked_bytes_ != 0 ? "memory_budget_bytes" : "";
  const std::lock_guard lock(mutex_);
  if (source_ != file) source_ = file;
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
  if (is_due(now, is_quiet)) {
    read();
    next_reading_ = now + budget_.next_reading_in();
  }
  look_for_refusals(now);
  tell(now);
  if (is_refusing()) {
    next = now + (neighbours_bytes() > budget_.used_bytes() ? reading_interval_among_many
                                                            : reading_interval_under_pressure);
  }
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

bool memory_keeper::is_due(base::steady_time now, bool is_quiet) {
  if (now >= next_limit_look_) {
    next_limit_look_ = now + limit_look_interval;
    if (limit_->changed()) return true;
  }
  if (budget_.bytes() == 0) return false;
  return now >= next_reading_ || (is_quiet && budget_.pressure() != memory_pressure::none);
}

// What is charged is one short read, and says enough while it is far below the threshold.
void memory_keeper::read() {
  budget_.begin_reading();
  const auto share = limit_->share(budget_.high_from() / 2);
  set_budget(share);
  budget_.end_reading(share ? share->used_bytes : memory::resident_bytes(statm_));
}

// Once when it begins and once when it ends.
void memory_keeper::tell(base::steady_time now) {
  most_used_ = std::max(most_used_, budget_.used_bytes());
  const bool begins = is_short(now);
  if (is_refusing() == begins) return;
  if (begins) {
    began_ = now;
    most_used_ = budget_.used_bytes();
    log(severity::warning,
        "memory is short: " + in_binary_units(most_used_) + " of " +
            in_binary_units(budget_.bytes()) + " are used, with what is promised " +
            in_binary_units(budget_.estimated_bytes()) + " (" + budget_source() +
            (neighbours_bytes() == 0
                 ? std::string()
                 : ", less " + in_binary_units(neighbours_bytes()) + " of neighbours") +
            "); new connections and bodies are refused");
    return is_episode_.store(true, base::memory_order_relaxed);
  }
  const auto lasted = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
  log(severity::info,
      "memory suffices again: " + in_binary_units(budget_.used_bytes()) + " are used, at most " +
          in_binary_units(most_used_) + " were; " + std::to_string(lasted.count()) + " ms, " +
          std::to_string(shed_seen_ - std::exchange(shed_told_, shed_seen_)) + " refused");
  is_episode_.store(false, base::memory_order_relaxed);
}

}  // namespace tacit::server
