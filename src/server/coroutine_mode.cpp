#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include <tacit/io/reactor.hpp>
#include <tacit/observe/log.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>

#include "http/connection.hpp"
#include "io/listener.hpp"
#include "io/tcp_stream.hpp"
#include "server/mode.hpp"

namespace tacit::server {
namespace {

// After all connections have left, their coroutines still have a few steps to go.
constexpr std::chrono::seconds last_steps_timeout{5};

sched::task<> serve(const mode_environment& environment, io::unique_fd fd, io::reactor& on) {
  io::tcp_stream stream(std::move(fd), on);
  co_await http::serve_connection(environment.service, stream, environment.connections);
}

class coroutine_mode final : public mode {
 public:
  explicit coroutine_mode(const mode_environment& environment)
      : environment_(environment),
        scheduler_(io::with_reactors({.workers = environment.settings.workers,
                                      .memory = environment.settings.memory,
                                      .make_poller = {}})) {}

  void start_accepting() override {
    listener_.emplace(environment_.socket, reactor_of(0));
    accepting_ =
        scheduler_.spawn(listener_->accept([this](io::unique_fd fd) { place(std::move(fd)); },
                                           [this] { environment_.refused.add(); }));
  }

  void stop_accepting() override {
    if (!listener_) return;
    listener_->stop();
    sched::block_on(join(std::exchange(accepting_, {})));
    listener_.reset();
  }

  std::size_t finish() override {
    const std::size_t left = scheduler_.stop(last_steps_timeout);
    if (left != 0) {
      observe::log(observe::severity::warning,
                   std::to_string(left) + " coroutines had not ended when the server stopped");
    }
    return 0;  // No thread is left to resume them.
  }

  void describe(nlohmann::json& into) const override;

 private:
  [[nodiscard]] static sched::task<> join(sched::join_handle<> handle) {
    co_await std::move(handle);
  }

  [[nodiscard]] io::reactor& reactor_of(std::uint32_t worker) noexcept {
    return static_cast<io::reactor&>(scheduler_.poller_of(worker));
  }

  // On the worker with the fewest, before its reactor sees it. The coroutine runs here up to its
  // first wait, which the other worker's reactor then ends: that costs no wake-up.
  void place(io::unique_fd fd) {
    if (environment_.connections.size() >= environment_.settings.limits.connections_max) {
      environment_.refused.add();
      return;
    }
    environment_.accepted.add();
    io::reactor* fewest = &reactor_of(0);
    for (std::uint32_t i = 1; i < scheduler_.workers(); ++i) {
      io::reactor& other = reactor_of(i);
      if (other.streams.load(base::memory_order_relaxed) <
          fewest->streams.load(base::memory_order_relaxed)) {
        fewest = &other;
      }
    }
    scheduler_.spawn(serve(environment_, std::move(fd), *fewest)).detach();
  }

  const mode_environment environment_;
  sched::scheduler scheduler_;
  std::optional<io::listener> listener_;
  sched::join_handle<> accepting_;
};

void coroutine_mode::describe(nlohmann::json& into) const {
  auto& workers = into["workers"] = nlohmann::json::array();
  for (std::uint32_t i = 0; i < scheduler_.workers(); ++i) {
    const sched::worker_statistics each = scheduler_.statistics(i);
    workers.push_back({{"queue_depth", each.queue_depth},
                       {"runs", each.runs},
                       {"steals", each.steals},
                       // No worker polls for another yet.
                       {"polls_stolen", 0},
                       {"parks", each.parks},
                       {"injected", each.injected},
                       {"overflows", each.overflows}});
  }
  into["injected_waiting"] = scheduler_.injected_waiting();
  into["tasks"] = scheduler_.live_roots();
}

}  // namespace

std::unique_ptr<mode> make_coroutine_mode(const mode_environment& environment) {
  return std::make_unique<coroutine_mode>(environment);
}

}  // namespace tacit::server
