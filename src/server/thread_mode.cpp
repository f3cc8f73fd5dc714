// One blocking thread per connection: the baseline. Codec, router and handlers are those of
// coroutine mode; a coroutine handler is driven to its end on the connection's thread.

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include <tacit/observe/log.hpp>
#include <tacit/sched/block_on.hpp>

#include "http/connection.hpp"
#include "io/blocking_stream.hpp"
#include "server/mode.hpp"

namespace tacit::server {
namespace {

constexpr std::chrono::milliseconds out_of_descriptors_pause{50};
constexpr std::chrono::seconds last_steps_timeout{5};

class thread_mode final : public mode {
 public:
  explicit thread_mode(const mode_environment& environment)
      : environment_(environment), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
  }

  void start_accepting() override {
    acceptor_ = base::thread([this] { accept(); });
  }

  void stop_accepting() override {
    if (!acceptor_.joinable()) return;
    eventfd_write(wake_.get(), 1);
    acceptor_.join();
  }

  // Connection threads are detached: each counts itself out as the last thing it does.
  std::size_t finish() override {
    std::unique_lock lock(mutex_);
    all_ended_.wait_for(lock, last_steps_timeout, [this] { return threads_ == 0; });
    return threads_;
  }

  void describe(nlohmann::json& into) const override {
    into["workers"] = nlohmann::json::array();
    into["tasks"] = 0;
  }

 private:
  void accept();
  void start_thread(io::unique_fd fd);
  void serve(io::unique_fd fd);
  void refuse(const char* why);

  const mode_environment environment_;
  io::unique_fd wake_;
  base::thread acceptor_;
  base::mutex mutex_;
  base::condition_variable all_ended_;
  std::uint32_t threads_ = 0;  // Guarded by mutex_.
  bool has_warned_ = false;    // Acceptor only.
};

void thread_mode::accept() {
  pthread_setname_np(pthread_self(), "tacit-accept");
  pollfd waits[2] = {{environment_.socket.fd(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  for (;;) {
    if (::poll(waits, 2, -1) < 0 && errno != EINTR) return;
    if (waits[1].revents != 0) return;
    if (waits[0].revents == 0) continue;
    io::unique_fd fd(::accept4(environment_.socket.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (fd) {
      start_thread(std::move(fd));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      environment_.refused.add();
      ::poll(&waits[1], 1, static_cast<int>(out_of_descriptors_pause.count()));
    }
  }
}

void thread_mode::start_thread(io::unique_fd fd) {
  {
    const std::lock_guard lock(mutex_);
    if (threads_ >= environment_.settings.limits.threads_max) {
      return refuse("the limit of connection threads is reached");
    }
    ++threads_;
  }
  try {
    base::thread([this, taken = std::move(fd)]() mutable { serve(std::move(taken)); }).detach();
  } catch (const std::system_error&) {
    refuse("the system gives no further thread");
    const std::lock_guard lock(mutex_);
    --threads_;
  }
}

void thread_mode::serve(io::unique_fd fd) {
  environment_.accepted.add();
  {
    const memory::thread_pools pools(environment_.settings.memory);
    io::blocking_stream stream(std::move(fd), environment_.settings.limits.write_timeout);
    sched::block_on(http::serve_connection(environment_.service, stream, environment_.connections));
  }
  const std::lock_guard lock(mutex_);
  if (--threads_ == 0) all_ended_.notify_all();
}

// Once, so that an overload does not fill the log; the counter tells how many.
void thread_mode::refuse(const char* why) {
  environment_.refused.add();
  if (std::exchange(has_warned_, true)) return;
  observe::log(observe::severity::warning, std::string("connections are refused: ") + why +
                                               "; tacit_connections_refused_total counts them");
}

}  // namespace

std::unique_ptr<mode> make_thread_mode(const mode_environment& environment) {
  return std::make_unique<thread_mode>(environment);
}

}  // namespace tacit::server
