#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include <tacit/io/reactor.hpp>
#include <tacit/observe/log.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>

#include "http/serve_connection.hpp"
#include "io/listener.hpp"
#include "io/tcp_stream.hpp"
#include "server/mode.hpp"
#include "server/scheduler_report.hpp"

namespace tacit::server {
namespace {

// After all connections have left, their coroutines still have a few steps to go.
constexpr std::chrono::seconds last_steps_timeout{5};

using connection_count = base::atomic<std::uint32_t>;

// One connection's place on a worker. Taken when it is placed, not when its coroutine runs: of many
// that are accepted in a row none has run yet.
class place_on {
 public:
  explicit place_on(connection_count& taken) noexcept : taken_(&taken) {
    taken.fetch_add(1, base::memory_order_relaxed);
  }
  place_on(place_on&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
  place_on& operator=(place_on&&) = delete;
  ~place_on() {
    if (taken_) taken_->fetch_sub(1, base::memory_order_relaxed);
  }

 private:
  connection_count* taken_;
};

sched::task<> serve(const mode_environment& environment, io::unique_fd fd, io::reactor& on,
                    [[maybe_unused]] place_on place, [[maybe_unused]] admission::ticket admitted) {
  io::tcp_stream stream(std::move(fd), on);
  co_await http::serve_connection(environment.service, stream, environment.connections);
}

sched::scheduler_options options_of(const options& settings) {
  sched::scheduler_options out;
  out.workers = settings.workers;
  out.memory = settings.memory;
  out.stealing = settings.stealing;
  out.spare_workers = settings.spare_workers;
  out.stall_bound = settings.stall_bound;
  out.on_stall = [](const sched::stall& seen) {
    observe::log(observe::severity::warning, to_line(seen));
  };
  return out;
}

class coroutine_mode final : public mode {
 public:
  explicit coroutine_mode(const mode_environment& environment)
      : environment_(environment),
        scheduler_(io::with_reactors(options_of(environment.settings))),
        placed_(scheduler_.workers()) {}

  void start_accepting() override {
    listener_.emplace(environment_.socket, reactor_of(0));
    io::listener::receiver to;
    to.place = [this](io::accepted one) { place(std::move(one)); };
    to.exhausted = [this] { environment_.entrance.count_exhausted(); };
    to.refuse = [this](io::unique_fd fd) {
      environment_.entrance.refuse_for_descriptors(std::move(fd));
    };
    accepting_ = scheduler_.spawn(listener_->accept(std::move(to)), {.name = "accept"});
  }

  void stop_accepting(queued_connections what) override {
    if (!listener_) return;
    listener_->stop(what == queued_connections::taken);
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
  [[nodiscard]] sched::scheduler* scheduler() noexcept override { return &scheduler_; }

 private:
  [[nodiscard]] static sched::task<> join(sched::join_handle<> handle) {
    co_await std::move(handle);
  }

  [[nodiscard]] io::reactor& reactor_of(std::uint32_t worker) noexcept {
    return static_cast<io::reactor&>(scheduler_.poller_of(worker));
  }

  // On the worker with the fewest, before its reactor sees it. The coroutine runs here up to its
  // first wait, which the other worker's reactor then ends: that costs no wake-up.
  void place(io::accepted one) {
    std::optional<admission::ticket> admitted = environment_.entrance.admit(one);
    if (!admitted) return;
    const auto fewest = std::min_element(
        placed_.begin(), placed_.end(), [](const connection_count& a, const connection_count& b) {
          return a.load(base::memory_order_relaxed) < b.load(base::memory_order_relaxed);
        });
    io::reactor& on = reactor_of(static_cast<std::uint32_t>(fewest - placed_.begin()));
    scheduler_
        .spawn(serve(environment_, std::move(one.fd), on, place_on(*fewest), std::move(*admitted)),
               {.name = "connection"})
        .detach();
  }

  const mode_environment environment_;
  sched::scheduler scheduler_;
  std::vector<connection_count> placed_;  // Connections per worker.
  std::optional<io::listener> listener_;
  sched::join_handle<> accepting_;
};

void coroutine_mode::describe(nlohmann::json& into) const {
  into["workers"] = describe_workers(scheduler_);
  for (std::size_t i = 0; i < placed_.size(); ++i)
    into["workers"][i]["connections"] = placed_[i].load(base::memory_order_relaxed);
  into["injected_waiting"] = scheduler_.injected_waiting();
  into["tasks"] = scheduler_.live_roots();
}

}  // namespace

std::unique_ptr<mode> make_coroutine_mode(const mode_environment& environment) {
  return std::make_unique<coroutine_mode>(environment);
}

}  // namespace tacit::server
