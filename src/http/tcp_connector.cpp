#include <tacit/http/connector.hpp>

#include <netdb.h>
#include <sys/socket.h>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include <tacit/io/reactor.hpp>
#include <tacit/io/unique_fd.hpp>
#include <tacit/io/use_task.hpp>
#include <tacit/sched/blocking.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/this_worker.hpp>

#include "io/tcp_stream.hpp"

namespace tacit::http {

namespace asio = boost::asio;

namespace {

using endpoint = asio::ip::tcp::endpoint;
using socket_type = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

// A name with many addresses of which none answers would use up the time of the request.
constexpr std::size_t addresses_max = 8;

struct look_up_outcome {
  base::error_code error;
  std::vector<endpoint> found;
};

base::error_code to_error(int code) {
  if (code == EAI_SYSTEM) return {errno, boost::system::system_category()};
  return {code, asio::error::get_addrinfo_category()};
}

endpoint to_endpoint(const addrinfo& from) {
  endpoint made;
  made.resize(from.ai_addrlen);
  std::memcpy(made.data(), from.ai_addr, from.ai_addrlen);
  return made;
}

// Blocks.
look_up_outcome look_up(const origin& of) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(of.port);
  if (const int code = ::getaddrinfo(of.host.c_str(), port.c_str(), &hints, &list)) {
    return {to_error(code), {}};
  }
  look_up_outcome made;
  for (const addrinfo* each = list; each && made.found.size() < addresses_max;
       each = each->ai_next) {
    made.found.push_back(to_endpoint(*each));
  }
  ::freeaddrinfo(list);
  return made;
}

sched::task<look_up_outcome> resolve(const origin& of) {
  look_up_outcome made;
  base::error_code is_a_name;
  const auto address = asio::ip::make_address(of.host, is_a_name);
  if (!is_a_name) {
    made.found.emplace_back(address, of.port);
    co_return made;
  }
  const auto look = [&of] { return look_up(of); };
  try {
    made = co_await sched::blocking(look);
  } catch (const std::system_error&) {
    made.error = base::errc::overloaded;
  }
  co_return made;
}

sched::task<base::error_code> connect_to(const endpoint& to, io::unique_fd& into) {
  socket_type socket(io::reactor::of_this_worker().context());
  base::error_code ec;
  socket.open(to.protocol(), ec);
  if (ec) co_return ec;
  socket.set_option(asio::ip::tcp::no_delay(true), ec);
  ec = co_await socket.async_connect(to, io::use_task);
  if (!ec) into = io::unique_fd(socket.release(ec));
  co_return ec;
}

}  // namespace

sched::task<connector::outcome> tcp_connector::connect(const origin& to) {
  outcome made;
  if (to.scheme != "http") {
    made.error = base::errc::unsupported;
    co_return made;
  }
  if (!sched::this_worker::current_poller()) {
    made.error = base::errc::wrong_use;
    co_return made;
  }
  const sched::cancel_scope* const scope = co_await sched::current_scope();
  const look_up_outcome addresses = co_await resolve(to);
  made.error = addresses.error;
  for (const endpoint& each : addresses.found) {
    io::unique_fd fd;
    made.error = co_await connect_to(each, fd);
    if (!made.error) {
      made.stream = std::make_unique<io::tcp_stream>(std::move(fd), io::reactor::of_this_worker());
      break;
    }
    if (scope && scope->is_cancelled()) break;
  }
  co_return made;
}

}  // namespace tacit::http
