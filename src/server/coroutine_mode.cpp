#include <algorithm>
#include <chrono>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <tacit/io/reactor.hpp>
#include <tacit/observe/log.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sched/scheduler.hpp>

#include "http/request_label.hpp"
#include "http/serve_connection.hpp"
#include "io/listener.hpp"
#include "io/tcp_stream.hpp"
#include "server/mode.hpp"
#include "server/scheduler_report.hpp"

namespace tacit::server {
namespace {

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

// A connection from its placing to its end. While it sleeps this is all there is of it: no
// coroutine refers to it then, and the stream tells when something has come.
//
// Lifetime: its own. It is deleted by the coroutine that has served it to its end.
class peer final : io::arrival_listener {
 public:
  peer(const mode_environment& environment, sched::scheduler& scheduler,
       base::atomic<std::size_t>& asleep, io::unique_fd fd, io::reactor& on, place_on place,
       admission::ticket admitted)
      : environment_(environment),
        scheduler_(scheduler),
        asleep_(asleep),
        place_(std::move(place)),
        admitted_(std::move(admitted)),
        stream_(std::move(fd), on),
        record_(environment.connections, stream_) {}

  // Takes the object over.
  void start() { scheduler_.spawn(serve(this), {.name = "connection"}).detach(); }

 private:
  static sched::task<> serve(peer* self) {
    const mode_environment& environment = self->environment_;
    const auto delay = environment.settings.idle_release_delay;
    // Where requests are to take their memory from the heap, a connection keeps its own.
    if (environment.settings.memory == memory::mode::heap) {
      co_await http::serve_connection(environment.service, self->stream_, self->record_);
    } else {
      const auto patience = delay.count() == 0 ? io::stream::no_timeout : delay;
      while (co_await http::serve_until_idle(environment.service, self->stream_, self->stream_,
                                             self->record_, patience)) {
        if (self->fall_asleep()) co_return;
      }
    }
    delete self;
  }

  // After true it may be awake again, and gone.
  bool fall_asleep() noexcept {
    asleep_.fetch_add(1, base::memory_order_relaxed);
    if (stream_.listen(*this)) return true;
    asleep_.fetch_sub(1, base::memory_order_relaxed);
    return false;
  }

  // The coroutine is counted among the scheduler's before the connection is not among the sleepers.
  void on_arrival() noexcept override {
    auto& asleep = asleep_;
    try {
      start();
    } catch (const std::bad_alloc&) {
      delete this;
    }
    asleep.fetch_sub(1, base::memory_order_release);
  }

  const mode_environment& environment_;
  sched::scheduler& scheduler_;
  base::atomic<std::size_t>& asleep_;
  place_on place_;
  admission::ticket admitted_;
  io::tcp_stream stream_;
  http::connection_record record_;
};

sched::scheduler_options options_of(const mode_environment& environment) {
  const options& settings = environment.settings;
  sched::scheduler_options out;
  out.workers = settings.workers;
  out.memory = settings.memory;
  out.stealing = settings.stealing;
  out.spare_workers = settings.spare_workers;
  out.stall_bound = settings.stall_bound;
  out.uncommit_delay = settings.uncommit_delay;
  out.keep_memory = [&keeper = environment.keeper](base::steady_time now, bool is_quiet) {
    return keeper.keep(now, is_quiet);
  };
  out.starts_whole = false;
  out.record_pauses = settings.pause_recorder;
  out.name_request = [](std::uint64_t number) {
    const auto request = http::request_label::find(number);
    return request ? request->to_string() : std::string();
  };
  out.on_stall = [](const sched::stall& seen) {
    observe::log(observe::severity::warning, to_line(seen));
  };
  return out;
}

class coroutine_mode final : public mode {
 public:
  explicit coroutine_mode(const mode_environment& environment)
      : environment_(environment),
        scheduler_(io::with_reactors(options_of(environment))),
        placed_(scheduler_.workers_max()) {}

  void start_accepting() override {
    listener_.emplace(environment_.socket, reactor_of(0));
    io::listener::receiver to;
    to.place = [this](io::accepted one) { place(std::move(one)); };
    to.is_paused = [this] { return environment_.entrance.is_paused(); };
    to.exhausted = [this] { environment_.entrance.count_exhausted(); };
    to.refuse = [this](io::unique_fd fd) {
      environment_.entrance.refuse_for_descriptors(std::move(fd));
    };
    accepting_ = scheduler_.spawn(listener_->accept(std::move(to)), {.name = "accept"});
  }

  void complete() override { scheduler_.complete(&environment_.keeper.groups()); }

  void stop_accepting(queued_connections what) override {
    if (!listener_) return;
    listener_->stop(what == queued_connections::taken);
    sched::block_on(join(std::exchange(accepting_, {})));
    listener_.reset();
  }

  std::size_t finish() override {
    await_sleepers();
    const std::size_t left = scheduler_.stop(last_steps_timeout);
    if (left != 0) {
      observe::log(observe::severity::warning,
                   std::to_string(left) + " coroutines had not ended when the server stopped");
    }
    return 0;  // No thread is left to resume them.
  }

  void describe(nlohmann::json& into) const override;
  [[nodiscard]] sched::scheduler* scheduler() noexcept override { return &scheduler_; }
  [[nodiscard]] const observe::pause_recorder* pauses() const noexcept override {
    return scheduler_.pauses();
  }

 private:
  // Those that were cut have not all noticed yet.
  void await_sleepers() const {
    const auto until = std::chrono::steady_clock::now() + last_steps_timeout;
    while (asleep_.load(base::memory_order_acquire) != 0 &&
           std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

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
    const auto end = placed_.begin() + scheduler_.workers();
    const auto fewest = std::min_element(
        placed_.begin(), end, [](const connection_count& a, const connection_count& b) {
          return a.load(base::memory_order_relaxed) < b.load(base::memory_order_relaxed);
        });
    io::reactor& on = reactor_of(static_cast<std::uint32_t>(fewest - placed_.begin()));
    (new peer(environment_, scheduler_, asleep_, std::move(one.fd), on, place_on(*fewest),
              std::move(*admitted)))
        ->start();
  }

  const mode_environment environment_;
  sched::scheduler scheduler_;
  std::vector<connection_count> placed_;  // Connections per worker.
  base::atomic<std::size_t> asleep_{0};   // Connections without a coroutine.
  std::optional<io::listener> listener_;
  sched::join_handle<> accepting_;
};

void coroutine_mode::describe(nlohmann::json& into) const {
  into["workers"] = describe_workers(scheduler_);
  for (std::size_t i = 0; i < into["workers"].size(); ++i)
    into["workers"][i]["connections"] = placed_[i].load(base::memory_order_relaxed);
  into["injected_waiting"] = scheduler_.injected_waiting();
  into["tasks"] = scheduler_.live_roots();
  into["asleep"] = asleep_.load(base::memory_order_relaxed);
}

}  // namespace

std::unique_ptr<mode> make_coroutine_mode(const mode_environment& environment) {
  return std::make_unique<coroutine_mode>(environment);
}

}  // namespace tacit::server
