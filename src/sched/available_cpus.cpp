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

std::optional<quota> read_quota(const path& file, const path& period, int version) noexcept {
  std::array<char, 64> buffer;
  const std::string_view line = base::read_first_line(file, buffer);
  if (version == 1) {
    if (line == "-1") return std::nullopt;  // The rule: no need to read on.
    std::array<char, 64> second;
    return quota_of(line, base::read_first_line(period, second));
  }
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  return quota_of(line.substr(0, blank), line.substr(blank + 1));
}

}  // namespace

std::uint32_t affinity_cpus() noexcept {
  // cpu_set_t holds 1024 CPUs, and the call fails on a machine that has more.
  std::array<cpu_set_t, 16> mask{};
  if (sched_getaffinity(0, sizeof mask, mask.data()) != 0) return 1;
  return std::max(1U, static_cast<std::uint32_t>(CPU_COUNT_S(sizeof mask, mask.data())));
}

// v1 counts nanoseconds, v2 microseconds.
std::optional<cpu_throttling> read_cpu_throttling(const cpu_quota& of) {
  std::array<char, 1024> buffer;
  const std::string_view text =
      base::read_small_file(path(of.file).replace_filename("cpu.stat"), buffer);
  const auto periods = base::number_behind(text, "nr_periods");
  const auto throttled = base::number_behind(text, "nr_throttled");
  const bool is_v1 = of.cgroup_version == 1;
  const auto time = base::number_behind(text, is_v1 ? "throttled_time" : "throttled_usec");
  if (!periods || !throttled || !time) return std::nullopt;
  return cpu_throttling{static_cast<std::uint64_t>(*periods),
                        static_cast<std::uint64_t>(*throttled),
                        std::chrono::nanoseconds(is_v1 ? *time : *time * 1'000)};
}

cpu_limit read_cpu_limit() {
  return cpu_quota_watch().current();
}

std::uint32_t available_cpus() {
  return read_cpu_limit().cpus;
}

cpu_quota_watch::group::group(const base::cgroup_folder& folder)
    : quota(folder.path / (folder.version == 1 ? "cpu.cfs_quota_us" : "cpu.max")),
      period(folder.path / "cpu.cfs_period_us"),
      version(folder.version) {}

cpu_quota_watch::cpu_quota_watch(base::cgroup_finder groups) : finder_(std::move(groups)) {
  find_groups();
  read(affinity_cpus());
}

void cpu_quota_watch::find_groups() {
  const auto folders = finder_.folders_of("cpu");
  groups_ = std::vector<group>(folders.begin(), folders.end());
}

bool cpu_quota_watch::changed(std::uint32_t affinity) {
  if (finder_.moved()) find_groups();
  const std::uint32_t before = current_.cpus;
  read(affinity);
  return current_.cpus != before;
}

void cpu_quota_watch::read(std::uint32_t affinity) {
  current_.cpus = current_.affinity = std::max(1U, affinity);
  const group* tightest = nullptr;  // Whose quota is the smallest.
  const group* deciding = nullptr;  // The first whose quota decides the number of CPUs.
  double cpus = 0;
  for (const group& each : groups_) {
    const auto found = read_quota(each.quota, each.period, each.version);
    if (!found) continue;
    if (tightest == nullptr || found->cpus() < cpus) {
      tightest = &each;
      cpus = found->cpus();
    }
    if (found->whole_cpus() < current_.cpus) {
      deciding = &each;
      current_.cpus = found->whole_cpus();
    }
  }
  // Assigned to what is there: no allocation where nothing has changed.
  current_.source = deciding == nullptr ? std::string_view("affinity mask")
                                        : std::string_view(deciding->quota.native());
  if (tightest == nullptr) {
    current_.quota.reset();
    return;
  }
  if (!current_.quota) current_.quota.emplace();
  current_.quota->cpus = cpus;
  current_.quota->file = tightest->quota.native();
  current_.quota->cgroup_version = tightest->version;
}

}  // namespace tacit::sched
