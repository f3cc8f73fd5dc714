#include <tacit/server/server.hpp>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

#include <tacit/http/access_log.hpp>
#include <tacit/http/compression.hpp>
#include <tacit/http/cors.hpp>
#include <tacit/http/request_id.hpp>
#include <tacit/http/security_headers.hpp>
#include <tacit/observe/log.hpp>

#include "server/debug_routes.hpp"
#include "server/lifecycle.hpp"
#include "server/server_state.hpp"

namespace tacit::server {

namespace {

// What it takes at once. In thread mode that is stacks, the kernel's and its own.
std::size_t connection_bytes(threading mode) noexcept {
  return mode == threading::coroutine ? 12 * 1024 : 48 * 1024;
}

}  // namespace

server::state::state(options with)
    : settings(std::move(with)),
      service(metrics),
      entrance(service, connections, metrics, connection_bytes(settings.mode)),
      keeper(settings, service.budget, service, connections) {
  service.limits = settings.limits;
  service.memory = settings.memory;
}

server::server(options with) : server(std::make_unique<state>(std::move(with))) {}

server::server(std::unique_ptr<state> with)
    : http::route_group(with->service.router), state_(std::move(with)) {}

server::~server() {
  if (state_->running && !state_->has_stragglers) {
    state_->settings.drain_delay = std::chrono::milliseconds(0);
    state_->settings.drain_timeout = std::chrono::milliseconds(0);
    stop();
  }
  // A thread cannot be ended from outside; what it uses is given up instead.
  if (state_->has_stragglers) static_cast<void>(state_.release());
}

void server::set_fallback(http::handler handler) {
  state_->service.router.set_fallback(std::move(handler));
}

observe::metrics& server::metrics() noexcept {
  return state_->metrics;
}

const std::string& server::address() const noexcept {
  return state_->address;
}

void server::use_middleware(const middleware_options& wanted) {
  if (wanted.request_id) use(http::request_ids());
  if (wanted.access_log) use(http::access_log(*wanted.access_log, &state_->metrics));
  if (wanted.security_headers) use(http::security_headers());
  if (wanted.cors) use(http::cors(*wanted.cors));
  if (wanted.compression) use(http::compression(*wanted.compression));
}

std::variant<std::monostate, base::failure> server::start() {
  try {
    use_middleware(state_->settings.middleware);
  } catch (const std::exception& error) {
    return base::failure{error.what()};
  }
  return state_->start();
}

std::variant<std::monostate, base::failure> server::state::start() {
  if (auto opened = open_socket(); std::holds_alternative<base::failure>(opened)) return opened;
  address = socket->address();
  add_debug_routes(service.router,
                   {settings, service, connections, metrics, entrance, keeper, ready, running});
  const mode_environment environment{settings, service, connections, *socket, entrance, keeper};
  try {
    running = settings.mode == threading::coroutine ? make_coroutine_mode(environment)
                                                    : make_thread_mode(environment);
    running->start_accepting();
    std::this_thread::yield();  // Where there is one CPU, who accepts goes first.
    keeper.begin();
    running->complete();
  } catch (const std::system_error& error) {
    return base::failure{std::string("cannot start the server's threads: ") + error.what()};
  }
  return {};
}

// What systemd gives is taken whatever the settings say. What a predecessor gives is taken if the
// settings still say what it was opened for.
std::variant<std::monostate, base::failure> server::state::open_socket() {
  is_activated = inherited.socket && !inherited.configured;
  if (is_activated || (inherited.socket && inherited.configured == settings.listen)) {
    socket = std::move(inherited.socket);
    return {};
  }
  inherited.socket.reset();
  auto opened = io::listening_socket::open(settings.listen);
  if (auto* failure = std::get_if<base::failure>(&opened)) return std::move(*failure);
  socket.emplace(std::move(std::get<io::listening_socket>(opened)));
  return {};
}

std::size_t server::stop() {
  return state_->stop(queued_connections::taken);
}

// Peers that ask /readyz learn first; then every answer is its connection's last one, for long
// enough that those who send often see it; only then are connections closed that wait.
std::size_t server::state::stop(queued_connections what) {
  if (!running || has_stragglers) return 0;
  if (what == queued_connections::taken) {
    ready.store(false, base::memory_order_relaxed);
    connections.wait_for_cut(settings.drain_delay);
  }
  const auto deadline = std::chrono::steady_clock::now() + settings.drain_timeout;
  connections.drain();
  running->stop_accepting(what);
  // Closed only now: until here the kernel queued newcomers, and from here it refuses them.
  socket.reset();
  connections.wait_until_empty(std::min(settings.drain_idle, settings.drain_timeout));
  connections.close_idle();
  if (!connections.wait_until_empty(deadline - std::chrono::steady_clock::now())) connections.cut();
  if (const std::size_t left = running->finish(); left != 0) {
    has_stragglers = true;
    observe::log(observe::severity::warning,
                 std::to_string(left) + " threads were still in a handler when the server stopped");
  } else {
    running.reset();
  }
  return connections.cut_under_way();
}

void server::cut() noexcept {
  state_->connections.cut();
}

void server::on_reload(std::function<std::variant<options, base::failure>()> read_settings) {
  state_->read_settings = std::move(read_settings);
}

std::vector<std::string> server::reload(const options& next) {
  state& s = *state_;
  std::vector<std::string> fixed = fixed_differences(s.settings, next);
  s.settings.drain_delay = next.drain_delay;
  s.settings.drain_idle = next.drain_idle;
  s.settings.drain_timeout = next.drain_timeout;
  s.settings.upgrade_timeout = next.upgrade_timeout;
  s.settings.limits = next.limits;
  s.service.replace_limits(next.limits);
  return fixed;
}

int server::run() {
  return lifecycle(*this, *state_).run();
}

}  // namespace tacit::server
