#include "io/acceptor.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <variant>
#include <vector>

#include <tacit/io/listening_socket.hpp>

namespace tacit::io {
namespace {

using outcome = acceptor::outcome;

listening_socket open_any(const char* address = "127.0.0.1:0") {
  auto opened = listening_socket::open(address);
  return std::move(std::get<listening_socket>(opened));
}

unique_fd connect_to(const listening_socket& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  getsockname(socket.fd(), any, &size);
  unique_fd fd(::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(fd.get(), any, size), 0) << errno;
  return fd;
}

// The process can open nothing further while this lives.
class no_descriptors_left {
 public:
  no_descriptors_left() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next);
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~no_descriptors_left() { setrlimit(RLIMIT_NOFILE, &before_); }
  no_descriptors_left(const no_descriptors_left&) = delete;
  no_descriptors_left& operator=(const no_descriptors_left&) = delete;

 private:
  rlimit before_{};
};

TEST(acceptor, takes_who_waits_and_says_when_nobody_does) {
  const listening_socket socket = open_any();
  acceptor from(socket.fd(), SOCK_CLOEXEC);
  accepted one;
  EXPECT_EQ(from.take(one), outcome::none);
  const unique_fd peer = connect_to(socket);
  EXPECT_EQ(from.take(one), outcome::taken);
  EXPECT_TRUE(one.fd);
  EXPECT_EQ(one.network, (std::uint64_t{1} << 32) | 0x7f000001);
  EXPECT_EQ(from.take(one), outcome::none);
}

TEST(acceptor, counts_an_ipv6_peer_by_its_64) {
  auto opened = listening_socket::open("[::1]:0");
  if (std::holds_alternative<base::failure>(opened)) GTEST_SKIP() << "no IPv6 here";
  const listening_socket socket = std::move(std::get<listening_socket>(opened));
  acceptor from(socket.fd(), SOCK_CLOEXEC);
  const unique_fd peer = connect_to(socket);
  accepted one;
  ASSERT_EQ(from.take(one), outcome::taken);
  EXPECT_EQ(one.network, 0U) << "::/64, where ::1 is";
}

TEST(acceptor, pauses_longer_and_longer_and_recovers_at_once) {
  const listening_socket socket = open_any();
  acceptor from(socket.fd(), SOCK_CLOEXEC);
  std::vector<unique_fd> peers;
  for (int i = 0; i < 3; ++i)
    peers.push_back(connect_to(socket));
  int refused = 0;
  const auto refuse = [&](unique_fd fd) {
    EXPECT_TRUE(fd);
    ++refused;
  };
  accepted one;
  {
    const no_descriptors_left scarce;
    ASSERT_EQ(from.take(one), outcome::exhausted);
    EXPECT_EQ(from.get_over(refuse), acceptor::pause_min);
    EXPECT_EQ(refused, 0) << "it may be over in a moment";
    ASSERT_EQ(from.take(one), outcome::exhausted);
    EXPECT_EQ(from.get_over(refuse), 2 * acceptor::pause_min);
    EXPECT_EQ(refused, 3);
    for (int i = 0; i < 20; ++i)
      EXPECT_LE(from.get_over(refuse), acceptor::pause_max);
    EXPECT_EQ(from.get_over(refuse), acceptor::pause_max);
  }
  peers.push_back(connect_to(socket));
  EXPECT_EQ(from.take(one), outcome::taken);
  peers.push_back(connect_to(socket));
  const no_descriptors_left again;
  ASSERT_EQ(from.take(one), outcome::exhausted);
  EXPECT_EQ(from.get_over(refuse), acceptor::pause_min) << "the taken one ended the pauses";
}

TEST(listening_socket, adopts_what_listens_and_nothing_else) {
  const listening_socket made = open_any();
  auto adopted = listening_socket::adopt(unique_fd(::dup(made.fd())));
  ASSERT_TRUE(std::holds_alternative<listening_socket>(adopted));
  EXPECT_EQ(std::get<listening_socket>(adopted).address(), made.address());
  for (int wrong : {::socket(AF_INET, SOCK_STREAM, 0), ::dup(STDERR_FILENO), 999'999}) {
    const auto refused = listening_socket::adopt(unique_fd(wrong));
    const auto* failure = std::get_if<base::failure>(&refused);
    ASSERT_NE(failure, nullptr);
    EXPECT_NE(failure->message.find("to listen on"), std::string::npos) << failure->message;
  }
}

}  // namespace
}  // namespace tacit::io
