#include "support/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "support/patience.hpp"

namespace tacit::support {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::size_t parse_size(std::string_view digits, int base) {
  std::size_t value = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (ec != std::errc{} || end != digits.data() + digits.size() || digits.empty()) {
    throw std::runtime_error("not a length: \"" + std::string(digits) + "\"");
  }
  return value;
}

/// The bytes that wait in the receive queue of the socket `local` connected to `remote`, both on
/// this machine; nullopt where the kernel knows no such socket (any more).
std::optional<std::size_t> unread_bytes(std::uint16_t local, std::uint16_t remote) {
  std::ifstream table("/proc/net/tcp");
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    unsigned int own = 0, peer = 0, state = 0, sending = 0, receiving = 0;
    if (std::sscanf(line.c_str(), " %*d: %*8X:%4X %*8X:%4X %2X %8X:%8X", &own, &peer, &state,
                    &sending, &receiving) == 5 &&
        own == local && peer == remote) {
      return receiving;
    }
  }
  return std::nullopt;
}

void parse_head(std::string_view head, response& into) {
  const std::size_t line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  if (line.size() < 12 || line.substr(0, 5) != "HTTP/" || line[8] != ' ') {
    throw std::runtime_error("not a status line: \"" + std::string(line) + "\"");
  }
  into.version = line.substr(0, 8);
  into.status = static_cast<int>(parse_size(line.substr(9, 3), 10));
  into.reason = line.size() > 13 ? line.substr(13) : std::string_view{};
  for (std::size_t begin = line_end + 2; begin < head.size();) {
    const std::size_t end = head.find("\r\n", begin);
    const std::string_view field = head.substr(begin, end - begin);
    const std::size_t colon = field.find(':');
    if (field.empty()) break;
    if (colon == std::string_view::npos || field.find('\n') != std::string_view::npos) {
      throw std::runtime_error("not a field: \"" + std::string(field) + "\"");
    }
    std::string_view value = field.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    into.fields.emplace_back(field.substr(0, colon), value);
    begin = end + 2;
  }
}

}  // namespace

std::optional<std::string> response::field(std::string_view name) const {
  std::optional<std::string> found;
  for (const auto& [key, value] : fields) {
    if (!same_name(key, name)) continue;
    if (found) throw std::runtime_error("field sent twice: " + key);
    found = value;
  }
  return found;
}

raw_client::raw_client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{patience.count(), 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const std::string reason = std::strerror(errno);
    ::close(fd_);
    throw std::runtime_error("cannot connect to port " + std::to_string(port) + ": " + reason);
  }
}

raw_client::raw_client(raw_client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      was_reset_(other.was_reset_),
      received_(std::move(other.received_)) {}

raw_client::~raw_client() {
  if (fd_ >= 0) ::close(fd_);
}

void raw_client::give_up(const std::string& what) const {
  throw std::runtime_error(what + "; received and not read: \"" + received_.substr(0, 500) + "\"");
}

void raw_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return;
    } else if (errno != EINTR) {
      give_up(std::string("cannot send: ") + std::strerror(errno));
    }
  }
}

void raw_client::send_in_pieces(std::string_view bytes, std::span<const std::size_t> cuts) {
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    send(bytes.substr(begin, cut - begin));
    await_read();
    begin = cut;
  }
  send(bytes.substr(begin));
}

void raw_client::await_read() const {
  sockaddr_in own{}, peer{};
  socklen_t size = sizeof own;
  ::getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &size);
  size = sizeof peer;
  ::getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &size);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  // Loopback delivers before send() returns, so the peer's queue tells what its program has not
  // read.
  while (unread_bytes(ntohs(peer.sin_port), ntohs(own.sin_port)).value_or(0) > 0) {
    if (std::chrono::steady_clock::now() > deadline) give_up("the peer does not read");
    ::sched_yield();
  }
}

void raw_client::finish_sending() {
  ::shutdown(fd_, SHUT_WR);
}

/// Appends what comes next to received_; 0 at the end of the stream.
std::size_t raw_client::receive() {
  std::array<char, 65536> chunk;
  for (;;) {
    const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (got > 0) received_.append(chunk.data(), static_cast<std::size_t>(got));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == ECONNRESET) return 0;
    if (errno != EINTR) give_up("nothing came in time");
  }
}

bool raw_client::reset_by_peer() {
  std::array<char, 65536> chunk;
  ssize_t got;
  do {
    got = ::recv(fd_, chunk.data(), chunk.size(), 0);
  } while (got > 0 || (got < 0 && errno == EINTR));
  if (got < 0 && errno != ECONNRESET) give_up("neither an end nor a reset came in time");
  return got < 0 || was_reset_;
}

std::size_t raw_client::discard(std::size_t most) {
  std::array<char, 65536> chunk;
  const ssize_t got = ::recv(fd_, chunk.data(), std::min(most, chunk.size()), MSG_DONTWAIT);
  if (got < 0 && errno == ECONNRESET) was_reset_ = true;  // The kernel tells it once.
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::string raw_client::take(std::size_t count) {
  while (received_.size() < count) {
    if (receive() == 0) give_up("closed by the peer, " + std::to_string(count) + " bytes expected");
  }
  std::string taken = received_.substr(0, count);
  received_.erase(0, count);
  return taken;
}

std::string raw_client::take_through(std::string_view mark) {
  std::size_t searched = 0;
  for (;;) {
    const std::size_t found = received_.find(mark, searched);
    if (found != std::string::npos) return take(found + mark.size());
    searched = received_.size() - std::min(received_.size(), mark.size() - 1);
    if (receive() == 0) give_up("closed by the peer inside a response, or before one");
  }
}

std::string raw_client::take_chunks() {
  std::string body;
  for (;;) {
    std::string line = take_through("\r\n");
    line.resize(line.find_first_of(";\r"));
    const std::size_t size = parse_size(line, 16);
    if (size == 0) {
      while (take_through("\r\n") != "\r\n") {
      }
      return body;
    }
    body += take(size);
    if (take(2) != "\r\n") give_up("a chunk is longer than it says");
  }
}

std::string raw_client::take_body(const response& head) {
  const auto coding = head.field("Transfer-Encoding");
  const auto length = head.field("Content-Length");
  if (coding && length) give_up("a response with Content-Length and Transfer-Encoding");
  if (coding) return take_chunks();
  if (length) return take(parse_size(*length, 10));
  return read_to_end();
}

response raw_client::read_response(bool to_head) {
  response answer;
  parse_head(take_through("\r\n\r\n"), answer);
  const bool bodiless =
      to_head || answer.status < 200 || answer.status == 204 || answer.status == 304;
  if (!bodiless) answer.body = take_body(answer);
  return answer;
}

std::vector<response> raw_client::read_responses() {
  std::vector<response> answers;
  while (!received_.empty() || receive() > 0)
    answers.push_back(read_response());
  return answers;
}

response raw_client::exchange(std::string_view bytes) {
  send(bytes);
  return read_response();
}

std::string raw_client::read_to_end() {
  while (receive() > 0) {
  }
  return std::exchange(received_, {});
}

bool raw_client::readable() const {
  pollfd watched{fd_, POLLIN, 0};
  return !received_.empty() || ::poll(&watched, 1, 0) > 0;
}

}  // namespace tacit::support
