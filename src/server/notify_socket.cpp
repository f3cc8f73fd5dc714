#include "server/notify_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include <tacit/observe/log.hpp>

namespace tacit::server {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t parsed = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (text.empty() || ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return parsed;
}

}  // namespace

notify_socket::notify_socket(std::string address) : address_(std::move(address)) {
  if (address_.empty()) return;
  if (address_.size() >= sizeof(sockaddr_un::sun_path)) {
    observe::log(observe::severity::warning, "NOTIFY_SOCKET is longer than a socket's name can be");
    address_.clear();
    return;
  }
  socket_ = io::unique_fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

notify_socket notify_socket::from_environment() {
  return notify_socket(variable("NOTIFY_SOCKET"));
}

// The time tells systemd which of its requests to reload this answers (Type=notify-reload).
void notify_socket::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto us = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1'000;
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us) + "\nSTATUS=reloading\n");
}

void notify_socket::reloaded(std::string_view status) {
  std::string line(status.substr(0, status.find('\n')));
  send("READY=1\nSTATUS=" + line + "\n");
}

void notify_socket::main_process(long pid) {
  send("MAINPID=" + std::to_string(pid) + "\n");
}

// Never waits: a supervisor that does not read is no reason for a server to stand still.
void notify_socket::send(std::string_view state) {
  if (!is_wanted()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (to.sun_path[0] == '@') to.sun_path[0] = 0;
  // An abstract name ends with its length, a path with a zero byte.
  const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const ssize_t sent =
      ::sendto(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&to), bytes);
  if (sent >= 0 || std::exchange(has_warned_, true)) return;
  observe::log(observe::severity::warning,
               "cannot notify " + address_ + ": " + std::strerror(errno));
}

std::optional<std::chrono::microseconds> watchdog_period() {
  const auto us = number(variable("WATCHDOG_USEC"));
  if (!us || *us < 2) return std::nullopt;
  const std::string pid = variable("WATCHDOG_PID");
  if (!pid.empty() && number(pid) != static_cast<std::uint64_t>(::getpid())) return std::nullopt;
  return std::chrono::microseconds(*us / 2);
}

}  // namespace tacit::server
