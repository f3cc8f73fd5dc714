// The writer sleeps when nothing waits, and whoever queues a line wakes it:
//
//   producer  P1 queue the line, under the shelf's lock    P2 look whether the writer sleeps
//   writer    W1 say that it sleeps                        W2 look at each shelf, under its lock
//
// The shelf's lock orders the two: if the writer's look came first, the producer sees that it
// sleeps; else the writer sees the line. Queued lines wait for batch_time, so that a busy log costs
// some twenty writes a second and no wake-up.

#include <tacit/observe/line_writer.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <system_error>
#include <utility>

namespace tacit::observe {
namespace {

constexpr std::chrono::milliseconds batch_time{50};
constexpr std::chrono::milliseconds last_write_timeout{1000};
constexpr std::size_t pipe_piece_bytes = 4096;  // What a pipe that is ready takes without a wait.

std::size_t shelf_of_this_thread() noexcept {
  static constinit base::atomic<std::size_t> next{0};
  static thread_local const std::size_t number = next.fetch_add(1, base::memory_order_relaxed);
  return number;
}

// A thread takes over what is blocked when it is made. The writer may be there before a server
// blocks the signals that it waits for, and one that came to the writer would end the process.
class signals_kept_off {
 public:
  signals_kept_off() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~signals_kept_off() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_kept_off(const signals_kept_off&) = delete;
  signals_kept_off& operator=(const signals_kept_off&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

line_writer::line_writer(const std::string& file, std::size_t waiting_bytes_max)
    : shelf_bytes_(std::max<std::size_t>(waiting_bytes_max / (2 * shelves), 512)),
      fd_(file == "-" ? STDOUT_FILENO
                      : ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640)),
      owns_fd_(file != "-") {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "cannot open " + file);
  struct stat status {};
  is_file_ = ::fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
  spare_ = std::make_unique<char[]>(shelf_bytes_);
  const signals_kept_off here;
  thread_ = base::thread([this] { run(); });
}

line_writer::~line_writer() {
  stopping_.store(true, base::memory_order_release);
  wake();
  thread_.join();
  if (owns_fd_) ::close(fd_);
}

bool line_writer::write(std::string_view line) noexcept {
  shelf& mine = shelves_[shelf_of_this_thread() % shelves];
  bool is_queued = false;
  {
    const std::lock_guard guard(mine.lock);
    if (!mine.filling) mine.filling.reset(new (std::nothrow) char[shelf_bytes_]);
    is_queued = mine.filling && shelf_bytes_ - mine.bytes >= line.size();
    if (is_queued) {
      std::memcpy(mine.filling.get() + mine.bytes, line.data(), line.size());
      mine.bytes += line.size();
      ++mine.lines;
    }
  }
  if (!is_queued) dropped_.fetch_add(1, base::memory_order_relaxed);
  if (asleep_.load(base::memory_order_relaxed)) wake();
  return is_queued;
}

void line_writer::wake() noexcept {
  const std::lock_guard guard(mutex_);
  asleep_.store(false, base::memory_order_relaxed);
  is_woken_ = true;
  woken_.notify_one();
}

void line_writer::run() {
  for (;;) {
    const bool is_stopping = stopping_.load(base::memory_order_acquire);
    const bool has_written = write_waiting();
    if (is_stopping) return;
    asleep_.store(!has_written, base::memory_order_relaxed);
    if (!has_written && !is_empty()) continue;
    std::unique_lock lock(mutex_);
    if (has_written) {
      woken_.wait_for(lock, batch_time, [this] { return is_woken_; });
    } else {
      woken_.wait(lock, [this] { return is_woken_; });
    }
    is_woken_ = false;
  }
}

// Whether there was something.
bool line_writer::write_waiting() {
  bool found = false;
  for (shelf& each : shelves_) {
    std::size_t bytes = 0;
    std::uint64_t lines = 0;
    {
      const std::lock_guard guard(each.lock);
      if (each.bytes == 0) continue;
      std::swap(each.filling, spare_);
      bytes = std::exchange(each.bytes, 0);
      lines = std::exchange(each.lines, 0);
    }
    found = true;
    if (!write_out({spare_.get(), bytes})) {
      dropped_.fetch_add(lines, base::memory_order_relaxed);
    }
  }
  return found;
}

bool line_writer::is_empty() noexcept {
  return std::all_of(shelves_.begin(), shelves_.end(), [](shelf& each) {
    const std::lock_guard guard(each.lock);
    return each.bytes == 0;
  });
}

// False if it could not be written as a whole.
bool line_writer::write_out(std::string_view bytes) noexcept {
  std::chrono::milliseconds waited_while_stopping{0};
  while (!bytes.empty()) {
    pollfd ready{fd_, POLLOUT, 0};
    if (!is_file_ && ::poll(&ready, 1, static_cast<int>(batch_time.count())) == 0) {
      if (!stopping_.load(base::memory_order_acquire)) continue;
      waited_while_stopping += batch_time;
      if (waited_while_stopping >= last_write_timeout) return false;
      continue;
    }
    const std::size_t piece = is_file_ ? bytes.size() : std::min(bytes.size(), pipe_piece_bytes);
    const ssize_t written = ::write(fd_, bytes.data(), piece);
    if (written < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace tacit::observe
