#pragma once

#include <cstdint>
#include <string>
#include <thread>

#include "support/loopback_listener.hpp"

namespace tacit::support {

/// A peer that knows one dialogue: it accepts one connection on a free port, reads
/// `expected_bytes`, sends `answer` byte by byte, and closes.
///
/// Lifetime: the destructor waits for the end of the dialogue.
class scripted_peer {
 public:
  scripted_peer(std::size_t expected_bytes, std::string answer);
  scripted_peer(const scripted_peer&) = delete;
  scripted_peer& operator=(const scripted_peer&) = delete;
  ~scripted_peer();

  [[nodiscard]] std::uint16_t port() const noexcept { return listener_.port(); }

  /// Waits for the end of the dialogue; what it read.
  [[nodiscard]] const std::string& heard();

 private:
  void converse(std::size_t expected_bytes, const std::string& answer);

  loopback_listener listener_{1};
  std::string heard_;
  std::thread thread_;
};

}  // namespace tacit::support
