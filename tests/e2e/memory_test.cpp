// A server with little memory: it refuses work where the kernel would kill it, and gives back what
// a flood has left.

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/memory_group.hpp"
#include "e2e/server_process.hpp"
#include "support/patience.hpp"

namespace tacit::e2e {
namespace {

using support::eventually;

constexpr std::uint64_t mib = 1 << 20;

// Connections that send without waiting, and read what comes only to tell what it was.
class crowd {
 public:
  explicit crowd(std::uint16_t port) : port_(port) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  ~crowd() { leave(); }
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  // What the socket does not take at once is left out.
  void add(const std::string& bytes) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    static_cast<void>(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to));
    sockets_.push_back(fd);
    send(fd, bytes);
  }

  void send_to_all(const std::string& bytes) {
    for (const int each : sockets_)
      send(each, bytes);
  }

  // How many have been answered 503 with Retry-After so far.
  std::size_t refused() {
    for (const int each : sockets_) {
      char text[512];
      const ssize_t count = ::recv(each, text, sizeof text, MSG_DONTWAIT);
      if (count <= 0) continue;
      const std::string_view answer(text, static_cast<std::size_t>(count));
      const bool is_refusal = answer.starts_with("HTTP/1.1 503") &&
                              answer.find("Retry-After: ") != std::string_view::npos;
      refused_ += is_refusal ? 1 : 0;
    }
    return refused_;
  }

  // How many have been answered, or closed.
  std::size_t ended() {
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      char byte = 0;
      const ssize_t count = ::recv(sockets_[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK);
      if (count >= 0 || errno == ECONNRESET) has_ended_.insert(i);
    }
    return has_ended_.size();
  }

  void leave() {
    for (const int each : sockets_)
      ::close(each);
    sockets_.clear();
  }

 private:
  static void send(int fd, const std::string& bytes) {
    static_cast<void>(::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  }

  const std::uint16_t port_;
  std::vector<int> sockets_;
  std::size_t refused_ = 0;
  std::set<std::size_t> has_ended_;
};

std::string begin_of_post(std::size_t announced, std::size_t sent) {
  return "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(announced) +
         "\r\n\r\n" + std::string(sent, 'x');
}

// 64 MiB, or as much room in more where the process takes much before it begins.
class little_memory : public every_cell {
 protected:
  void SetUp() override {
#ifdef TACIT_SANITIZED
    GTEST_SKIP() << "a sanitizer takes several times the memory for itself";
#endif
    auto made = memory_group::make(1024 * mib);
    if (const auto* why = std::get_if<std::string>(&made)) GTEST_SKIP() << *why;
    group_ = std::move(std::get<std::unique_ptr<memory_group>>(made));
    // A server at rest must be below 5/8 of its limit, as it goes on to refuse above. Under an
    // emulator an idle one takes tens of MiB, and all but one of them are the emulator's.
    limit_ = 64 * mib + charged_to_an_idle_server() * 8 / 5;
    limit_ -= limit_ % mib;
    ASSERT_TRUE(group_->set_limit(limit_));
  }

  // In the group from its first page on.
  [[nodiscard]] server_process serve_in_group(std::vector<std::string> more = {}) const {
    const memory_group::inside group(*group_);
    return serve(std::move(more));
  }

  // Refuses connections, or says so itself.
  [[nodiscard]] static bool is_ready(const server_process& server) {
    return server.get("/readyz").status == 200;
  }

  std::unique_ptr<memory_group> group_;
  std::uint64_t limit_ = 0;

 private:
  [[nodiscard]] std::uint64_t charged_to_an_idle_server() const {
    const server_process server = serve_in_group();
    static_cast<void>(server.runtime());
    return group_->charged_bytes();
  }
};
TACIT_IN_EVERY_CELL(little_memory);

TEST_P(little_memory, is_found_and_told_with_the_file_that_says_so) {
  server_process server = serve_in_group();
  const nlohmann::json runtime = server.runtime();
  EXPECT_EQ(runtime.at("memory_limit").at("bytes"), limit_);
  EXPECT_EQ(runtime.at("memory_limit").at("from"), group_->limit_file().string());
  EXPECT_EQ(runtime.at("memory_budget").at("bytes"), limit_);
  EXPECT_EQ(runtime.at("memory_budget").at("pressure"), "none");
  const std::uint64_t less = limit_ - 16 * mib;
  ASSERT_TRUE(group_->set_limit(less));
  EXPECT_TRUE(eventually([&] { return server.runtime().at("memory_budget").at("bytes") == less; }));
  EXPECT_EQ(server.stop(), 0);
}

TEST_P(little_memory, a_crowd_with_large_bodies_is_refused_and_the_server_lives_and_recovers) {
  server_process server = serve_in_group();
  crowd flood(server.port());
  std::size_t refused = 0;
  bool was_off = false;
  const std::string piece(200'000, 'x');
  for (int round = 0; round < 20 && !(was_off && refused > 100); ++round) {
    for (int i = 0; i < 200; ++i)
      flood.add(begin_of_post(1'000'000, 20'000));
    flood.send_to_all(piece);
    refused = flood.refused();
    was_off = was_off || !is_ready(server);
  }
  EXPECT_TRUE(eventually([&] { return flood.refused() > 100; }));
  EXPECT_TRUE(was_off);
  ASSERT_TRUE(server.running());
  flood.leave();
  ASSERT_TRUE(eventually([&] { return is_ready(server); }));
  EXPECT_EQ(server.get("/plaintext").body, "Hello, World!");
  EXPECT_GT(server.runtime().at("memory_budget").at("shed"), 100);
  EXPECT_EQ(server.stop(), 0);
  EXPECT_NE(server.errors().find("memory is short: "), std::string::npos);
  EXPECT_NE(server.errors().find("memory suffices again: "), std::string::npos);
}

TEST_P(little_memory, handlers_that_want_more_than_there_is_are_answered_503) {
  const server_process server = serve_in_group();
  const support::response answer = server.get("/churn?objects=1000&bytes=66000");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.field("Retry-After"), "1");
  EXPECT_TRUE(eventually([&] { return server.get("/plaintext").status == 200; }));
}

TEST_P(little_memory, many_who_churn_at_once_are_served_or_refused_and_nobody_is_killed) {
  server_process server = serve_in_group();
  crowd flood(server.port());
  for (int i = 0; i < 300; ++i)
    flood.add(get_request("/churn?objects=100&bytes=100000"));
  EXPECT_TRUE(eventually([&] { return flood.ended() == 300; }));
  EXPECT_TRUE(server.running());
  EXPECT_TRUE(eventually([&] { return is_ready(server); }));
}

TEST_P(little_memory, peers_that_do_not_read_cost_no_more_than_there_is) {
  server_process server = serve_in_group();
  crowd flood(server.port());
  for (int i = 0; i < 2'000; ++i)
    flood.add(get_request("/bytes/3000000"));
  EXPECT_TRUE(server.running());
  flood.leave();
  EXPECT_TRUE(eventually([&] { return is_ready(server); }));
}

// Only where memory is pooled: what the heap keeps is its own affair.
TEST(flooded_server, gives_its_memory_back) {
#ifdef TACIT_SANITIZED
  GTEST_SKIP() << "a sanitizer keeps what was freed";
#endif
  // A spare worker that a busy machine makes it call stays, and would be a part of what is left. So
  // would the table of function names that the report of a stall reads.
  const server_process server(
      {"coroutine", "arena"},
      {"--uncommit-delay-ms", "200", "--spare-workers", "0", "--stall-bound-ms", "0"});
  // Not asked of the server: one that is busy answering is not idle.
  const auto rss = [&] {
    std::ifstream in("/proc/" + std::to_string(server.pid()) + "/statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    in >> size >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  };
  EXPECT_EQ(server.get("/churn?objects=10&bytes=1000").status, 200);
  const std::uint64_t before = rss();
  {
    crowd flood(server.port());
    for (int i = 0; i < 100; ++i)
      flood.add(begin_of_post(1'000'000, 400'000));
    ASSERT_TRUE(eventually([&] { return rss() > before + 10 * mib; }));
  }
  EXPECT_TRUE(eventually([&] { return rss() < before + before / 5; }));
  const auto reclaim = [&] { return server.runtime().at("reclaim"); };
  EXPECT_TRUE(eventually([&] { return reclaim().at("returned_bytes") > 10 * mib; })) << reclaim();
  EXPECT_GT(reclaim().at("slices"), 10);
}

}  // namespace
}  // namespace tacit::e2e
