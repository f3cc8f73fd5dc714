#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <tacit/base/atomic.hpp>
#include <tacit/http/service.hpp>
#include <tacit/io/listening_socket.hpp>
#include <tacit/server/server.hpp>

#include "http/connection_set.hpp"
#include "server/admission.hpp"
#include "server/inherited_socket.hpp"
#include "server/memory_keeper.hpp"
#include "server/mode.hpp"

namespace tacit::server {

/// What a server consists of.
class server::state {
 public:
  explicit state(options with);

  /// Serves on the socket that was inherited, if there is one that fits, else on its own.
  [[nodiscard]] std::variant<std::monostate, base::failure> start();

  /// Drains for good, or since another process serves from now on. Returns how many connections
  /// were cut in the middle of a request.
  std::size_t stop(queued_connections what);

  options settings;
  observe::metrics metrics;
  http::service service;
  http::connection_set connections;
  admission entrance;
  memory_keeper keeper;
  base::atomic<bool> ready{true};  ///< What /readyz says.
  inheritance inherited;
  std::optional<io::listening_socket> socket;
  bool is_activated = false;  ///< The socket was made by systemd.
  std::unique_ptr<mode> running;
  std::string address;
  bool has_stragglers = false;  ///< Threads that may still use this state.
  std::function<std::variant<options, base::failure>()> read_settings;

 private:
  [[nodiscard]] std::variant<std::monostate, base::failure> open_socket();
};

}  // namespace tacit::server
