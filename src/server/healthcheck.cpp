#include "server/healthcheck.hpp"

#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <chrono>
#include <memory_resource>

#include <tacit/io/listening_socket.hpp>
#include <tacit/io/unique_fd.hpp>

#include "http/response_parser.hpp"

namespace tacit::server {

namespace asio = boost::asio;

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds timeout{5};

struct outcome {
  base::error_code error;
  int status = 0;
};

base::error_code last_error() {
  // What a socket's time limits say; to connect() it is "in progress".
  const bool is_late = errno == EAGAIN || errno == EINPROGRESS;
  return is_late ? make_error_code(base::errc::timed_out)
                 : base::error_code{errno, boost::system::system_category()};
}

// Every blocking call ends at the deadline. False if that has passed.
bool limit_calls(int fd, clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::microseconds>(deadline - clock::now()).count();
  if (left <= 0) return false;
  const timeval limit{left / 1'000'000, left % 1'000'000};
  return ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
         ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0;
}

// A status needs neither an event loop nor the rest of the answer.
outcome ask(const asio::ip::tcp::endpoint& endpoint, const std::string& request) {
  const auto deadline = clock::now() + timeout;
  const io::unique_fd fd(::socket(endpoint.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || !limit_calls(fd.get(), deadline) ||
      ::connect(fd.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    return {last_error()};
  }
  const http::client_options bounds;
  std::string head;
  std::size_t end = std::string::npos;
  while ((end = head.find("\r\n\r\n")) == std::string::npos) {
    if (head.size() > bounds.head_bytes_max) return {base::errc::too_large};
    if (!limit_calls(fd.get(), deadline)) return {base::errc::timed_out};
    char piece[4096];
    const auto n = ::recv(fd.get(), piece, sizeof piece, 0);
    if (n < 0) return {last_error()};
    if (n == 0) return {base::errc::end_of_stream};
    head.append(piece, static_cast<std::size_t>(n));
  }
  http::response_parser parsed(bounds, false, *std::pmr::get_default_resource());
  if (!parsed.parse_head(std::string_view(head).substr(0, end + 4))) {
    return {base::errc::malformed};
  }
  return {{}, parsed.status};
}

}  // namespace

std::optional<base::failure> check_health(const std::string& url) {
  const std::string scheme = "http://";
  if (url.rfind(scheme, 0) != 0) {
    return base::failure{"health check of '" + url + "': expected http://ADDRESS:PORT/PATH", true};
  }
  const auto slash = url.find('/', scheme.size());
  const std::string host = url.substr(scheme.size(), slash - scheme.size());
  const std::string path = slash == std::string::npos ? "/" : url.substr(slash);
  const auto parsed = io::listen_address::parse(host);
  if (const auto* failure = std::get_if<base::failure>(&parsed)) {
    return base::failure{"health check of '" + url + "': " + failure->message, true};
  }
  const auto& address = std::get<io::listen_address>(parsed);
  const outcome result =
      ask({asio::ip::make_address(address.host), address.port},
          "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
  if (result.error) return base::failure{url + " does not answer: " + result.error.message()};
  if (result.status != 200) {
    return base::failure{url + " answers " + std::to_string(result.status) + " instead of 200"};
  }
  return std::nullopt;
}

}  // namespace tacit::server
