#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <tacit/base/atomic.hpp>
#include <tacit/io/unique_fd.hpp>
#include <tacit/observe/metrics.hpp>
#include <tacit/server/server.hpp>

#include "server/notify_socket.hpp"
#include "server/server_state.hpp"
#include "server/successor.hpp"

namespace tacit::server {

/// Runs a server from start to end, as signals say: what server::run() does.
///
/// One thread waits for signals, for a successor, for the watchdog's time and for the end of a
/// drain, which runs on a thread of its own. So all of these are answered at any time.
class lifecycle {
 public:
  lifecycle(server& app, server::state& of);
  ~lifecycle();
  lifecycle(const lifecycle&) = delete;
  lifecycle& operator=(const lifecycle&) = delete;

  /// The exit status.
  int run();

 private:
  using steady_time = std::chrono::steady_clock::time_point;

  [[nodiscard]] std::optional<base::failure> start();
  void announce();
  void wait();
  [[nodiscard]] int wait_ms() const;
  void handle_signals();
  void reload();
  void upgrade();
  void look_after_successor();
  void stop(queued_connections what);
  void keep_watchdog();
  [[nodiscard]] bool is_alive();

  server& app_;
  server::state& state_;
  const std::string executable_;
  notify_socket supervisor_;
  const std::optional<std::chrono::microseconds> watchdog_period_;
  steady_time next_watchdog_{};
  std::shared_ptr<base::atomic<bool>> probe_;  // Set by the coroutine that was asked last.

  io::unique_fd signals_;
  std::optional<successor> successor_;

  base::thread drain_;
  io::unique_fd drained_;  // Readable once drain_ has done.
  std::size_t lost_ = 0;   // Written by drain_.
  bool is_over_ = false;

  observe::counter reloads_ok_, reloads_refused_, upgrades_ok_, upgrades_failed_;
};

}  // namespace tacit::server
