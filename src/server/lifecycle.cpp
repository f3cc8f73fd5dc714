#include "server/lifecycle.hpp"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

#include <tacit/observe/log.hpp>
#include <tacit/sched/scheduler.hpp>

namespace tacit::server {
namespace {

using observe::log;
using observe::severity;
using std::chrono::steady_clock;

sched::task<> answer(std::shared_ptr<base::atomic<bool>> to) {
  to->store(true, base::memory_order_release);
  co_return;
}

// Blocked in this thread and those that it starts, so that they wait to be read.
io::unique_fd take_signals(bool also_hangup) {
  sigset_t taken;
  sigemptyset(&taken);
  for (int each : {SIGTERM, SIGINT, SIGUSR2})
    sigaddset(&taken, each);
  if (also_hangup) sigaddset(&taken, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &taken, nullptr);
  return io::unique_fd(::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::string joined(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& each : keys)
    text += (text.empty() ? "" : ", ") + each;
  return text;
}

}  // namespace

lifecycle::lifecycle(server& app, server::state& of)
    : app_(app),
      state_(of),
      executable_(program_image::own_executable()),
      supervisor_(notify_socket::from_environment()),
      watchdog_period_(watchdog_period()),
      drained_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  const auto count = [&](const char* name, const char* help, const char* result) {
    return of.metrics.add_counter(name, help, std::string("result=\"") + result + "\"");
  };
  const char* const reloads = "tacit_config_reloads_total";
  const char* const upgrades = "tacit_upgrades_total";
  reloads_ok_ = count(reloads, "Times the settings were read again on SIGHUP.", "ok");
  reloads_refused_ = count(reloads, "Times the settings were read again on SIGHUP.", "refused");
  upgrades_ok_ = count(upgrades, "Times a new process was started on SIGUSR2.", "ok");
  upgrades_failed_ = count(upgrades, "Times a new process was started on SIGUSR2.", "failed");
}

lifecycle::~lifecycle() {
  if (drain_.joinable()) drain_.join();
}

int lifecycle::run() {
  if (const auto failure = start()) {
    std::fprintf(stderr, "tacit: %s\n", failure->message.c_str());
    return failure->exit_status();
  }
  announce();
  while (!is_over_)
    wait();
  drain_.join();
  if (lost_ != 0) {
    log(severity::warning,
        std::to_string(lost_) + " connections were cut in the middle of a request");
  }
  return lost_ != 0 ? 1 : 0;
}

std::optional<base::failure> lifecycle::start() {
  signals_ = take_signals(state_.read_settings || supervisor_.is_wanted());
  auto taken = take_inheritance();
  if (auto* failure = std::get_if<base::failure>(&taken)) return std::move(*failure);
  state_.inherited = std::move(std::get<inheritance>(taken));
  const auto started = app_.start();
  if (const auto* failure = std::get_if<base::failure>(&started)) return *failure;
  return std::nullopt;
}

void lifecycle::announce() {
  std::printf("listening on %s\n", state_.address.c_str());
  std::fflush(stdout);
  if (state_.inherited.predecessor) {
    const char ready = '1';
    static_cast<void>(!::write(state_.inherited.predecessor.get(), &ready, 1));
    state_.inherited.predecessor = io::unique_fd();
  }
  supervisor_.ready();
  if (watchdog_period_) next_watchdog_ = steady_clock::now();
}

void lifecycle::wait() {
  std::array<pollfd, 3> waits{{{signals_.get(), POLLIN, 0},
                               {drained_.get(), POLLIN, 0},
                               {successor_ ? successor_->fd() : -1, POLLIN, 0}}};
  if (::poll(waits.data(), waits.size(), wait_ms()) < 0 && errno != EINTR) return;
  keep_watchdog();
  if (waits[0].revents != 0) handle_signals();
  if (successor_) look_after_successor();
  if (waits[1].revents != 0) is_over_ = true;
}

// Until the next thing that comes by itself; -1 if there is none.
int lifecycle::wait_ms() const {
  auto next = steady_time::max();
  if (watchdog_period_) next = std::min(next, next_watchdog_);
  if (successor_) next = std::min(next, successor_->deadline());
  if (next == steady_time::max()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(next - steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

void lifecycle::handle_signals() {
  for (signalfd_siginfo got{}; ::read(signals_.get(), &got, sizeof got) == sizeof got;) {
    const bool is_draining = drain_.joinable();
    if (got.ssi_signo == SIGTERM || got.ssi_signo == SIGINT) {
      if (is_draining) {
        app_.cut();
        continue;
      }
      log(severity::info, "draining; a second signal cuts");
      successor_.reset();
      supervisor_.stopping();
      stop(queued_connections::taken);
    } else if (is_draining) {
      log(severity::info, "draining; this signal is ignored");
    } else if (got.ssi_signo == SIGHUP) {
      reload();
    } else if (got.ssi_signo == SIGUSR2) {
      upgrade();
    }
  }
}

void lifecycle::reload() {
  supervisor_.reloading();
  if (!state_.read_settings) {
    log(severity::info, "there is no config file to read again");
    return supervisor_.ready();
  }
  const auto read = state_.read_settings();
  if (const auto* failure = std::get_if<base::failure>(&read)) {
    reloads_refused_.add();
    log(severity::error, "the settings stay as they are: " + failure->message);
    return supervisor_.reloaded("settings refused: " + failure->message);
  }
  const auto fixed = app_.reload(std::get<options>(read));
  reloads_ok_.add();
  log(severity::info, "the settings were read again");
  if (!fixed.empty()) {
    log(severity::warning, "changed only by an upgrade (SIGUSR2) or a restart: " + joined(fixed));
  }
  supervisor_.ready();
}

void lifecycle::upgrade() {
  if (successor_) return log(severity::info, "an upgrade is under way already");
  if (::getpid() == 1) {
    upgrades_failed_.add();
    return log(severity::error, "process 1 cannot hand over: its container ends with it");
  }
  std::optional<std::string> configured;
  if (!state_.is_activated) configured = state_.settings.listen;
  auto started = successor::start(program_image::of(executable_), state_.socket->fd(), configured,
                                  steady_clock::now() + state_.settings.upgrade_timeout);
  if (const auto* failure = std::get_if<base::failure>(&started)) {
    upgrades_failed_.add();
    return log(severity::error, "no upgrade: " + failure->message);
  }
  successor_.emplace(std::move(std::get<successor>(started)));
  log(severity::info, "upgrading: process " + std::to_string(successor_->pid()) + " starts");
}

void lifecycle::look_after_successor() {
  switch (successor_->look(steady_clock::now())) {
    case successor::state::starting:
      return;
    case successor::state::failed:
      upgrades_failed_.add();
      log(severity::error,
          "no upgrade, this process serves on: " + program_image::of(executable_).path + ": " +
              successor_->why_failed());
      break;
    case successor::state::ready:
      upgrades_ok_.add();
      log(severity::info, "process " + std::to_string(successor_->pid()) + " serves; draining");
      supervisor_.main_process(successor_->pid());
      stop(queued_connections::left);
      break;
  }
  successor_.reset();
}

void lifecycle::stop(queued_connections what) {
  drain_ = base::thread([this, what] {
    lost_ = state_.stop(what);
    eventfd_write(drained_.get(), 1);
  });
}

void lifecycle::keep_watchdog() {
  if (!watchdog_period_ || steady_clock::now() < next_watchdog_) return;
  next_watchdog_ = steady_clock::now() + *watchdog_period_;
  if (is_alive()) supervisor_.alive();
}

// Whether coroutines are run: one that was asked to answer a period ago has. While a drain goes on,
// which ends by itself, the scheduler is left alone.
bool lifecycle::is_alive() {
  if (drain_.joinable() || !state_.running || !state_.running->scheduler()) return true;
  const bool has_answered = !probe_ || probe_->load(base::memory_order_acquire);
  if (has_answered) {
    probe_ = std::make_shared<base::atomic<bool>>(false);
    state_.running->scheduler()->spawn(answer(probe_), {.name = "watchdog"}).detach();
  }
  return has_answered;
}

}  // namespace tacit::server
