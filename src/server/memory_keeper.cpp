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
constexpr std::chrono::seconds limit_look_interval{1};
// While nothing of ours runs, others may still take from the same limit.
constexpr std::chrono::milliseconds reading_interval_under_pressure{100};
// Some 60 us, in which no connection is opened or closed.
constexpr std::size_t closed_at_once = 32;

std::string in_mib(std::uint64_t bytes) {
  return std::to_string((bytes + (1 << 19)) >> 20) + " MiB";
}

}  // namespace

memory_keeper::memory_keeper(const options& settings, memory::memory_budget& budget,
                             const http::service& service, http::connection_set& connections,
                             std::filesystem::path root)
    : asked_bytes_(settings.memory_budget_bytes),
      reclaims_(settings.uncommit_delay.count() != 0),
      root_(std::move(root)),
      budget_(budget),
      service_(service),
      connections_(connections),
      limit_(root_),
      reclaimer_(settings.uncommit_delay) {
  find_budget();
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

base::steady_time memory_keeper::keep(base::steady_time now, bool is_quiet) {
  base::steady_time next = never;
  if (reads(now, is_quiet)) {
    budget_.begin_reading();
    const memory_pressure before = budget_.pressure();
    budget_.end_reading(read_used());
    tell(before, now);
    next_reading_ = now + budget_.next_reading_in();
  }
  const memory_pressure pressure = budget_.pressure();
  const bool is_short = pressure != memory_pressure::none;
  if (is_short) {
    connections_.close_some(closed_at_once, pressure == memory_pressure::critical);
    next = now + reading_interval_under_pressure;
  }
  // What pools keep goes first: before anybody is refused, if that helps.
  if (is_short || budget_.is_near()) {
    next = std::min(next, reclaimer_.hurry(now));
  } else if (reclaims_) {
    next = reclaimer_.step(now, is_quiet);
  }
  const bool is_watching = budget_.bytes() != 0 && !is_quiet;
  return is_watching ? std::min(next, next_reading_) : next;
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
  return memory::resident_bytes(root_);
}

void memory_keeper::tell(memory_pressure before, base::steady_time now) {
  const memory_pressure pressure = budget_.pressure();
  most_used_ = std::max(most_used_, budget_.used_bytes());
  const bool was_short = before != memory_pressure::none;
  const bool is_short = pressure != memory_pressure::none;
  if (was_short == is_short) return;
  if (is_short) {
    began_ = now;
    most_used_ = budget_.used_bytes();
    shed_before_ = service_.count.shed_for_memory.value();
    log(severity::warning, "memory is short: " + in_mib(most_used_) + " of " +
                               in_mib(budget_.bytes()) + " are used (" + budget_source() +
                               "); new connections and bodies are refused");
    return;
  }
  const auto lasted = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
  log(severity::info,
      "memory suffices again: " + in_mib(budget_.used_bytes()) + " are used, at most " +
          in_mib(most_used_) + " were; " + std::to_string(lasted.count()) + " ms, " +
          std::to_string(service_.count.shed_for_memory.value() - shed_before_) + " refused");
}

}  // namespace tacit::server
