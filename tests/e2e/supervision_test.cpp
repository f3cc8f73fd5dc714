// What systemd sees and gives: sockets, readiness, reloads, the watchdog. And SIGHUP without it.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "e2e/server_process.hpp"
#include "support/loopback_listener.hpp"
#include "support/patience.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::e2e {
namespace {

using support::eventually;
using support::raw_client;

constexpr auto npos = std::string::npos;

// Stands in for systemd: a datagram socket in a folder, named in the environment while this lives.
class supervisor {
 public:
  supervisor() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder_.file("notify");
    std::memcpy(address.sun_path, path.data(), path.size());
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot bind " + path);
    }
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~supervisor() {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    ::close(fd_);
  }
  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;

  /// Waits for the next message that holds `part`.
  std::string await(const std::string& part) const {
    for (;;) {
      pollfd waits{fd_, POLLIN, 0};
      const std::chrono::milliseconds limit = support::patience;
      if (::poll(&waits, 1, static_cast<int>(limit.count())) != 1) return "nothing with " + part;
      char text[1024];
      const ssize_t bytes = ::recv(fd_, text, sizeof text, 0);
      std::string message(text, static_cast<std::size_t>(std::max<ssize_t>(bytes, 0)));
      if (message.find(part) != npos) return message;
    }
  }

 private:
  support::temporary_folder folder_;
  int fd_;
};

class supervised : public every_cell {
 protected:
  [[nodiscard]] std::string write_config(const std::string& text) const {
    return folder_.write("config.json", text);
  }
  static std::string metric(const server_process& server, const std::string& name) {
    const std::string all = server.get("/metrics").body;
    const auto at = all.find("\n" + name + " ");
    return at == npos
               ? "none"
               : all.substr(at + name.size() + 2, all.find('\n', at + 1) - at - name.size() - 2);
  }

  support::temporary_folder folder_;
};
TACIT_IN_EVERY_CELL(supervised);

TEST_P(supervised, tells_when_it_is_ready_reloads_and_stops) {
  const supervisor systemd;
  server_process server = serve({"--config", write_config("{}")});
  EXPECT_NE(systemd.await("READY=1\n").find("STATUS="), npos);
  server.signal(SIGHUP);
  EXPECT_NE(systemd.await("RELOADING=1\n").find("MONOTONIC_USEC="), npos);
  EXPECT_NE(systemd.await("READY=1\n").find("STATUS=serving"), npos);
  static_cast<void>(write_config("{"));
  server.signal(SIGHUP);
  EXPECT_NE(systemd.await("READY=1\n").find("settings refused"), npos);
  server.signal(SIGTERM);
  EXPECT_NE(systemd.await("STOPPING=1\n").find("STATUS="), npos);
  EXPECT_EQ(server.wait(), 0);
}

TEST_P(supervised, feeds_the_watchdog) {
  ::setenv("WATCHDOG_USEC", "20000", 1);
  const supervisor systemd;
  server_process server = serve();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(systemd.await("WATCHDOG=1\n"), "WATCHDOG=1\n");
  EXPECT_EQ(server.stop(), 0);
}

TEST_P(supervised, tells_who_is_the_main_process_after_an_upgrade) {
  const supervisor systemd;
  server_process server = serve();
  static_cast<void>(systemd.await("READY=1\n"));
  server.signal(SIGUSR2);
  const std::string told = systemd.await("MAINPID=");
  EXPECT_EQ(server.wait(), 0);
  const auto next = server.runtime().at("pid").get<pid_t>();
  EXPECT_EQ(told, "MAINPID=" + std::to_string(next) + "\n");
  ::kill(next, SIGTERM);
  // Not this process's child, so that its end is seen from outside.
  EXPECT_NE(systemd.await("STOPPING=1\n").find("STATUS="), npos);
}

TEST_P(supervised, serves_on_the_socket_that_it_is_given) {
  const support::loopback_listener socket(16);
  const std::uint16_t port = socket.port();
  const int given = ::dup(socket.fd());  // Not closed on exec.
  const std::string command =
      "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=tacit.socket exec \"$@\" 3<&" +
      std::to_string(given);
  support::process server({"/bin/bash", "-c", command, "bash", program(), "serve", "--mode",
                           GetParam().mode, "--memory", GetParam().memory});
  ::close(given);
  EXPECT_EQ("127.0.0.1:" + std::to_string(port), server.await_line("listening on "));
  EXPECT_EQ(raw_client(port).exchange(get_request("/plaintext")).status, 200);
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_NO_THROW(raw_client(port).send("x")) << "it waits in the queue for the next process";
}

TEST_P(supervised, what_it_cannot_listen_on_is_refused) {
  support::process server({"/bin/bash", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3</dev/null",
                           "bash", program(), "serve"});
  EXPECT_EQ(server.wait(), 1);
  EXPECT_NE(server.errors().find("descriptor 3 was given to listen on"), npos) << server.errors();
}

TEST_P(supervised, new_limits_hold_for_connections_that_are_open) {
  server_process server = serve({"--config", write_config("{}")});
  raw_client client = server.connect();
  EXPECT_EQ(client.exchange(get_request("/plaintext?345678901234")).status, 200);
  static_cast<void>(write_config(R"({"limits": {"target_bytes_max": 20}})"));
  server.signal(SIGHUP);
  EXPECT_TRUE(eventually(
      [&] { return metric(server, "tacit_config_reloads_total{result=\"ok\"}") == "1"; }));
  EXPECT_EQ(client.exchange(get_request("/plaintext?345678901234")).status, 414);
  EXPECT_EQ(server.stop(), 0);
}

TEST_P(supervised, bad_settings_are_refused_and_the_old_ones_stay) {
  server_process server = serve({"--config", write_config(R"({"limits": {"fields_max": 3}})")});
  static_cast<void>(write_config("{\n \"limits\": {\"fields_max\": 5, \"filds\": 1}}"));
  server.signal(SIGHUP);
  EXPECT_TRUE(eventually(
      [&] { return metric(server, "tacit_config_reloads_total{result=\"refused\"}") == "1"; }));
  EXPECT_EQ(server.exchange(get_request("/plaintext", "A: 1\r\nB: 2\r\nC: 3\r\n")).status, 431);
  EXPECT_EQ(server.stop(), 0);
  EXPECT_NE(server.errors().find("config.json:2: unknown key 'limits.filds'"), npos)
      << server.errors();
}

TEST_P(supervised, what_cannot_change_while_it_runs_is_named) {
  server_process server = serve({"--config", write_config("{}")});
  static_cast<void>(write_config(R"({"spare_workers": 3, "stall_bound_ms": 7})"));
  server.signal(SIGHUP);
  EXPECT_TRUE(eventually(
      [&] { return metric(server, "tacit_config_reloads_total{result=\"ok\"}") == "1"; }));
  EXPECT_EQ(server.stop(), 0);
  EXPECT_NE(server.errors().find("restart: spare_workers, stall_bound_ms"), npos)
      << server.errors();
}

}  // namespace
}  // namespace tacit::e2e
