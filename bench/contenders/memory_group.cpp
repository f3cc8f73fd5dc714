#include "bench/contenders/memory_group.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <tacit/base/error.hpp>
#include <utility>

namespace tacit::bench::contenders {
namespace {

namespace fs = std::filesystem;

constexpr const char* prefix = "tacit-bench-";
constexpr int remove_tries = 100;
constexpr int remove_poll_ms = 10;

std::string text_of(const fs::path& path) {
  std::ifstream file{path};
  std::ostringstream out;
  out << file.rdbuf();
  return std::move(out).str();
}

/// In one write, as the kernel wants it. Returns the error, 0 for none.
int write_text(const fs::path& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const auto written = ::write(fd, text.data(), text.size());
  const int error = written < 0 ? errno : 0;
  ::close(fd);
  return error;
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

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in{line};
  std::vector<std::string> out;
  for (std::string word; in >> word;)
    out.push_back(word);
  return out;
}

struct mount {
  fs::path root;  // the group that is mounted there
  fs::path point;
  bool is_v1 = false;
};

/// `36 25 0:31 ROOT POINT OPTIONS [...] - cgroup SOURCE rw,memory`, or `cgroup2`.
std::optional<mount> cgroup_mount(const std::string& line) {
  const auto words = words_of(line);
  const auto dash = std::find(words.begin(), words.end(), "-");
  if (words.size() < 6 || words.end() - dash < 4) return std::nullopt;
  const bool is_v1 =
      dash[1] == "cgroup" && ("," + dash[3] + ",").find(",memory,") != std::string::npos;
  if (!is_v1 && dash[1] != "cgroup2") return std::nullopt;
  return mount{words[3], words[4], is_v1};
}

/// `4:memory:/a/b` or `0::/a/b`.
fs::path own_group(const std::string& own, bool is_v1) {
  std::istringstream lines{own};
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    const bool fits = is_v1 ? ("," + controllers + ",").find(",memory,") != std::string::npos
                            : controllers.empty();
    if (fits) return line.substr(second + 1);
  }
  return "/";
}

void add_parents(std::vector<group_parent>& into, const mount& at, const std::string& own) {
  auto group = own_group(own, at.is_v1);
  if (at.root != "/") {
    const auto inside = group.lexically_relative(at.root);
    group = inside.empty() || *inside.begin() == ".." ? "/" : fs::path{"/"} / inside;
  }
  for (; group.has_relative_path() && group != "/."; group = group.parent_path())
    into.push_back({at.point / group.relative_path(), at.is_v1});
  into.push_back({at.point, at.is_v1});
}

/// Those of harnesses that are no more: their names say of which process they are.
void remove_left_behind(const fs::path& parent) {
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator{parent, ignored}) {
    const auto name = each.path().filename().string();
    if (!name.starts_with(prefix)) continue;
    const auto owner = std::strtol(name.c_str() + std::strlen(prefix), nullptr, 10);
    const bool is_gone = owner > 0 && ::kill(static_cast<pid_t>(owner), 0) != 0 && errno == ESRCH;
    if (is_gone) ::rmdir(each.path().c_str());
  }
}

const char* limit_file(bool is_v1) {
  return is_v1 ? "memory.limit_in_bytes" : "memory.max";
}

/// Version 2 has the files of a controller only where the group above hands it down.
bool hand_down(const group_parent& parent, const fs::path& made) {
  const auto file = made / limit_file(parent.is_v1);
  if (::access(file.c_str(), W_OK) == 0) return true;
  if (parent.is_v1) return false;
  return write_text(parent.path / "cgroup.subtree_control", "+memory") == 0 &&
         ::access(file.c_str(), W_OK) == 0;
}

/// Makes a group below this one; in words why not.
std::string make_below(const group_parent& parent, const fs::path& path, std::uint64_t bytes_max) {
  if (::mkdir(path.c_str(), 0755) != 0) return std::strerror(errno);
  if (!hand_down(parent, path)) {
    ::rmdir(path.c_str());
    return "it has no memory controller to hand down";
  }
  if (const int error = write_text(path / limit_file(parent.is_v1), std::to_string(bytes_max))) {
    ::rmdir(path.c_str());
    return std::strerror(error);
  }
  // No way out through swap, where the kernel counts it.
  if (parent.is_v1) {
    (void)write_text(path / "memory.memsw.limit_in_bytes", std::to_string(bytes_max));
  } else {
    (void)write_text(path / "memory.swap.max", "0");
  }
  return {};
}

}  // namespace

std::vector<group_parent> group_parents(const std::string& mounts, const std::string& own) {
  std::vector<group_parent> out;
  for (const bool is_v1 : {true, false}) {
    std::istringstream lines{mounts};
    for (std::string line; std::getline(lines, line);) {
      const auto found = cgroup_mount(line);
      if (found && found->is_v1 == is_v1) add_parents(out, *found, own);
    }
  }
  return out;
}

memory_group::memory_group(std::uint64_t bytes_max) {
  static std::atomic<unsigned> made{0};
  const auto name = fmt::format("{}{}-{}", prefix, ::getpid(), ++made);
  std::string why = "no cgroup with a memory controller is mounted";
  const auto parents = group_parents(text_of("/proc/self/mountinfo"), text_of("/proc/self/cgroup"));
  for (const auto& parent : parents) {
    std::error_code ignored;
    if (!fs::is_directory(parent.path, ignored)) continue;
    remove_left_behind(parent.path);
    const auto problem = make_below(parent, parent.path / name, bytes_max);
    if (problem.empty()) {
      path_ = parent.path / name;
      is_v1_ = parent.is_v1;
      return;
    }
    why = fmt::format("{}: {}", parent.path.string(), problem);
  }
  throw base::failure{fmt::format("no cgroup could be made for a limit of memory: {}", why)};
}

memory_group::~memory_group() {
  for (int i = 0; i < remove_tries && ::rmdir(path_.c_str()) != 0 && errno == EBUSY; ++i) {
    std::istringstream left{text_of(procs())};
    for (pid_t pid = 0; left >> pid;)
      ::kill(pid, SIGKILL);
    ::poll(nullptr, 0, remove_poll_ms);  // nothing tells when a dead process has left its group
  }
}

std::uint64_t memory_group::peak_bytes() const {
  std::ifstream file{path_ / (is_v1_ ? "memory.max_usage_in_bytes" : "memory.peak")};
  std::uint64_t value = 0;
  file >> value;
  return value;
}

std::uint64_t memory_group::kills() const {
  return number_of(text_of(path_ / (is_v1_ ? "memory.oom_control" : "memory.events")), "oom_kill");
}

}  // namespace tacit::bench::contenders
