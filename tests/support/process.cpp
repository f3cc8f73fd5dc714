#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

#include "support/patience.hpp"

namespace tacit::support {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t captured_bytes_max = 1 << 20;

struct pipe_ends {
  int read;
  int write;
};

pipe_ends make_pipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  ::fcntl(fds[0], F_SETFL, O_NONBLOCK);
  return {fds[0], fds[1]};
}

/// Takes what the pipe holds; closes it at its end.
void drain_pipe(int& fd, std::string& into) {
  std::array<char, 16384> chunk;
  while (fd >= 0) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got > 0) {
      const std::size_t room = captured_bytes_max - std::min(captured_bytes_max, into.size());
      into.append(chunk.data(), std::min(room, static_cast<std::size_t>(got)));
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      ::close(fd);
      fd = -1;
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

/// The child's side between fork and exec: only what is safe after a fork with threads around.
[[noreturn]] void become(char* const* arguments, int output, int errors) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  ::execvp(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

process::process(std::vector<std::string> arguments) : name_(arguments.at(0)) {
  start(arguments);
}

void process::start(const std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  const pipe_ends output = make_pipe();
  const pipe_ends errors = make_pipe();
  pid_ = ::fork();
  if (pid_ == 0) become(pointers.data(), output.write, errors.write);
  ::close(output.write);
  ::close(errors.write);
  output_fd_ = output.read;
  error_fd_ = errors.read;
  if (pid_ < 0) give_up("cannot fork");
  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (pid_fd_ < 0) give_up("cannot watch");
}

process::~process() {
  if (pid_ > 0 && !reaped_) {
    ::kill(pid_, SIGKILL);
    reap(true);
  }
  for (const int fd : {pid_fd_, output_fd_, error_fd_}) {
    if (fd >= 0) ::close(fd);
  }
}

void process::give_up(const std::string& what) const {
  throw std::runtime_error(what + " " + name_ + " (pid " + std::to_string(pid_) + "); stdout: \"" +
                           output_ + "\"; stderr: \"" + errors_ + "\"");
}

void process::reap(bool block) {
  int status = 0;
  if (::waitpid(pid_, &status, block ? 0 : WNOHANG) != pid_) return;
  reaped_ = true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Waits until a stream has something or the program ends, at most for `limit`.
void process::pump(milliseconds limit) {
  std::array<pollfd, 3> watched{pollfd{output_fd_, POLLIN, 0}, pollfd{error_fd_, POLLIN, 0},
                                pollfd{reaped_ ? -1 : pid_fd_, POLLIN, 0}};
  ::poll(watched.data(), watched.size(), static_cast<int>(limit.count()));
  if (!reaped_) reap(false);
  drain_pipe(output_fd_, output_);
  drain_pipe(error_fd_, errors_);
}

std::string process::await_line(std::string_view prefix) {
  const auto deadline = steady_clock::now() + patience;
  while (steady_clock::now() < deadline) {
    for (std::size_t begin = 0; begin < output_.size();) {
      const std::size_t end = output_.find('\n', begin);
      if (end == std::string::npos) break;
      const std::string_view line(output_.data() + begin, end - begin);
      if (line.substr(0, prefix.size()) == prefix) return std::string(line.substr(prefix.size()));
      begin = end + 1;
    }
    if (reaped_) give_up("no line \"" + std::string(prefix) + "\" before the end of");
    pump(milliseconds(100));
  }
  give_up("no line \"" + std::string(prefix) + "\" from");
}

void process::signal(int number) const {
  if (!reaped_ && ::kill(pid_, number) != 0) give_up("cannot signal");
}

bool process::running() {
  pump(milliseconds(0));
  return !reaped_;
}

int process::wait() {
  const auto deadline = steady_clock::now() + patience;
  while (!reaped_) {
    if (steady_clock::now() > deadline) give_up("still running:");
    pump(milliseconds(100));
  }
  pump(milliseconds(0));
  return status_;
}

finished run(std::vector<std::string> arguments) {
  process program(std::move(arguments));
  const int status = program.wait();
  return {status, program.output(), program.errors()};
}

}  // namespace tacit::support
