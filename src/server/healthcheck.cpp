#include "server/healthcheck.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <tacit/io/listening_socket.hpp>

namespace tacit::server {

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr std::chrono::seconds timeout{5};

struct outcome {
  beast::error_code error;
  unsigned status = 0;
};

// Runs asynchronous calls to their end, because only these obey the stream's deadline.
outcome ask(const asio::ip::tcp::endpoint& endpoint, const std::string& host,
            const std::string& path) {
  asio::io_context io;
  beast::tcp_stream stream(io);
  beast::flat_buffer buffer;
  beast::http::request<beast::http::empty_body> request(beast::http::verb::get, path, 11);
  beast::http::response<beast::http::string_body> response;
  request.set(beast::http::field::host, host);
  request.set(beast::http::field::connection, "close");
  outcome result;
  stream.expires_after(timeout);
  stream.async_connect(endpoint, [&](beast::error_code ec) {
    result.error = ec;
    if (ec) return;
    beast::http::async_write(stream, request, [&](beast::error_code write_ec, std::size_t) {
      result.error = write_ec;
      if (write_ec) return;
      beast::http::async_read(stream, buffer, response,
                              [&](beast::error_code read_ec, std::size_t) {
                                result.error = read_ec;
                                result.status = response.result_int();
                              });
    });
  });
  io.run();
  return result;
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
  const outcome result = ask({asio::ip::make_address(address.host), address.port}, host, path);
  if (result.error) return base::failure{url + " does not answer: " + result.error.message()};
  if (result.status != 200) {
    return base::failure{url + " answers " + std::to_string(result.status) + " instead of 200"};
  }
  return std::nullopt;
}

}  // namespace tacit::server
