// Two files of /proc lead to the quotas. /proc/self/cgroup names the process's group in each
// hierarchy, /proc/self/mountinfo says where a hierarchy is mounted, and which group its root is.
// In a container the two need not fit: the name may be seen from outside of what is mounted. Then
// the mount's root is the nearest group that can be read, and it is the container's own.

#include <tacit/sched/available_cpus.hpp>

#include <sched.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

namespace tacit::sched {
namespace {

using std::filesystem::path;

enum class hierarchy { v1, v2 };

struct mount {
  std::string root;   // The group that is mounted, as /proc/self/cgroup would name it.
  std::string point;  // Where it is mounted.
};

std::string read_file(const path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> words(std::string_view text, char separator) {
  std::vector<std::string> found;
  std::istringstream in{std::string(text)};
  for (std::string word; std::getline(in, word, separator);)
    found.push_back(word);
  return found;
}

bool contains(const std::vector<std::string>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

// Mountinfo writes blanks, tabs, newlines and backslashes as three octal digits.
std::string unescaped(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(i + 1, 3);
    if (text[i] == '\\' && digits.size() == 3 &&
        std::all_of(digits.begin(), digits.end(), is_octal)) {
      plain += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + digits[2] - '0');
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// A line reads `id:controllers:path`; v2 has no controllers in it.
std::optional<std::string> group_of(std::string_view membership, hierarchy which) {
  for (const std::string& line : words(membership, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool wanted = which == hierarchy::v2 ? line.compare(0, second + 1, "0::") == 0
                                               : contains(words(controllers, ','), "cpu");
    if (wanted) return line.substr(second + 1);
  }
  return std::nullopt;
}

// A line reads `id parent device root point options [tags...] - type source superoptions`.
std::vector<mount> mounts_of(std::string_view mountinfo, hierarchy which) {
  std::vector<mount> found;
  for (const std::string& line : words(mountinfo, '\n')) {
    const std::vector<std::string> fields = words(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 6 || std::distance(dash, fields.end()) < 4) continue;
    const bool wanted = which == hierarchy::v2
                            ? dash[1] == "cgroup2"
                            : dash[1] == "cgroup" && contains(words(dash[3], ','), "cpu");
    if (wanted) found.push_back({unescaped(fields[3]), unescaped(fields[4])});
  }
  return found;
}

// The group's path below the mount, or nullopt if the mount does not show it.
std::optional<std::string> below(const mount& where, const std::string& group) {
  if (contains(words(group, '/'), "..")) return std::nullopt;
  const std::string root = where.root == "/" ? "" : where.root;
  if (group.compare(0, root.size(), root) != 0) return std::nullopt;
  const std::string rest = group.substr(root.size());
  if (!rest.empty() && rest.front() != '/') return std::nullopt;
  return rest;
}

// The group's folder and each one above it, up to the mount.
std::vector<path> folders_of(const std::vector<mount>& mounts, const std::string& group) {
  if (mounts.empty()) return {};
  const auto shows_group = [&](const mount& each) { return below(each, group).has_value(); };
  const auto shown = std::find_if(mounts.begin(), mounts.end(), shows_group);
  const mount& chosen = shown == mounts.end() ? mounts.front() : *shown;
  std::vector<path> folders{chosen.point};
  for (const std::string& name : words(below(chosen, group).value_or(""), '/')) {
    if (!name.empty()) folders.push_back(folders.back() / name);
  }
  return folders;
}

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string first_line(const path& file) {
  const std::string text = read_file(file);
  return text.substr(0, text.find('\n'));
}

// v1 writes -1 and v2 `max` where there is no quota.
std::optional<std::uint32_t> whole_cpus(std::string_view quota_us, std::string_view period_us) {
  const auto quota = number(quota_us);
  const auto period = number(period_us);
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(*quota / *period, 1, UINT32_MAX));
}

std::optional<std::uint32_t> quota_v1(const path& file) {
  return whole_cpus(first_line(file), first_line(file.parent_path() / "cpu.cfs_period_us"));
}

std::optional<std::uint32_t> quota_v2(const path& file) {
  const std::vector<std::string> fields = words(first_line(file), ' ');
  if (fields.size() != 2) return std::nullopt;
  return whole_cpus(fields[0], fields[1]);
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

cpu_quota_watch::cpu_quota_watch(path root) : root_(std::move(root)) {
  find_files();
  current_ = read(affinity_cpus());
}

bool cpu_quota_watch::changed(std::uint32_t affinity) {
  // Another group: the process was moved, which is rare. The mounts are read only then.
  if (read_file(root_ / "proc/self/cgroup") != membership_) find_files();
  cpu_limit now = read(affinity);
  const bool differs = now.cpus != current_.cpus;
  current_ = std::move(now);
  return differs;
}

void cpu_quota_watch::find_files() {
  membership_ = read_file(root_ / "proc/self/cgroup");
  const std::string mountinfo = read_file(root_ / "proc/self/mountinfo");
  const auto files = [&](hierarchy which, const char* name) {
    std::vector<path> found;
    if (const auto group = group_of(membership_, which)) {
      for (const path& folder : folders_of(mounts_of(mountinfo, which), *group))
        found.push_back(root_ / folder.relative_path() / name);
    }
    return found;
  };
  files_v1_ = files(hierarchy::v1, "cpu.cfs_quota_us");
  files_v2_ = files(hierarchy::v2, "cpu.max");
}

cpu_limit cpu_quota_watch::read(std::uint32_t affinity) const {
  cpu_limit tightest;
  tightest.cpus = std::max(1U, affinity);
  const auto take = [&](const path& file, std::optional<std::uint32_t> cpus) {
    if (cpus && *cpus < tightest.cpus) tightest = {*cpus, file.string()};
  };
  for (const path& file : files_v1_)
    take(file, quota_v1(file));
  for (const path& file : files_v2_)
    take(file, quota_v2(file));
  return tightest;
}

}  // namespace tacit::sched
