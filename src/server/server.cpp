#include <tacit/server/server.hpp>

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <system_error>

#include <tacit/base/atomic.hpp>
#include <tacit/http/service.hpp>
#include <tacit/io/listening_socket.hpp>
#include <tacit/observe/log.hpp>

#include "http/connection_set.hpp"
#include "server/admission.hpp"
#include "server/debug_routes.hpp"
#include "server/mode.hpp"

namespace tacit::server {

class server::state {
 public:
  explicit state(options with)
      : settings(std::move(with)), service(metrics), entrance(service, connections, metrics) {
    service.limits = settings.limits;
    service.memory = settings.memory;
  }

  options settings;
  observe::metrics metrics;
  http::service service;
  http::connection_set connections;
  admission entrance;
  base::atomic<bool> ready{true};  // What /readyz says.
  std::optional<io::listening_socket> socket;
  std::unique_ptr<mode> running;
  std::string address;
  bool has_stragglers = false;  // Threads that may still use this state.
};

server::server(options with) : state_(std::make_unique<state>(std::move(with))) {}

server::~server() {
  if (state_->running && !state_->has_stragglers) {
    state_->settings.drain_delay = std::chrono::milliseconds(0);
    state_->settings.drain_timeout = std::chrono::milliseconds(0);
    stop();
  }
  // A thread cannot be ended from outside; what it uses is given up instead.
  if (state_->has_stragglers) static_cast<void>(state_.release());
}

void server::add(http::method on, std::string_view pattern, http::handler handler) {
  state_->service.router.add(on, pattern, std::move(handler));
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

std::variant<std::monostate, base::failure> server::start() {
  state& s = *state_;
  auto opened = io::listening_socket::open(s.settings.listen);
  if (auto* failure = std::get_if<base::failure>(&opened)) return *failure;
  s.socket.emplace(std::move(std::get<io::listening_socket>(opened)));
  s.address = s.socket->address();
  add_debug_routes(s.service.router, {s.settings, s.service, s.connections, s.metrics, s.entrance,
                                      s.ready, s.running});
  const mode_environment environment{s.settings, s.service, s.connections, *s.socket, s.entrance};
  try {
    s.running = s.settings.mode == threading::coroutine ? make_coroutine_mode(environment)
                                                        : make_thread_mode(environment);
    s.running->start_accepting();
  } catch (const std::system_error& error) {
    return base::failure{std::string("cannot start the server's threads: ") + error.what()};
  }
  return {};
}

// Peers that ask /readyz learn first; then every answer is its connection's last one, for long
// enough that those who send often see it; only then are connections closed that wait.
std::size_t server::stop() {
  state& s = *state_;
  if (!s.running || s.has_stragglers) return 0;
  s.ready.store(false, base::memory_order_relaxed);
  s.connections.wait_for_cut(s.settings.drain_delay);
  const auto deadline = std::chrono::steady_clock::now() + s.settings.drain_timeout;
  s.connections.drain();
  s.running->stop_accepting(queued_connections::taken);
  // Closed only now: until here the kernel queued newcomers, and from here it refuses them.
  s.socket.reset();
  s.connections.wait_until_empty(std::min(s.settings.drain_idle, s.settings.drain_timeout));
  s.connections.close_idle();
  if (!s.connections.wait_until_empty(deadline - std::chrono::steady_clock::now()))
    s.connections.cut();
  if (const std::size_t left = s.running->finish(); left != 0) {
    s.has_stragglers = true;
    observe::log(observe::severity::warning,
                 std::to_string(left) + " threads were still in a handler when the server stopped");
  } else {
    s.running.reset();
  }
  return s.connections.cut_under_way();
}

void server::cut() noexcept {
  state_->connections.cut();
}

int server::run() {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGTERM);
  sigaddset(&awaited, SIGINT);
  pthread_sigmask(SIG_BLOCK, &awaited, nullptr);

  const auto started = start();
  if (const auto* failure = std::get_if<base::failure>(&started)) {
    std::fprintf(stderr, "tacit: %s\n", failure->message.c_str());
    return failure->exit_status();
  }
  std::printf("listening on %s\n", address().c_str());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&awaited, &signal);
  observe::log(observe::severity::info, "draining; a second signal cuts");
  base::atomic<bool> drained{false};
  base::thread second_signal([&] {
    int again = 0;
    sigwait(&awaited, &again);
    if (drained.load(base::memory_order_acquire)) return;
    cut();
  });
  const std::size_t lost = stop();
  drained.store(true, base::memory_order_release);
  pthread_kill(second_signal.native_handle(), SIGTERM);
  second_signal.join();
  if (lost != 0) {
    observe::log(observe::severity::warning,
                 std::to_string(lost) + " connections were cut in the middle of a request");
  }
  return lost != 0 ? 1 : 0;
}

}  // namespace tacit::server
