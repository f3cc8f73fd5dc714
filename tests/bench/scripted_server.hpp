#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "bench/endpoint.hpp"
#include "support/loopback_listener.hpp"

namespace tacit::bench {

/// What a scripted server does about one request.
struct reply {
  std::string bytes;    ///< Sent as they are; empty: says nothing.
  bool closes = false;  ///< Closes the connection after them.
  bool resets = false;  ///< Breaks it (RST) after them.
};

/// A server on a free port of 127.0.0.1 that answers as a function says: it gets the head of each
/// request, and how many came before it on the connection. Requests have no bodies.
class scripted_server {
 public:
  using script = std::function<reply(const std::string& head, std::size_t earlier)>;

  explicit scripted_server(script answers);
  ~scripted_server();
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  [[nodiscard]] endpoint address() const;
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }
  [[nodiscard]] std::uint64_t connections() const noexcept { return connections_; }

 private:
  struct peer {
    int fd;
    std::string received;
    std::size_t answered = 0;
  };

  void serve();
  [[nodiscard]] bool answer(peer& from);

  script answers_;
  support::loopback_listener listener_{1024};
  int wake_ = -1;
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> connections_{0};
  std::thread thread_;
};

/// A 200 with this body.
[[nodiscard]] std::string ok(const std::string& body);

}  // namespace tacit::bench
