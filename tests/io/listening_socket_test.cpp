#include <tacit/io/listening_socket.hpp>

#include <gtest/gtest.h>

namespace tacit::io {
namespace {

std::string refusal(std::string_view text) {
  const auto parsed = listen_address::parse(text);
  const auto* failure = std::get_if<base::failure>(&parsed);
  return failure ? failure->message : "";
}

TEST(listen_address, takes_addresses_of_both_families) {
  const auto v4 = std::get<listen_address>(listen_address::parse("127.0.0.1:8080"));
  EXPECT_EQ(v4.host, "127.0.0.1");
  EXPECT_EQ(v4.port, 8080);
  const auto v6 = std::get<listen_address>(listen_address::parse("[::1]:0"));
  EXPECT_EQ(v6.host, "::1");
  EXPECT_EQ(v6.port, 0);
  EXPECT_EQ(std::get<listen_address>(listen_address::parse(":80")).host, "");
}

TEST(listen_address, says_what_is_wrong_with_it) {
  EXPECT_NE(refusal("localhost").find("no port"), std::string::npos);
  EXPECT_NE(refusal("localhost:80").find("no IP address"), std::string::npos);
  EXPECT_NE(refusal("1.2.3.4:x").find("port"), std::string::npos);
  EXPECT_NE(refusal("1.2.3.4:65536").find("port"), std::string::npos);
  EXPECT_NE(refusal("1.2.3.4:").find("port"), std::string::npos);
  EXPECT_NE(refusal("::1:80").find("brackets"), std::string::npos);
}

TEST(listening_socket, tells_the_port_that_the_system_picked) {
  const auto opened = listening_socket::open("127.0.0.1:0");
  const auto& socket = std::get<listening_socket>(opened);
  EXPECT_TRUE(socket.address().starts_with("127.0.0.1:"));
  EXPECT_NE(socket.address(), "127.0.0.1:0");
}

TEST(listening_socket, names_the_address_that_is_taken) {
  const auto first = listening_socket::open("127.0.0.1:0");
  const std::string address = std::get<listening_socket>(first).address();
  const auto second = listening_socket::open(address);
  const auto& failure = std::get<base::failure>(second);
  EXPECT_NE(failure.message.find(address), std::string::npos);
  EXPECT_NE(failure.message.find("in use"), std::string::npos);
  EXPECT_EQ(failure.exit_status(), 1);
}

}  // namespace
}  // namespace tacit::io
