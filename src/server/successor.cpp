#include "server/successor.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <tacit/base/cgroup.hpp>

namespace tacit::server {
namespace {

// As the successor sees them.
constexpr int listening_fd = 3;
constexpr int ready_fd = 4;
constexpr int first_free_fd = 5;

constexpr int ending_ms_max = 1'000;

constexpr std::string_view pid_variable = "LISTEN_PID=";
constexpr std::size_t pid_digits = 10;

base::failure system_failure(const std::string& what) {
  return {what + ": " + std::strerror(errno)};
}

std::vector<std::string> split_at_zeros(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\0', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// The environment of this process, without what concerns this process alone.
std::vector<std::string> environment_of_successor(const std::optional<std::string>& configured) {
  const auto replaced = {
      "LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "WATCHDOG_PID=", "TACIT_UPGRADE_"};
  std::vector<std::string> variables;
  for (char** each = environ; *each; ++each) {
    const std::string_view variable = *each;
    if (std::none_of(replaced.begin(), replaced.end(),
                     [&](const char* prefix) { return variable.starts_with(prefix); })) {
      variables.emplace_back(variable);
    }
  }
  variables.push_back("LISTEN_FDS=1");
  variables.push_back("LISTEN_FDNAMES=http");
  variables.push_back(std::string(successor::ready_variable) + "=" + std::to_string(ready_fd));
  if (configured) variables.push_back(std::string(successor::listen_variable) + "=" + *configured);
  // The last one: the child fills in what only it knows.
  variables.push_back(std::string(pid_variable) + std::string(pid_digits, '0'));
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& each : texts)
    pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Leading zeros are no part of a number that systemd's readers take, so spaces will not do either:
// the digits are moved to the front and the rest is cut off.
void write_own_pid(char* to) noexcept {
  std::array<char, pid_digits> digits{};
  std::size_t count = 0;
  for (auto left = static_cast<std::uint32_t>(::getpid()); left != 0; left /= 10)
    digits[count++] = static_cast<char>('0' + left % 10);
  for (std::size_t i = 0; i < count; ++i)
    to[i] = digits[count - 1 - i];
  to[count] = 0;
}

struct descriptors {
  int listening;
  int ready;
};

// Between fork and exec: only what is safe with other threads around. Returns if exec fails. The
// given descriptors are above those that they become.
void become(const char* path, char* const* arguments, char* const* environment, char* pid_digits_at,
            descriptors given) noexcept {
  write_own_pid(pid_digits_at);
  ::dup2(given.listening, listening_fd);
  ::dup2(given.ready, ready_fd);
  ::syscall(SYS_close_range, first_free_fd, ~0U, CLOSE_RANGE_CLOEXEC);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(path, arguments, environment);
}

}  // namespace

program_image program_image::of(const std::string& executable) {
  program_image image{executable, split_at_zeros(base::read_small_file("/proc/self/cmdline"))};
  if (!image.arguments.empty() && image.arguments[0].starts_with('/')) {
    image.path = image.arguments[0];
  }
  return image;
}

// What was given to execve(2): the kernel has handed it over, and /proc need not be asked.
std::string program_image::own_executable() {
  const auto* given = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  const std::string_view name = given == nullptr ? "" : given;
  const bool is_descriptor = name.starts_with("/dev/fd/") || name.starts_with("/proc/");
  std::error_code failed;
  if (!name.empty() && !is_descriptor) {
    const auto found = std::filesystem::absolute(name, failed);
    if (!failed) return found;
  }
  std::array<char, 4096> path;
  const ssize_t bytes = ::readlink("/proc/self/exe", path.data(), path.size());
  std::string found(path.data(), static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
  constexpr std::string_view deleted = " (deleted)";
  if (found.ends_with(deleted)) found.resize(found.size() - deleted.size());
  return found;
}

std::variant<successor, base::failure> successor::start(
    const program_image& image, int listening, const std::optional<std::string>& configured,
    std::chrono::steady_clock::time_point deadline) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    return system_failure("cannot make a pipe");
  io::unique_fd reads(ends[0]);
  const io::unique_fd writes(ends[1]);
  const io::unique_fd high_listening(::fcntl(listening, F_DUPFD_CLOEXEC, first_free_fd));
  const io::unique_fd high_writes(::fcntl(writes.get(), F_DUPFD_CLOEXEC, first_free_fd));
  if (!high_listening || !high_writes) return system_failure("no descriptors for a successor");

  auto arguments = image.arguments;
  auto environment = environment_of_successor(configured);
  const auto argument_pointers = pointers_to(arguments);
  const auto environment_pointers = pointers_to(environment);
  char* const digits = environment.back().data() + pid_variable.size();
  const pid_t pid = ::fork();
  if (pid < 0) return system_failure("cannot start a process");
  if (pid == 0) {
    become(image.path.c_str(), argument_pointers.data(), environment_pointers.data(), digits,
           {high_listening.get(), high_writes.get()});
    ::_exit(127);
  }
  return successor(pid, std::move(reads), deadline);
}

successor::successor(successor&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      ready_(std::move(other.ready_)),
      deadline_(other.deadline_),
      state_(other.state_),
      why_failed_(std::move(other.why_failed_)) {}

successor::~successor() {
  if (pid_ <= 0 || state_ != state::starting) return;
  why_failed_ = "it is not waited for any more";
  end_it();
}

successor::state successor::look(std::chrono::steady_clock::time_point now) {
  if (state_ != state::starting) return state_;
  char byte = 0;
  const ssize_t n = ::read(ready_.get(), &byte, 1);
  if (n == 1) {
    state_ = state::ready;
  } else if (n == 0) {
    end_it();
  } else if (now >= deadline_) {
    why_failed_ = "it was not ready in time";
    end_it();
  }
  return state_;
}

// Who has closed the pipe is about to end by itself, and how it does is worth knowing. Who has not,
// or does not end, is made to.
void successor::end_it() noexcept {
  state_ = state::failed;
  const io::unique_fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  pollfd ending{process.get(), POLLIN, 0};
  if (!why_failed_.empty() || ::poll(&ending, 1, ending_ms_max) == 0) ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (!why_failed_.empty()) return;
  if (WIFSIGNALED(status)) {
    why_failed_ = "signal " + std::to_string(WTERMSIG(status)) + " ended it";
  } else if (WEXITSTATUS(status) == 127) {
    why_failed_ = "it could not be run";
  } else {
    why_failed_ = "it ended with status " + std::to_string(WEXITSTATUS(status));
  }
}

}  // namespace tacit::server
