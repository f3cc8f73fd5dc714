// A program that is built around its own io_context, here a UDP receiver that counts datagrams,
// gets an HTTP side. The server runs on threads of its own; what belongs to the io_context stays on
// it.
//
//   printf hello >/dev/udp/127.0.0.1/PORT; curl http://127.0.0.1:8080/datagrams

#include <array>
#include <boost/asio.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <variant>

#include <tacit/http/json.hpp>
#include <tacit/io/awaitable.hpp>
#include <tacit/server/server.hpp>

namespace asio = boost::asio;
using asio::ip::udp;

class receiver {
 public:
  explicit receiver(asio::io_context& context)
      : socket_(context, udp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

  asio::awaitable<void> run() {
    std::array<char, 1500> datagram{};
    for (;;) {
      bytes_ += co_await socket_.async_receive(asio::buffer(datagram), asio::use_awaitable);
      ++datagrams_;
    }
  }

  struct counts {
    std::uint64_t datagrams = 0, bytes = 0;
  };
  // Runs on the io_context, as run() does: so there is nothing to lock.
  asio::awaitable<counts> read() { co_return counts{datagrams_, bytes_}; }

  [[nodiscard]] std::uint16_t port() const { return socket_.local_endpoint().port(); }

 private:
  udp::socket socket_;
  std::uint64_t datagrams_ = 0, bytes_ = 0;
};

// A handler on a worker of the server; it awaits what runs on the program's io_context.
tacit::sched::task<> answer(tacit::http::context& c, receiver& from, asio::io_context& where) {
  const auto counts = co_await tacit::io::as_task(from.read(), where.get_executor());
  c.json({{"datagrams", counts.datagrams}, {"bytes", counts.bytes}});
}

int main(int argc, char** argv) {
  asio::io_context context(1);  // The program's own: one thread runs it, which is main's.
  asio::signal_set signals(context, SIGTERM, SIGINT);
  receiver datagrams(context);
  asio::co_spawn(context, datagrams.run(), asio::detached);

  tacit::server::server app({.listen = argc > 1 ? argv[1] : "127.0.0.1:8080"});
  app.get("/datagrams", [&](tacit::http::context& c) { return answer(c, datagrams, context); });
  // start() and stop(), not run(): this program has its own way of handling signals.
  const auto started = app.start();
  if (const auto* failure = std::get_if<tacit::base::failure>(&started)) {
    std::fprintf(stderr, "%s\n", failure->message.c_str());
    return failure->exit_status();
  }
  std::printf("udp port %u\nlistening on %s\n", unsigned{datagrams.port()}, app.address().c_str());
  std::fflush(stdout);

  // A drain lets handlers end that wait for the io_context, so that one must go on meanwhile.
  std::jthread draining;
  signals.async_wait([&](auto, int) {
    draining = std::jthread([&] {
      app.stop();
      context.stop();
    });
  });
  context.run();
  return 0;
}
