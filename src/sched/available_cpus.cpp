#include <tacit/sched/available_cpus.hpp>

#include <sched.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace tacit::sched {
namespace {

using std::filesystem::path;

struct quota {
  std::int64_t us = 0;
  std::int64_t period_us = 0;

  [[nodiscard]] double cpus() const noexcept {
    return static_cast<double>(us) / static_cast<double>(period_us);
  }
  [[nodiscard]] std::uint32_t whole_cpus() const noexcept {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(us / period_us, 1, UINT32_MAX));
  }
};

// v1 writes -1 and v2 `max` where there is no quota.
std::optional<quota> quota_of(std::string_view us, std::string_view period_us) {
  const auto allowed = base::whole_number(us);
  const auto period = base::whole_number(period_us);
  if (!allowed || !period || *allowed <= 0 || *period <= 0) return std::nullopt;
  return quota{*allowed, *period};
}

std::optional<quota> read_quota(const base::cgroup_folder& group, const path& file) {
  const std::string line = base::read_first_line(file);
  if (group.version == 1) {
    return quota_of(line, base::read_first_line(group.path / "cpu.cfs_period_us"));
  }
  const std::size_t blank = line.find(' ');
  if (blank == std::string::npos) return std::nullopt;
  return quota_of(std::string_view(line).substr(0, blank),
                  std::string_view(line).substr(blank + 1));
}

}  // namespace

std::uint32_t affinity_cpus() noexcept {
  // cpu_set_t holds 1024 CPUs, and the call fails on a machine that has more.
  std::array<cpu_set_t, 16> mask{};
  if (sched_getaffinity(0, sizeof mask, mask.data()) != 0) return 1;
  return std::max(1U, static_cast<std::uint32_t>(CPU_COUNT_S(sizeof mask, mask.data())));
}

cpu_limit read_cpu_limit() {
  return cpu_quota_watch().current();
}

std::uint32_t available_cpus() {
  return read_cpu_limit().cpus;
}

cpu_quota_watch::cpu_quota_watch(path root)
    : groups_(std::move(root)), folders_(groups_.folders_of("cpu")) {
  current_ = read(affinity_cpus());
}

bool cpu_quota_watch::changed(std::uint32_t affinity) {
  if (groups_.moved()) folders_ = groups_.folders_of("cpu");
  cpu_limit now = read(affinity);
  const bool differs = now.cpus != current_.cpus;
  current_ = std::move(now);
  return differs;
}

cpu_limit cpu_quota_watch::read(std::uint32_t affinity) const {
  cpu_limit tightest;
  tightest.cpus = tightest.affinity = std::max(1U, affinity);
  for (const base::cgroup_folder& group : folders_) {
    const path file = group.path / (group.version == 1 ? "cpu.cfs_quota_us" : "cpu.max");
    const auto found = read_quota(group, file);
    if (!found) continue;
    if (!tightest.quota || found->cpus() < tightest.quota->cpus) {
      tightest.quota = {found->cpus(), file.string(), group.version};
    }
    if (found->whole_cpus() < tightest.cpus) {
      tightest.cpus = found->whole_cpus();
      tightest.source = file.string();
    }
  }
  return tightest;
}

}  // namespace tacit::sched
