#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <tacit/io/unique_fd.hpp>

namespace tacit::server {

/// Tells systemd, or who speaks the same protocol, how the service is: sd_notify(3) without its
/// library. Does nothing where NOTIFY_SOCKET is not set.
///
/// Errors:  what cannot be sent is logged once; the service runs on.
/// Threads: one.
class notify_socket {
 public:
  /// A path, or an abstract name that starts with '@'. Empty: nobody wants to know.
  explicit notify_socket(std::string address);

  /// That of NOTIFY_SOCKET.
  [[nodiscard]] static notify_socket from_environment();

  [[nodiscard]] bool is_wanted() const noexcept { return !address_.empty(); }

  void ready() { send("READY=1\nSTATUS=serving\n"); }
  void reloading();

  /// The reload has ended; `status` is what systemctl shows.
  void reloaded(std::string_view status);
  void stopping() { send("STOPPING=1\nSTATUS=draining\n"); }
  void alive() { send("WATCHDOG=1\n"); }

  /// Another process is the service from now on.
  void main_process(long pid);

 private:
  void send(std::string_view state);

  std::string address_;
  io::unique_fd socket_;
  bool has_warned_ = false;
};

/// How often alive() is wanted at least: half of WATCHDOG_USEC, if that is set and meant for this
/// process.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_period();

}  // namespace tacit::server
