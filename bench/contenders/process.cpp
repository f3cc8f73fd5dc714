#include "bench/contenders/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <tacit/base/error.hpp>
#include <tacit/base/time_slice.hpp>

#include "bench/connections.hpp"

namespace tacit::bench::contenders {
namespace {

// A drain has nothing left to wait for once the harness has closed its connections.
constexpr int stop_ms_max = 5'000;

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> out;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return out;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) out.push_back(cpu);
  }
  return out;
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& added) {
  std::map<std::string, std::string> merged = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text{*entry};
    const auto equals = text.find('=');
    merged.emplace(text.substr(0, equals),
                   equals == std::string::npos ? "" : text.substr(equals + 1));
  }
  std::vector<std::string> out;
  for (const auto& [name, value] : merged)
    out.push_back(fmt::format("{}={}", name, value));
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts)
    out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// In the child: enters a cgroup. One that cannot be entered would leave it without its limit.
void enter(const std::filesystem::path& procs) {
  const int group = ::open(procs.c_str(), O_WRONLY | O_CLOEXEC);
  if (group < 0 || ::write(group, "0", 1) != 1) ::_exit(125);
  ::close(group);
}

/// In the child, after fork: only calls that are safe there, and no way back.
[[noreturn]] void become(const program& what, const char* path, char* const* arguments,
                         char* const* environment, pid_t parent, int moment) {
  ::setpgid(0, 0);  // an interrupt at the terminal is for the harness, which then stops us
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != parent) ::_exit(126);  // it died before the line above
  run_on(what.cpus);
  for (const auto& group : what.groups)
    enter(group);
  const int log = ::open(what.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  if (what.folder.empty() || ::chdir(what.folder.c_str()) == 0) {
    const auto now = now_ns();
    (void)!::write(moment, &now, sizeof now);
    ::execve(path, arguments, environment);
  }
  ::dprintf(STDERR_FILENO, "%s: %s\n", path, std::strerror(errno));
  ::_exit(127);
}

/// What the child wrote right before it became the program; nullopt: it did not come so far.
std::optional<std::int64_t> received(int moment) {
  std::int64_t at = 0;
  ssize_t bytes = -1;
  do {
    bytes = ::read(moment, &at, sizeof at);
  } while (bytes < 0 && errno == EINTR);
  return bytes == sizeof at ? std::optional{at} : std::nullopt;
}

}  // namespace

temporary_folder::temporary_folder() {
  auto name = (std::filesystem::temp_directory_path() / "tacit-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw base::failure{fmt::format("{}: cannot make a folder: {}", name, std::strerror(errno))};
  }
  path_ = name;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return {::access(name.c_str(), X_OK) == 0 ? name : std::string{}};
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders{std::string{path == nullptr ? "" : path} + ":/usr/sbin:/sbin"};
  for (std::string folder; std::getline(folders, folder, ':');) {
    auto candidate = std::filesystem::path{folder} / name;
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

process::process(const program& what) {
  const auto path = find_program(what.command.front());
  if (path.empty()) {
    throw base::failure{fmt::format("{}: there is no such program", what.command.front())};
  }
  auto command = what.command;
  auto environment = merged_environment(what.environment);
  const auto arguments = pointers_to(command);
  const auto variables = pointers_to(environment);
  const pid_t parent = ::getpid();
  std::array<int, 2> moment{};
  if (::pipe2(moment.data(), O_CLOEXEC) != 0) {
    throw base::failure{fmt::format("pipe: {}", std::strerror(errno))};
  }
  pid_ = ::fork();
  if (pid_ == 0) {
    become(what, path.c_str(), arguments.data(), variables.data(), parent, moment[1]);
  }
  const int error = errno;
  ::close(moment[1]);
  if (pid_ < 0) {
    ::close(moment[0]);
    throw base::failure{fmt::format("fork: {}", std::strerror(error))};
  }
  ::setpgid(pid_, pid_);  // here too: whoever comes first
  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  begun_ns_ = received(moment[0]).value_or(now_ns());
  ::close(moment[0]);
}

process::~process() {
  stop();
  if (pid_fd_ >= 0) ::close(pid_fd_);
}

bool process::has_ended_within(int milliseconds) {
  if (status_) return true;
  pollfd waiting{pid_fd_, POLLIN, 0};
  ::poll(&waiting, 1, milliseconds);
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_.has_value();
}

std::optional<std::string> process::ending() {
  if (!has_ended_within(0)) return std::nullopt;
  if (WIFEXITED(*status_)) return fmt::format("exit status {}", WEXITSTATUS(*status_));
  return fmt::format("killed by signal {}", WTERMSIG(*status_));
}

void process::kill() noexcept {
  if (!status_) ::kill(-pid_, SIGKILL);
}

std::string process::stop() {
  if (!has_ended_within(0)) {
    ::kill(-pid_, SIGTERM);
    ::kill(-pid_, SIGCONT);  // a stopped process hears nothing else
    has_ended_within(stop_ms_max);
  }
  ::kill(-pid_, SIGKILL);  // whatever is left of the group
  while (!status_)
    has_ended_within(100);
  return ending().value_or("");
}

cpu_plan plan_cpus(unsigned workers) {
  const auto cpus = allowed_cpus();
  if (cpus.size() < 2) return {};
  const auto count = std::min<std::size_t>(std::max(workers, 1u), cpus.size() - 1);
  return {{cpus.begin(), cpus.begin() + static_cast<std::ptrdiff_t>(count)}, {cpus.back()}};
}

void run_on(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int cpu : cpus)
    CPU_SET(static_cast<std::size_t>(cpu), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

bool go_first() noexcept {
  constexpr int steps = 10;
  return base::ask_for_short_slices(steps);
}

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool found =
      fd >= 0 && ::bind(fd, generic, bytes) == 0 && ::getsockname(fd, generic, &bytes) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!found) throw base::failure{fmt::format("no free port: {}", std::strerror(error))};
  return ntohs(address.sin_port);
}

}  // namespace tacit::bench::contenders
