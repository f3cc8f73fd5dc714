// SIGUSR2: a new process takes the listening socket over, and nobody outside notices.

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include "e2e/server_process.hpp"
#include "support/patience.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::e2e {
namespace {

using support::eventually;
using support::raw_client;

// The server that took over. It becomes this process's child when its parent has ended.
class heir {
 public:
  explicit heir(pid_t pid) : pid_(pid) {}
  heir(const heir&) = delete;
  heir& operator=(const heir&) = delete;
  ~heir() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }

  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_;
};

struct adopts_orphans {
  adopts_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~adopts_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }
  adopts_orphans(const adopts_orphans&) = delete;
  adopts_orphans& operator=(const adopts_orphans&) = delete;
};

class upgrade : public every_cell {
 protected:
  static pid_t pid_of(const server_process& server) {
    return server.runtime().at("pid").get<pid_t>();
  }

  // Upgrades, and waits until the old one has ended.
  static pid_t hand_over(server_process& server) {
    server.signal(SIGUSR2);
    EXPECT_EQ(server.wait(), 0) << server.errors();
    return pid_of(server);
  }

  support::temporary_folder folder_;

 private:
  adopts_orphans adopts_;
};
TACIT_IN_EVERY_CELL(upgrade);

// A copy of the program in a place where it can be replaced.
class replaced_program : public testing::Test {
 protected:
  replaced_program() { std::filesystem::copy_file(program(), program_); }

  // As a deployment does it: another file under the same name.
  void replace_by(const std::string& script) const {
    std::filesystem::remove(program_);
    std::ofstream(program_) << "#!/bin/sh\n" << script << '\n';
    std::filesystem::permissions(program_, std::filesystem::perms::owner_all);
  }

  // Upgrades to what cannot serve: that is logged, and the old one serves on.
  static void expect_refused(support::process& running, const std::string& why) {
    running.signal(SIGUSR2);
    EXPECT_TRUE(eventually(
        [&] { return !running.running() || running.errors().find(why) != std::string::npos; }));
    EXPECT_TRUE(running.running()) << running.errors();
    running.signal(SIGTERM);
    EXPECT_EQ(running.wait(), 0);
  }

  support::temporary_folder folder_;
  std::string program_ = folder_.file("tacit");
};

TEST_P(upgrade, a_new_process_serves_on_the_same_port_and_the_old_one_ends) {
  server_process server = serve();
  heir next(hand_over(server));
  EXPECT_NE(next.pid(), server.pid());
  EXPECT_EQ(server.get("/readyz").status, 200);
  EXPECT_EQ(server.runtime().at("mode"), GetParam().mode) << "the same arguments";
  next.signal(SIGTERM);
  EXPECT_EQ(next.wait(), 0);
}

TEST_P(upgrade, a_request_under_way_is_finished_by_the_old_process) {
  server_process server = serve();
  raw_client slow = server.connect();
  slow.send(get_request("/sleep?ms=1500"));
  slow.await_read();
  server.signal(SIGUSR2);
  EXPECT_TRUE(eventually([&] { return pid_of(server) != server.pid(); }));
  const auto answer = slow.read_response();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Connection"), "close");
  EXPECT_EQ(server.wait(), 0);
  heir next(pid_of(server));
}

TEST_P(upgrade, no_request_is_lost_while_others_take_over) {
  server_process server = serve();
  std::atomic<bool> enough{false};
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      while (!enough) {
        raw_client client = server.connect();
        for (bool open = true; open && !enough;) {
          const auto answer = client.exchange(get_request("/plaintext"));
          ASSERT_EQ(answer.status, 200);
          ++answered;
          open = answer.field("Connection") != "close";
        }
      }
    });
  }
  const auto serve_some = [&] {
    const int before = answered;
    EXPECT_TRUE(eventually([&] { return answered > before + 100; }));
  };
  serve_some();
  pid_t last = hand_over(server);
  for (int i = 0; i < 2; ++i) {
    heir old(last);
    serve_some();
    old.signal(SIGUSR2);
    EXPECT_EQ(old.wait(), 0);
    last = pid_of(server);
  }
  heir next(last);
  serve_some();
  enough = true;
  for (std::thread& each : clients)
    each.join();
}

TEST_F(replaced_program, the_file_that_stands_at_the_path_now_is_run) {
  support::process started({program_, "serve", "--listen", "127.0.0.1:0"});
  static_cast<void>(started.await_line("listening on "));
  replace_by("exit 7");
  expect_refused(started, "it ended with status 7");
}

TEST_F(replaced_program, one_that_is_not_ready_in_time_is_ended) {
  const std::string config = folder_.write("config.json", R"({"upgrade_timeout_ms": 100})");
  support::process started({program_, "serve", "--listen", "127.0.0.1:0", "--config", config});
  static_cast<void>(started.await_line("listening on "));
  replace_by("exec sleep 1000");
  expect_refused(started, "it was not ready in time");
}

TEST_F(replaced_program, one_that_is_gone_is_reported) {
  support::process started({program_, "serve", "--listen", "127.0.0.1:0"});
  static_cast<void>(started.await_line("listening on "));
  std::filesystem::remove(program_);
  expect_refused(started, "it could not be run");
}

TEST_P(upgrade, one_that_cannot_start_changes_nothing) {
  const std::string config = folder_.write("config.json", "{}");
  server_process server = serve({"--config", config});
  static_cast<void>(folder_.write("config.json", R"({"workers": "many"})"));
  server.signal(SIGUSR2);
  EXPECT_TRUE(eventually([&] {
    EXPECT_TRUE(server.running());
    return server.errors().find("this process serves on") != std::string::npos;
  }));
  EXPECT_EQ(pid_of(server), server.pid());
  const std::string metrics = server.get("/metrics").body;
  EXPECT_NE(metrics.find("tacit_upgrades_total{result=\"failed\"} 1\n"), std::string::npos);
  EXPECT_EQ(server.stop(), 0);
}

TEST_F(replaced_program, another_address_in_the_settings_is_listened_on) {
  const adopts_orphans adopts;
  const std::string config = folder_.write("config.json", R"({"listen": "127.0.0.1:0"})");
  support::process started({program_, "serve", "--config", config});
  static_cast<void>(started.await_line("listening on 127.0.0.1:"));
  static_cast<void>(folder_.write("config.json", R"({"listen": "127.0.0.2:0"})"));
  started.signal(SIGUSR2);
  static_cast<void>(started.await_line("listening on 127.0.0.2:"));
  EXPECT_EQ(started.wait(), 0);
  const std::string told = "upgrading: process ";
  const auto at = started.errors().find(told);
  ASSERT_NE(at, std::string::npos) << started.errors();
  heir next(std::stoi(started.errors().substr(at + told.size())));
  next.signal(SIGTERM);
  EXPECT_EQ(next.wait(), 0);
}

}  // namespace
}  // namespace tacit::e2e
