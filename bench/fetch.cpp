#include "bench/fetch.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <strings.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "bench/connections.hpp"
#include "bench/response_parser.hpp"

namespace tacit::bench {
namespace {

/// A socket with one deadline for everything that is done with it.
class deadline_socket {
 public:
  deadline_socket(int family, std::int64_t deadline_ns)
      : fd_{::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)},
        deadline_ns_{deadline_ns} {}
  ~deadline_socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  deadline_socket(const deadline_socket&) = delete;
  deadline_socket& operator=(const deadline_socket&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// False when the deadline comes before the event; errno says so then.
  bool await(short event) const {
    pollfd waiting{fd_, event, 0};
    const auto left = (deadline_ns_ - now_ns()) / 1'000'000;
    const int n = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left) + 1);
    if (n == 0) errno = ETIMEDOUT;
    return n > 0;
  }

 private:
  int fd_;
  std::int64_t deadline_ns_;
};

bool connect(const deadline_socket& socket, const endpoint& to) {
  const auto* address = reinterpret_cast<const sockaddr*>(&to.address);
  if (::connect(socket.fd(), address, to.address_bytes) == 0) return true;
  if (errno != EINPROGRESS || !socket.await(POLLOUT)) return false;
  socklen_t bytes = sizeof errno;
  return ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &errno, &bytes) == 0 && errno == 0;
}

bool send_all(const deadline_socket& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    if (n < 0 && errno != EINTR && (errno != EAGAIN || !socket.await(POLLOUT))) return false;
  }
  return true;
}

constexpr std::size_t head_bytes_max = 8 * 1024;

/// `head` gets the first bytes as they came.
bool receive_answer(const deadline_socket& socket, response_parser& parser, std::string& head) {
  std::string pending;
  char buffer[16 * 1024];
  while (parser.status() == response_parser::state::need_more) {
    if (!socket.await(POLLIN)) return false;
    const auto n = ::recv(socket.fd(), buffer, sizeof buffer, 0);
    if (n < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (n == 0) parser.end_of_stream();
    if (n <= 0) continue;
    const auto kept = std::min(static_cast<std::size_t>(n), head_bytes_max - head.size());
    head.append(buffer, kept);
    pending.append(buffer, static_cast<std::size_t>(n));
    pending.erase(0, parser.consume(pending));
  }
  return true;
}

/// The value of a field in the bytes of a head; empty when it is not there.
std::string field_of(std::string_view head, std::string_view name) {
  const auto end = head.find("\r\n\r\n");
  for (auto at = head.find("\r\n"); at < end; at = head.find("\r\n", at + 2)) {
    const auto line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    const auto value = line.find_first_not_of(' ', name.size() + 1);
    return value == std::string_view::npos ? "" : std::string{line.substr(value)};
  }
  return {};
}

}  // namespace

fetched fetch(const endpoint& from, std::string_view authority, std::string_view target,
              std::int64_t timeout_ns) {
  fetched out;
  std::string head;
  response_parser parser;
  parser.capture(&out.body);
  parser.begin(false);
  const deadline_socket socket{from.address.ss_family, now_ns() + timeout_ns};
  const auto request =
      fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", target, authority);
  if (!connect(socket, from) || !send_all(socket, request) ||
      !receive_answer(socket, parser, head)) {
    out.error = std::strerror(errno);
  } else if (parser.status() != response_parser::state::complete) {
    out.error = parser.error();
  } else {
    out.status = parser.result().status;
    out.date = field_of(head, "date");
  }
  return out;
}

}  // namespace tacit::bench
