#include "bench/contenders/control_group.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>
#include <tacit/base/error.hpp>

namespace tacit::bench::contenders {
namespace {

using std::filesystem::path;

constexpr std::int64_t cpu_period_us = 100'000;

std::string read_all(const path& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out;
  std::istringstream in{text};
  for (std::string word; std::getline(in, word, at);)
    out.push_back(word);
  return out;
}

bool contains(const std::vector<std::string>& all, const std::string& wanted) {
  return std::find(all.begin(), all.end(), wanted) != all.end();
}

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

/// Where a controller of version 1 is mounted; empty where it is not.
path mount_v1(const std::string& mountinfo, const std::string& controller) {
  for (const auto& line : split(mountinfo, '\n')) {
    const auto words = split(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || std::distance(dash, words.end()) < 4) continue;
    if (dash[1] == "cgroup" && contains(split(dash[3], ','), controller)) return words[4];
  }
  return {};
}

path mount_v2(const std::string& mountinfo) {
  for (const auto& line : split(mountinfo, '\n')) {
    const auto words = split(line, ' ');
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() >= 6 && std::distance(dash, words.end()) >= 2 && dash[1] == "cgroup2") {
      return words[4];
    }
  }
  return {};
}

/// This process's group of a controller of version 1.
path own_group_v1(const std::string& membership, const std::string& controller) {
  for (const auto& line : split(membership, '\n')) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if (contains(split(line.substr(first + 1, second - first - 1), ','), controller)) {
      return path{line.substr(second + 1)}.relative_path();
    }
  }
  return {};
}

}  // namespace

group_place find_group_place(const path& root) {
  const auto mountinfo = read_all(root / "proc/self/mountinfo");
  const auto membership = read_all(root / "proc/self/cgroup");
  const auto below = [&](const path& mount, const std::string& controller) {
    const path at = root / mount.relative_path();
    const path own = own_group_v1(membership, controller);
    return !own.empty() && std::filesystem::is_directory(at / own) ? at / own : at;
  };
  const path memory = mount_v1(mountinfo, "memory");
  const path cpu = mount_v1(mountinfo, "cpu");
  if (!memory.empty() && !cpu.empty()) return {1, below(memory, "memory"), below(cpu, "cpu")};
  if (const path mount = mount_v2(mountinfo); !mount.empty()) {
    const path at = root / mount.relative_path();
    auto controllers = read_all(at / "cgroup.controllers");
    std::replace(controllers.begin(), controllers.end(), '\n', ' ');
    const auto names = split(controllers, ' ');
    if (contains(names, "memory") && contains(names, "cpu")) return {2, at, at};
  }
  throw base::failure{
      "no control groups for memory and CPU are mounted (neither version 1 nor 2), so nothing "
      "bounds what instances take"};
}

control_group::control_group(const group_place& at, const std::string& name,
                             const group_budget& budget)
    : self_{at.version, at.memory / name, at.cpu / name} {
  // What bounds the groups within `at`, with version 2.
  if (self_.version == 2) write(at.memory / "cgroup.subtree_control", "+memory +cpu");
  try {
    create(budget);
  } catch (...) {
    remove();
    throw;
  }
}

control_group::~control_group() {
  remove();
}

void control_group::create(const group_budget& budget) {
  for (const auto& folder : {self_.memory, self_.cpu}) {
    if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
      throw base::failure{fmt::format("{}: cannot make the control group: {}", folder.string(),
                                      std::strerror(errno))};
    }
  }
  if (budget.memory_bytes) {
    const auto bytes = std::to_string(*budget.memory_bytes);
    write(self_.memory / (self_.version == 1 ? "memory.limit_in_bytes" : "memory.max"), bytes);
    // What is swapped out would fit without bound.
    const auto swap =
        self_.memory / (self_.version == 1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max");
    if (std::filesystem::exists(swap)) write(swap, self_.version == 1 ? bytes : "0");
  }
  if (!budget.cpus) return;
  const auto quota_us = std::llround(*budget.cpus * static_cast<double>(cpu_period_us));
  if (self_.version == 1) {
    write(self_.cpu / "cpu.cfs_period_us", std::to_string(cpu_period_us));
    write(self_.cpu / "cpu.cfs_quota_us", std::to_string(quota_us));
  } else {
    write(self_.cpu / "cpu.max", fmt::format("{} {}", quota_us, cpu_period_us));
  }
}

void control_group::remove() noexcept {
  ::rmdir(self_.memory.c_str());
  if (self_.version == 1) ::rmdir(self_.cpu.c_str());
}

std::vector<path> control_group::entrances() const {
  if (self_.version == 2) return {self_.memory / "cgroup.procs"};
  return {self_.memory / "cgroup.procs", self_.cpu / "cgroup.procs"};
}

std::uint64_t control_group::charged_bytes() const {
  const auto file =
      self_.memory / (self_.version == 1 ? "memory.usage_in_bytes" : "memory.current");
  std::ifstream in{file};
  std::uint64_t bytes = 0;
  if (!(in >> bytes)) throw base::failure{fmt::format("{}: cannot read a number", file.string())};
  return bytes;
}

}  // namespace tacit::bench::contenders
