#include "bench/driver.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace tacit::bench {
namespace {

// The threads need to be at their posts when the schedule begins.
constexpr std::int64_t head_start_ns_min = 2'000'000;

}  // namespace

double phase_result::elapsed_s() const noexcept {
  const auto last = recorded.last_answer_ns == 0 ? end_ns : recorded.last_answer_ns;
  return static_cast<double>(std::max<std::int64_t>(last - start_ns, 1)) / 1e9;
}

double phase_result::rate_per_s() const noexcept {
  return static_cast<double>(recorded.counts.answered) / elapsed_s();
}

driver::driver(const endpoint& target, const driver_settings& settings, std::int64_t timeout_ns,
               const std::atomic<bool>& stop)
    : is_whole_{settings.part.of == 1} {
  const unsigned threads = std::min(settings.threads, settings.connections);
  for (unsigned i = 0; i < threads; ++i) {
    const unsigned count = settings.connections / threads + (i < settings.connections % threads);
    parts_.push_back(std::make_unique<connections>(
        target, count, settings.pipeline,
        share{settings.part.index + i * settings.part.of, threads * settings.part.of}, stop,
        settings.policy));
    parts_.back()->open(std::min(timeout_ns, settings.policy.connect_timeout_ns));
  }
}

unsigned driver::open_count() const noexcept {
  unsigned total = 0;
  for (const auto& part : parts_)
    total += part->open_count();
  return total;
}

std::string driver::open_failure() const {
  for (const auto& part : parts_) {
    if (!part->is_all_open()) return part->open_failure();
  }
  return {};
}

phase_result driver::run(const load& phase) {
  phase_result out;
  std::vector<recorder> others(parts_.size() - 1);
  std::vector<std::jthread> threads;
  const double wall_s =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto until_start_ns = static_cast<std::int64_t>((phase.start_unix_s - wall_s) * 1e9);
  const auto head_start_ns = std::max(head_start_ns_min, until_start_ns);
  out.start_ns = now_ns() + head_start_ns;
  out.start_unix_s = wall_s + static_cast<double>(head_start_ns) / 1e9;
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    threads.emplace_back([&, i] { parts_[i]->run(phase, out.start_ns, others[i - 1]); });
  }
  parts_[0]->run(phase, out.start_ns, out.recorded);
  threads.clear();  // joins
  out.end_ns = now_ns();
  for (const auto& other : others)
    out.recorded.merge(other);
  return out;
}

}  // namespace tacit::bench
