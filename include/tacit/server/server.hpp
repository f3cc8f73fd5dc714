#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <tacit/base/error.hpp>
#include <tacit/http/context.hpp>
#include <tacit/http/handler.hpp>
#include <tacit/http/route_group.hpp>
#include <tacit/observe/metrics.hpp>
#include <tacit/server/options.hpp>

namespace tacit::server {

/// An HTTP server: routes, and the life from start to drain.
///
///     tacit::server::server app;
///     app.get("/", [](tacit::http::context& c) { c.text("Hello\n"); });
///     return app.run();
///
/// Routes are added as to any group: get(), post(), route(), ...; group() makes a group inside it,
/// and what is put around it by use() goes around every answer.
///
/// Besides the routes added, it answers /healthz, /readyz, /metrics, /debug/runtime,
/// /debug/scheduler, /debug/tasks and /debug/connections, unless these are added by the program
/// itself.
///
/// Threads:   add routes, start() and stop() from one thread; handlers run on the server's.
/// Lifetime:  one start() per server. The destructor stops it, cutting what is open.
class server : public http::route_group {
 public:
  explicit server(options with = {});
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Answers what no route matches, whatever its method.
  template <class Callable>
  void fallback(Callable handler) {
    set_fallback(http::make_handler(std::move(handler)));
  }

  /// Binds, and serves from then on. Failures: the address is malformed or taken, no threads to be
  /// had, what options.middleware asks for cannot be had.
  [[nodiscard]] std::variant<std::monostate, base::failure> start();

  /// "ADDRESS:PORT" as bound. Empty before start().
  [[nodiscard]] const std::string& address() const noexcept;

  /// Drains: takes no more connections, lets requests under way finish, and cuts what is left when
  /// the drain timeout is over. Returns how many connections were cut in the middle of a request.
  std::size_t stop();

  /// Makes a stop() that is under way on another thread cut at once.
  void cut() noexcept;

  /// Puts the limits and the drain and upgrade times of `next` into force; each connection takes
  /// the limits with its next request. Returns the keys of those settings that differ and stay as
  /// they are, because they cannot be changed while the server runs.
  std::vector<std::string> reload(const options& next);

  /// Where run() takes the settings from on SIGHUP. Without it, SIGHUP is left alone.
  void on_reload(std::function<std::variant<options, base::failure>()> read_settings);

  /// start(), prints "listening on ADDRESS:PORT" to stdout, and serves until a signal ends it:
  ///
  /// - SIGTERM, SIGINT: stop(). A second one cuts.
  /// - SIGHUP: reload() what on_reload() gives; if that is a failure, it is logged and nothing
  ///   changes.
  /// - SIGUSR2: starts the program anew, hands the listening socket over, and stops once the new
  ///   process serves. If it does not, this one serves on.
  ///
  /// Listens on the socket that systemd gives, if it does, and tells it when it is ready, reloads,
  /// stops and is alive (sd_notify). Returns the exit status: 0, 1 if it could not start or
  /// requests were cut, 2 if the options are wrong. Call it from main before other threads are
  /// started: it blocks these signals and changes the environment.
  int run();

  /// For metrics of the program's own; /metrics prints them. Add before start().
  [[nodiscard]] observe::metrics& metrics() noexcept;

 private:
  class state;
  friend class lifecycle;
  explicit server(std::unique_ptr<state> with);
  void use_middleware(const middleware_options& wanted);
  void set_fallback(http::handler handler);

  std::unique_ptr<state> state_;
};

}  // namespace tacit::server
