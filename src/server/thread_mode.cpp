// One blocking thread per connection: the baseline. Codec, router and handlers are those of
// coroutine mode; a coroutine handler is driven to its end on the connection's thread.

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include <tacit/base/atomic.hpp>
#include <tacit/observe/pause_recorder.hpp>
#include <tacit/sched/block_on.hpp>

#include "http/serve_connection.hpp"
#include "io/blocking_stream.hpp"
#include "observe/pause_watch.hpp"
#include "server/mode.hpp"

namespace tacit::server {
namespace {

// Taken at the end beyond those that were queued when it began.
constexpr int late_connections_max = 64;
// Of all connections together: a thread that finds another one at its track loses what it has.
constexpr std::uint32_t pause_tracks = 16;
constexpr std::chrono::milliseconds collect_interval{100};

constexpr std::chrono::milliseconds paused_look_interval{10};

// Of whoever looks after the memory, while there are connections.
constexpr std::chrono::seconds memory_look_interval{1};

struct admitted_connection {
  admitted_connection(io::unique_fd socket, admission::ticket its) noexcept
      : fd(std::move(socket)), place(std::move(its)) {}
  io::unique_fd fd;
  admission::ticket place;
};

class thread_mode final : public mode {
 public:
  explicit thread_mode(const mode_environment& environment)
      : environment_(environment), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  ~thread_mode() override { stop_keeping(); }

  void start_accepting() override {
    if (environment_.settings.pause_recorder) {
      pauses_.emplace(observe::pause_recorder::shared_tracks{pause_tracks});
    }
    acceptor_ = base::thread([this] { accept(); });
  }

  void complete() override {
    keeper_ = base::thread([this] { keep_memory(); });
    if (pauses_) collector_ = base::thread([this] { collect_pauses(); });
  }

  void stop_accepting(queued_connections what) override {
    if (!acceptor_.joinable()) return;
    takes_queued_.store(what == queued_connections::taken, base::memory_order_release);
    eventfd_write(wake_.get(), 1);
    acceptor_.join();
  }

  // Connection threads are detached: each counts itself out as the last thing it does.
  std::size_t finish() override {
    stop_keeping();
    std::unique_lock lock(mutex_);
    all_ended_.wait_for(lock, last_steps_timeout, [this] { return threads_ == 0; });
    finishing_ = true;
    collects_.notify_one();
    lock.unlock();
    if (collector_.joinable()) collector_.join();
    lock.lock();
    return threads_;
  }

  [[nodiscard]] const observe::pause_recorder* pauses() const noexcept override {
    return pauses_ ? &*pauses_ : nullptr;
  }

  void describe(nlohmann::json& into) const override {
    into["workers"] = nlohmann::json::array();
    into["tasks"] = 0;
  }

 private:
  void accept();
  io::acceptor::outcome take_one(io::acceptor& from);
  void take_queued(io::acceptor& from);
  void start_thread(io::accepted one);
  void collect_pauses();
  void serve(std::unique_ptr<admitted_connection> one);
  [[nodiscard]] bool enter();
  void leave();
  void keep_memory();
  void stop_keeping();

  const mode_environment environment_;
  io::unique_fd wake_;
  base::thread acceptor_;
  base::mutex mutex_;
  base::condition_variable all_ended_;
  std::uint32_t threads_ = 0;  // Guarded by mutex_.
  base::atomic<bool> takes_queued_{false};
  base::condition_variable keeper_called_;
  bool keeper_stops_ = false;  // Guarded by mutex_.
  base::thread keeper_;
  std::optional<observe::pause_recorder> pauses_;
  base::atomic<std::uint32_t> next_track_{0};
  base::condition_variable collects_;
  bool finishing_ = false;  // Guarded by mutex_.
  base::thread collector_;
};

void thread_mode::accept() {
  pthread_setname_np(pthread_self(), "tacit-accept");
  io::acceptor from(environment_.socket.fd(), SOCK_CLOEXEC);
  pollfd waits[2] = {{environment_.socket.fd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  for (;;) {
    if (::poll(waits, 2, -1) < 0 && errno != EINTR) return;
    if (waits[1].revents != 0) break;
    if (environment_.entrance.is_paused()) {
      ::poll(&waits[1], 1, static_cast<int>(paused_look_interval.count()));
      continue;
    }
    if (waits[0].revents == 0 || take_one(from) != io::acceptor::outcome::exhausted) continue;
    environment_.entrance.count_exhausted();
    const auto pause = from.get_over(
        [this](io::unique_fd fd) { environment_.entrance.refuse_for_descriptors(std::move(fd)); });
    ::poll(&waits[1], 1, static_cast<int>(pause.count()));
  }
  if (takes_queued_.load(base::memory_order_acquire)) take_queued(from);
}

// Some more than there are now, but not all that keep coming.
void thread_mode::take_queued(io::acceptor& from) {
  for (int left = environment_.socket.queued() + late_connections_max; left > 0; --left) {
    if (take_one(from) != io::acceptor::outcome::taken) return;
  }
}

io::acceptor::outcome thread_mode::take_one(io::acceptor& from) {
  io::accepted one;
  const io::acceptor::outcome outcome = from.take(one);
  if (outcome == io::acceptor::outcome::taken) start_thread(std::move(one));
  return outcome;
}

void thread_mode::start_thread(io::accepted one) {
  if (!enter()) return environment_.entrance.refuse_for_threads(std::move(one.fd));
  std::optional<admission::ticket> admitted = environment_.entrance.admit(one);
  if (!admitted) return leave();
  auto given = std::make_unique<admitted_connection>(std::move(one.fd), std::move(*admitted));
  try {
    base::thread([this, taken = given.get()] {
      serve(std::unique_ptr<admitted_connection>(taken));
    }).detach();
    static_cast<void>(given.release());  // The thread's from the moment it exists.
  } catch (const std::system_error&) {
    environment_.entrance.refuse_for_threads(std::move(given->fd));
    leave();
  }
}

void thread_mode::serve(std::unique_ptr<admitted_connection> one) {
  {
    const memory::thread_pools pools(environment_.settings.memory);
    observe::pause_watch watch;
    if (pauses_) {
      const std::uint32_t track = next_track_.fetch_add(1, base::memory_order_relaxed);
      watch.open(pauses_->track(track % pause_tracks), observe::pause_watch::owner::connection);
    }
    io::blocking_stream stream(std::move(one->fd),
                               environment_.service.current_limits().write_timeout);
    sched::block_on(http::serve_connection(environment_.service, stream, environment_.connections));
  }
  one.reset();
  leave();
}

// What the threads have noted is fetched before their tracks are full.
void thread_mode::collect_pauses() {
  pthread_setname_np(pthread_self(), "tacit-pauses");
  std::unique_lock lock(mutex_);
  while (!collects_.wait_for(lock, collect_interval, [this] { return finishing_; })) {
    lock.unlock();
    pauses_->collect();
    lock.lock();
  }
}

bool thread_mode::enter() {
  const std::lock_guard lock(mutex_);
  if (threads_ >= environment_.service.current_limits().threads_max) return false;
  if (++threads_ == 1) keeper_called_.notify_one();
  return true;
}

// As the monitor does in coroutine mode.
void thread_mode::keep_memory() {
  pthread_setname_np(pthread_self(), "tacit-memory");
  std::unique_lock lock(mutex_);
  while (!keeper_stops_) {
    const bool is_quiet = threads_ == 0;
    lock.unlock();
    const auto now = std::chrono::steady_clock::now();
    auto next = environment_.keeper.keep(now, is_quiet);
    lock.lock();
    const auto is_called = [&] { return keeper_stops_ || (is_quiet && threads_ != 0); };
    if (!is_quiet) next = std::min(next, now + memory_look_interval);
    if (next == base::steady_time::max()) {
      keeper_called_.wait(lock, is_called);
    } else {
      keeper_called_.wait_until(lock, next, is_called);
    }
  }
}

void thread_mode::stop_keeping() {
  if (!keeper_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    keeper_stops_ = true;
    keeper_called_.notify_one();
  }
  keeper_.join();
}

void thread_mode::leave() {
  const std::lock_guard lock(mutex_);
  if (--threads_ == 0) all_ended_.notify_all();
}

}  // namespace

std::unique_ptr<mode> make_thread_mode(const mode_environment& environment) {
  return std::make_unique<thread_mode>(environment);
}

}  // namespace tacit::server
