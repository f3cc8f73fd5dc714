#include "bench/pause_probe.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <tacit/base/error.hpp>
#include <tacit/base/time_slice.hpp>

#include "bench/connections.hpp"
#include "bench/target_watch.hpp"

namespace tacit::bench {
namespace {

constexpr std::int64_t probe_head_start_ns = 2'000'000;
constexpr std::int64_t probe_connect_ns_max = 2'000'000'000;
constexpr std::int64_t retry_after_ns = 10'000'000;
// Later than this is not what waking takes.
constexpr std::int64_t overslept_ns_min = 50'000;
constexpr int probe_steps_before = 10;

}  // namespace

pause_probe::pause_probe(const endpoint& target, const std::string& authority,
                         probe_settings settings)
    : target_{target},
      settings_{std::move(settings)},
      request_{fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", settings_.path, authority)} {
  for (unsigned i = 0; i < settings_.probes; ++i) {
    probes_.push_back(std::make_unique<probe>());
    connect(*probes_.back());
    if (!probes_.back()->is_open) {
      throw base::failure{
          fmt::format("{}: the probe cannot connect: {}", target.name, std::strerror(errno))};
    }
  }
}

pause_probe::~pause_probe() {
  ends_ = true;
  if (thread_.joinable()) thread_.join();
  for (auto& one : probes_) {
    if (one->fd >= 0) ::close(one->fd);
  }
}

void pause_probe::connect(probe& one) const {
  if (one.fd >= 0) ::close(one.fd);
  one.is_open = one.is_waiting = false;
  one.carried.clear();
  one.parser.reset();
  one.fd = ::socket(target_.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (one.fd < 0) return;
  const int on = 1;
  ::setsockopt(one.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* address = reinterpret_cast<const sockaddr*>(&target_.address);
  if (::connect(one.fd, address, target_.address_bytes) != 0) {
    if (errno != EINPROGRESS) return;
    pollfd waiting{one.fd, POLLOUT, 0};
    ::poll(&waiting, 1, probe_connect_ns_max / 1'000'000);
    int error = ETIMEDOUT;
    socklen_t bytes = sizeof error;
    if (waiting.revents != 0) ::getsockopt(one.fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
    errno = error;
    if (error != 0) return;
  }
  one.is_open = true;
}

void pause_probe::start() {
  const auto period = static_cast<std::int64_t>(1e9 / settings_.rate_per_s);
  record_.grid = {settings_.probes, now_ns() + probe_head_start_ns, period};
  record_.run.start_ns = record_.grid.start_ns;
  record_.waits.resize(settings_.probes);
  for (unsigned i = 0; i < settings_.probes; ++i)
    probes_[i]->next_due_ns = record_.grid.first_ns(i);
  thread_ = std::jthread{[this] { run(); }};
}

probe_record pause_probe::finish() {
  ends_ = true;
  if (thread_.joinable()) thread_.join();
  return std::move(record_);
}

bool pause_probe::is_any_waiting() const {
  return std::any_of(probes_.begin(), probes_.end(), [](const auto& p) { return p->is_waiting; });
}

void pause_probe::run() {
  // The load's threads would hold it up by a slice at a time, which is longer than most pauses.
  base::ask_for_short_slices(probe_steps_before);
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  while (!ends_ || is_any_waiting()) {
    const bool may_send = !ends_;
    if (may_send) record_.run.end_ns = now_ns();
    turn(now_ns(), may_send);
    wait(next_wake(may_send));
  }
  record_.run.end_ns = std::max(record_.run.end_ns, record_.run.start_ns);
  record_.cpu_ns = thread_cpu_ns();
}

/// Sends what is due, and withholds what cannot be sent.
void pause_probe::turn(std::int64_t now, bool may_send) {
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    auto& one = *probes_[i];
    if (one.is_waiting && now - one.due_ns > settings_.timeout_ns)
      lose(i, now, "no answer in time");
    if (!one.is_open && now >= one.retry_ns && may_send) {
      connect(one);
      one.retry_ns = now_ns() + retry_after_ns;
    }
    if (!may_send) continue;
    if (one.is_open && !one.is_waiting && one.next_due_ns <= now) send(i, now);
    withhold(one, now);
  }
}

/// What was due until now is not sent any more.
void pause_probe::withhold(probe& one, std::int64_t now) {
  while (one.next_due_ns <= now) {
    ++record_.withheld;
    one.next_due_ns += record_.grid.period_ns;
  }
}

std::int64_t pause_probe::next_wake(bool may_send) const {
  // To look at the time limits, when there is nothing to send.
  if (!may_send) return now_ns() + retry_after_ns;
  std::int64_t next = probes_.front()->next_due_ns;
  for (const auto& one : probes_)
    next = std::min(next, one->next_due_ns);
  return next;
}

void pause_probe::wait(std::int64_t until_ns) {
  std::array<pollfd, probe_settings::probes_max> watched;
  for (std::size_t i = 0; i < probes_.size(); ++i)
    watched[i] = {probes_[i]->is_open ? probes_[i]->fd : -1, POLLIN, 0};
  const auto left = std::max<std::int64_t>(until_ns - now_ns(), 0);
  const timespec limit{left / 1'000'000'000, left % 1'000'000'000};
  const int ready = ::ppoll(watched.data(), probes_.size(), &limit, nullptr);
  const auto now = now_ns();
  if (now - until_ns > overslept_ns_min && record_.late.size() < late_max) {
    record_.late.push_back({until_ns, now});
  }
  for (std::size_t i = 0; i < probes_.size() && ready > 0; ++i) {
    if (watched[i].revents != 0) receive(i);
  }
}

void pause_probe::send(std::size_t index, std::int64_t now) {
  auto& one = *probes_[index];
  // Of several that the thread itself was too late for, only the first is sent: its wait covers
  // the others.
  one.due_ns = one.next_due_ns;
  one.next_due_ns += record_.grid.period_ns;
  const auto n = ::send(one.fd, request_.data(), request_.size(), MSG_NOSIGNAL);
  if (n != static_cast<ssize_t>(request_.size())) {
    one.is_open = false;
    one.retry_ns = now + retry_after_ns;
    return;  // The target closed it while nothing was in flight.
  }
  ++record_.sent;
  record_.lag.record(static_cast<std::uint64_t>(now - one.due_ns));
  one.is_waiting = true;
  one.parser.begin(false);
}

void pause_probe::receive(std::size_t index) {
  auto& one = *probes_[index];
  std::array<char, 16 * 1024> buffer;
  const auto n = ::recv(one.fd, buffer.data(), buffer.size(), 0);
  const auto now = now_ns();
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    if (n == 0 && one.is_waiting) one.parser.end_of_stream();
    if (one.is_waiting && one.parser.status() == response_parser::state::complete) {
      on_answer(index, now);
    }
    return lose(index, now, n == 0 ? "the target closed the connection" : std::strerror(errno));
  }
  one.carried.append(buffer.data(), static_cast<std::size_t>(n));
  if (!one.is_waiting) return lose(index, now, "an answer that nobody asked for");
  one.carried.erase(0, one.parser.consume(one.carried));
  if (one.parser.status() == response_parser::state::failed) {
    return lose(index, now, one.parser.error());
  }
  if (one.parser.status() != response_parser::state::complete) return;
  const bool stays = one.parser.result().keep_alive;
  on_answer(index, now);
  if (!stays) lose(index, now, "");
}

void pause_probe::on_answer(std::size_t index, std::int64_t now) {
  auto& one = *probes_[index];
  // Waits of one probe do not overlap.
  withhold(one, now);
  one.is_waiting = false;
  one.parser.reset();
  ++record_.answered;
  record_.latency.record(static_cast<std::uint64_t>(now - one.due_ns));
  keep_wait(index, {one.due_ns, now});
}

/// The connection is of no use any more. What was in flight on it has failed; for how long it would
/// have waited is not known, but it waited until now.
void pause_probe::lose(std::size_t index, std::int64_t now, const std::string& why) {
  auto& one = *probes_[index];
  if (one.is_waiting) {
    withhold(one, now);
    ++record_.failed;
    if (record_.failure.empty()) record_.failure = why;
    keep_wait(index, {one.due_ns, now});
  }
  one.is_open = one.is_waiting = false;
  one.retry_ns = now;
}

void pause_probe::keep_wait(std::size_t index, const interval& wait) {
  if (wait.length_ns() <= record_.floor_ns) return;
  record_.waits[index].push_back(wait);
  if (++kept_ < waits_max) return;
  record_.floor_ns *= 2;
  kept_ = 0;
  for (auto& of_probe : record_.waits) {
    std::erase_if(of_probe, [&](const auto& one) { return one.length_ns() <= record_.floor_ns; });
    kept_ += of_probe.size();
  }
}

}  // namespace tacit::bench
