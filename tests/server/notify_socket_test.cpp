#include "server/notify_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "support/temporary_folder.hpp"

namespace tacit::server {
namespace {

// What the other side of the socket gets. `name` is as in NOTIFY_SOCKET.
class listening_supervisor {
 public:
  explicit listening_supervisor(const std::string& name)
      : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    if (name.starts_with('@')) address.sun_path[0] = 0;
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), bytes), 0);
  }
  [[nodiscard]] std::string next() const {
    char text[512];
    const ssize_t n = ::recv(fd_.get(), text, sizeof text, 0);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(n, 0))};
  }

 private:
  io::unique_fd fd_;
};

TEST(notify_socket, writes_to_a_path_and_to_an_abstract_name) {
  const support::temporary_folder folder;
  const std::string abstract = "@tacit-notify-test-" + std::to_string(::getpid());
  for (const std::string& name : {folder.file("notify"), abstract}) {
    const listening_supervisor there(name);
    notify_socket here(name);
    here.ready();
    EXPECT_EQ(there.next(), "READY=1\nSTATUS=serving\n");
    here.main_process(7);
    EXPECT_EQ(there.next(), "MAINPID=7\n");
    here.reloading();
    EXPECT_EQ(there.next().substr(0, 27), "RELOADING=1\nMONOTONIC_USEC=");
    here.reloaded("refused: line 1\nREADY=0");
    EXPECT_EQ(there.next(), "READY=1\nSTATUS=refused: line 1\n") << "one line, whatever it says";
    here.stopping();
    here.alive();
    EXPECT_EQ(there.next(), "STOPPING=1\nSTATUS=draining\n");
    EXPECT_EQ(there.next(), "WATCHDOG=1\n");
  }
}

TEST(notify_socket, does_nothing_where_nobody_wants_to_know) {
  notify_socket nobody("");
  EXPECT_FALSE(nobody.is_wanted());
  nobody.ready();
  notify_socket too_long("/" + std::string(500, 'x'));
  EXPECT_FALSE(too_long.is_wanted());
  notify_socket gone("/nowhere/at/all");
  gone.ready();  // Logged, and no more.
}

TEST(notify_socket, the_watchdog_is_fed_twice_as_often_as_it_asks) {
  ::unsetenv("WATCHDOG_PID");
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(watchdog_period(), std::chrono::microseconds(1'500'000));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(watchdog_period(), std::chrono::microseconds(1'500'000));
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(watchdog_period(), std::nullopt) << "it is another process's";
  ::unsetenv("WATCHDOG_PID");
  for (const char* wrong : {"", "x", "0", "-5", "1 s"}) {
    ::setenv("WATCHDOG_USEC", wrong, 1);
    EXPECT_EQ(watchdog_period(), std::nullopt) << wrong;
  }
  ::unsetenv("WATCHDOG_USEC");
  EXPECT_EQ(watchdog_period(), std::nullopt);
}

}  // namespace
}  // namespace tacit::server
