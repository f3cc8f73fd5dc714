#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/loopback_listener.hpp"

namespace tacit::support {

/// One connection of a scripted_origin, as its script sees it. Blocking; every wait ends after
/// `patience`.
class conversation {
 public:
  explicit conversation(int fd) noexcept : fd_(fd) {}
  conversation(const conversation&) = delete;
  conversation& operator=(const conversation&) = delete;
  ~conversation();

  /// The next request, with the body that its Content-Length announces; empty if the peer closes.
  std::string take_request();
  void say(std::string_view text) const;
  void say_byte_by_byte(std::string_view text) const;
  /// Waits until the peer closes.
  void await_end();
  /// Ends the connection by a reset.
  void reset() const;
  /// Ends both directions, and with that every wait.
  void hang_up() const;

 private:
  bool receive();

  int fd_;
  std::string received_;
};

/// A server that knows a script for each connection: the first for the first one, and so on, the
/// last one for all further ones. Each runs on a thread of its own.
///
/// Lifetime: the destructor hangs up, and waits for the scripts.
class scripted_origin {
 public:
  using script = std::function<void(conversation&)>;

  explicit scripted_origin(std::vector<script> scripts);
  scripted_origin(const scripted_origin&) = delete;
  scripted_origin& operator=(const scripted_origin&) = delete;
  ~scripted_origin();

  [[nodiscard]] std::string url(std::string_view path = "/") const;
  [[nodiscard]] std::size_t accepted() const noexcept { return accepted_; }

 private:
  void accept();
  void converse(int fd, const script& how);

  const std::vector<script> scripts_;
  loopback_listener listener_{128};
  std::atomic<std::size_t> accepted_{0};
  std::mutex mutex_;
  bool is_over_ = false;                        // Guarded by mutex_.
  std::vector<const conversation*> under_way_;  // Guarded by mutex_.
  std::vector<std::thread> conversations_;      // Of the accepting thread, until it has ended.
  std::thread accepting_;
};

}  // namespace tacit::support
