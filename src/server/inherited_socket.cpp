#include "server/inherited_socket.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <utility>
#include <vector>

#include "server/successor.hpp"

namespace tacit::server {
namespace {

constexpr int first_inherited = 3;  // By convention.
constexpr int inherited_max = 1'000;

std::optional<std::string> take_variable(const char* name) {
  const char* const value = std::getenv(name);
  if (!value) return std::nullopt;
  std::string taken = value;
  ::unsetenv(name);
  return taken;
}

std::optional<int> number(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  int parsed = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), parsed);
  if (ec != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return parsed;
}

std::vector<std::string> split(const std::string& names) {
  std::vector<std::string> parts(1);
  for (char each : names) {
    if (each == ':') {
      parts.emplace_back();
    } else {
      parts.back() += each;
    }
  }
  return parts;
}

// Which of the descriptors to listen on; nothing if it cannot be told.
std::optional<int> chosen(const std::vector<io::unique_fd>& given, const std::string& names) {
  if (given.size() == 1) return 0;
  const std::vector<std::string> parts = split(names);
  for (std::size_t i = 0; i < given.size() && i < parts.size(); ++i) {
    if (parts[i] == "http") return static_cast<int>(i);
  }
  return std::nullopt;
}

}  // namespace

std::variant<inheritance, base::failure> take_inheritance() {
  inheritance taken;
  const auto pid = number(take_variable("LISTEN_PID"));
  const auto count = number(take_variable("LISTEN_FDS"));
  const std::string names = take_variable("LISTEN_FDNAMES").value_or("");
  const auto ready_fd = number(take_variable(successor::ready_variable));
  std::optional<std::string> configured = take_variable(successor::listen_variable);
  if (!pid || *pid != ::getpid() || !count || *count < 1) return taken;  // Meant for another one.
  if (*count > inherited_max) return base::failure{"LISTEN_FDS says " + std::to_string(*count)};

  std::vector<io::unique_fd> given;
  for (int i = 0; i < *count; ++i)
    given.emplace_back(first_inherited + i);
  const auto which = chosen(given, names);
  if (!which) {
    return base::failure{"LISTEN_FDS gives " + std::to_string(*count) +
                         " sockets; name the one to listen on: FileDescriptorName=http"};
  }
  auto adopted = io::listening_socket::adopt(std::move(given[static_cast<std::size_t>(*which)]));
  if (auto* failure = std::get_if<base::failure>(&adopted)) return std::move(*failure);
  taken.socket.emplace(std::move(std::get<io::listening_socket>(adopted)));
  if (ready_fd) {
    taken.predecessor = io::unique_fd(*ready_fd);
    ::fcntl(*ready_fd, F_SETFD, FD_CLOEXEC);
    taken.configured = std::move(configured);
  }
  return taken;
}

}  // namespace tacit::server
