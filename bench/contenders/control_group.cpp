#include "bench/contenders/control_group.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <tacit/base/cgroup.hpp>
#include <tacit/base/error.hpp>

namespace tacit::bench::contenders {
namespace {

using std::filesystem::path;

constexpr const char* prefix = "tacit-bench-";
constexpr std::int64_t cpu_period_us = 100'000;
constexpr int remove_tries = 100;
constexpr int remove_poll_ms = 10;

std::string read_all(const path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The number behind `key` and a blank, at the start of a line; 0 where there is none.
std::uint64_t number_of(const std::string& text, const std::string& key) {
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string name;
    std::uint64_t value = 0;
    if (words >> name >> value && name == key) return value;
  }
  return 0;
}

/// In one write, as the kernel wants it.
void write(const path& file, const std::string& text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::write(fd, text.data(), text.size()) >= 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!done) {
    throw base::failure{fmt::format(
        "{}: cannot write {}: {}; control groups take root, and in a container one that may change "
        "them",
        file.string(), text, std::strerror(error))};
  }
}

/// The folders of the own group and of those above it, the own one first.
std::vector<path> own_folders(const base::cgroup_finder& finder, const char* controller,
                              int version) {
  std::vector<path> out;
  for (const auto& folder : finder.folders_of(controller)) {
    if (folder.version == version) out.insert(out.begin(), folder.path);
  }
  return out;
}

/// Those of harnesses that are no more: their names say of which process they are.
void remove_left_behind(const path& parent) {
  std::error_code ignored;
  for (const auto& each : std::filesystem::directory_iterator{parent, ignored}) {
    const auto name = each.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const auto owner = std::strtol(name.c_str() + std::strlen(prefix), nullptr, 10);
    const bool is_gone = owner > 0 && ::kill(static_cast<pid_t>(owner), 0) != 0 && errno == ESRCH;
    if (is_gone) ::rmdir(each.path().c_str());
  }
}

void make_folder(const path& folder) {
  if (::mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return;
  throw base::failure{
      fmt::format("{}: cannot make the control group: {}", folder.string(), std::strerror(errno))};
}

/// Of memory, and of memory and swap together, as version 1 has it.
std::vector<path> memory_bounds_v1(const path& folder) {
  std::vector<path> out{folder / "memory.limit_in_bytes"};
  const path with_swap = folder / "memory.memsw.limit_in_bytes";
  if (std::filesystem::exists(with_swap)) out.push_back(with_swap);
  return out;
}

void bound_cpus(const path& folder, int version, double cpus) {
  const auto quota_us = std::llround(cpus * static_cast<double>(cpu_period_us));
  if (version == 1) {
    write(folder / "cpu.cfs_period_us", std::to_string(cpu_period_us));
    write(folder / "cpu.cfs_quota_us", std::to_string(quota_us));
  } else {
    write(folder / "cpu.max", fmt::format("{} {}", quota_us, cpu_period_us));
  }
}

}  // namespace

std::vector<group_place> group_places(const path& root) {
  const base::cgroup_finder finder{root};
  std::vector<group_place> out;
  for (const int version : {1, 2}) {
    const auto memory = own_folders(finder, "memory", version);
    const auto cpu = own_folders(finder, "cpu", version);
    for (std::size_t i = 0; i < memory.size(); ++i) {
      out.push_back({version, memory[i], cpu.empty() ? path{} : cpu[std::min(i, cpu.size() - 1)]});
    }
  }
  return out;
}

control_group::control_group(const group_budget& budget) {
  static std::atomic<unsigned> made{0};
  const auto name = fmt::format("{}{}-{}", prefix, ::getpid(), ++made);
  std::string why = "no control groups for memory are mounted (neither version 1 nor 2)";
  for (auto place : group_places()) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(place.memory, ignored)) continue;
    if (!budget.cpus) place.cpu.clear();
    for (const auto& folder : {place.memory, place.cpu})
      remove_left_behind(folder);
    try {
      if (budget.cpus && place.cpu.empty()) {
        throw base::failure{"no control groups for CPU are mounted"};
      }
      create(place, name, budget);
      return;
    } catch (const base::failure& failure) {
      why = failure.message;
    }
  }
  throw base::failure{fmt::format("no control group could be made: {}", why)};
}

control_group::control_group(const group_place& at, const std::string& name,
                             const group_budget& budget) {
  create(at, name, budget);
}

control_group::~control_group() {
  remove();
}

void control_group::create(const group_place& at, const std::string& name,
                           const group_budget& budget) {
  self_ = {at.version, at.memory / name, at.cpu.empty() ? path{} : at.cpu / name};
  try {
    make_folder(self_.memory);
    if (!self_.cpu.empty()) make_folder(self_.cpu);
    // Version 2 has the files of a controller only where the group above hands it down.
    if (self_.version == 2 &&
        (::access((self_.memory / "memory.max").c_str(), W_OK) != 0 || !self_.cpu.empty())) {
      write(at.memory / "cgroup.subtree_control", self_.cpu.empty() ? "+memory" : "+memory +cpu");
    }
    if (budget.memory_bytes) bound_memory(*budget.memory_bytes);
    if (budget.cpus) bound_cpus(self_.cpu, self_.version, *budget.cpus);
  } catch (...) {
    remove();
    throw;
  }
}

void control_group::bound_memory(std::uint64_t bytes) const {
  const auto text = std::to_string(bytes);
  if (self_.version == 1) {
    for (const auto& file : memory_bounds_v1(self_.memory))
      write(file, text);
    return;
  }
  write(self_.memory / "memory.max", text);
  // What is swapped out would fit without bound.
  const path swap = self_.memory / "memory.swap.max";
  if (std::filesystem::exists(swap)) write(swap, "0");
}

void control_group::lift_memory_bound() const {
  if (self_.version == 2) return write(self_.memory / "memory.max", "max");
  auto files = memory_bounds_v1(self_.memory);
  std::reverse(files.begin(), files.end());  // The one with swap is never to be the lower one.
  for (const auto& file : files)
    write(file, "-1");
}

void control_group::remove() const noexcept {
  for (const auto& folder : {self_.memory, self_.cpu}) {
    if (folder.empty()) continue;
    for (int i = 0; i < remove_tries && ::rmdir(folder.c_str()) != 0 && errno == EBUSY; ++i) {
      std::istringstream left{read_all(folder / "cgroup.procs")};
      for (pid_t pid = 0; left >> pid;) {
        if (pid > 0) ::kill(pid, SIGKILL);  // 0: of another pid namespace
      }
      ::poll(nullptr, 0, remove_poll_ms);  // nothing tells when a dead process has left its group
    }
  }
}

std::vector<path> control_group::entrances() const {
  std::vector<path> out{self_.memory / "cgroup.procs"};
  if (self_.version == 1 && !self_.cpu.empty()) out.push_back(self_.cpu / "cgroup.procs");
  return out;
}

std::uint64_t control_group::charged_bytes() const {
  const auto file =
      self_.memory / (self_.version == 1 ? "memory.usage_in_bytes" : "memory.current");
  std::ifstream in{file};
  std::uint64_t bytes = 0;
  if (!(in >> bytes)) throw base::failure{fmt::format("{}: cannot read a number", file.string())};
  return bytes;
}

std::uint64_t control_group::peak_bytes() const {
  std::ifstream in{self_.memory /
                   (self_.version == 1 ? "memory.max_usage_in_bytes" : "memory.peak")};
  std::uint64_t bytes = 0;
  in >> bytes;
  return bytes;
}

std::uint64_t control_group::kills() const {
  return number_of(
      read_all(self_.memory / (self_.version == 1 ? "memory.oom_control" : "memory.events")),
      "oom_kill");
}

}  // namespace tacit::bench::contenders
