#include "bench/idle_control.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <new>

#include "bench/connections.hpp"
#include "bench/gap_correlation.hpp"

namespace tacit::bench {
namespace {

// Shorter ones are what waking takes.
constexpr std::int64_t late_ns_min = 50'000;
constexpr std::size_t late_max = 65'536;
// Overshoots are counted in classes of an eighth of a power of two.
constexpr unsigned steps = 8;
constexpr std::size_t classes = 64 * steps;

std::size_t class_of(std::uint64_t ns) {
  if (ns < steps) return ns;
  const auto power = static_cast<unsigned>(std::bit_width(ns)) - 1;  // at least 3
  return (power - 2) * steps + ((ns >> (power - 3)) & (steps - 1));
}

std::uint64_t lowest_of(std::size_t index) {
  if (index < steps) return index;
  const auto power = index / steps + 2;
  return (steps + index % steps) << (power - 3);
}

}  // namespace

/// What a child and this process share.
struct control_page {
  std::atomic<bool> stop{false};
  std::atomic<bool> is_realtime{false};
  std::atomic<std::int64_t> run_delay_ns{0};
  std::atomic<std::int64_t> machine_ns{0};
  std::atomic<std::size_t> count{0};  // of `late`
  std::array<std::uint64_t, classes> overshoots{};
  std::array<interval, late_max> late{};
};

namespace {

// In the child, after fork: only calls that are safe there.

std::int64_t own_run_delay(int schedstat) {
  std::array<char, 128> text{};
  if (::pread(schedstat, text.data(), text.size() - 1, 0) <= 0) return 0;
  const char* at = text.data();
  while (*at != ' ' && *at != '\0')
    ++at;
  std::int64_t out = 0;
  for (at += *at == ' '; *at >= '0' && *at <= '9'; ++at)
    out = out * 10 + (*at - '0');
  return out;
}

void note(control_page& page, std::int64_t due, std::int64_t woke, std::int64_t& delay_before,
          int schedstat) {
  const auto overshoot = woke - due;
  ++page.overshoots[class_of(static_cast<std::uint64_t>(std::max<std::int64_t>(overshoot, 0)))];
  if (overshoot < late_ns_min) return;
  const auto delay = own_run_delay(schedstat);
  const auto waited = std::clamp<std::int64_t>(delay - delay_before, 0, overshoot);
  delay_before = delay;
  page.run_delay_ns += waited;
  if (overshoot - waited < late_ns_min) return;
  page.machine_ns += overshoot - waited;
  const auto at = page.count.load(std::memory_order_relaxed);
  if (at == late_max) return;
  page.late[at] = {due, woke - waited};
  page.count.store(at + 1, std::memory_order_release);
}

[[noreturn]] void sleep_and_note(control_page& page, int cpu, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != parent) ::_exit(1);  // it died before the line above
  for (int signal = 1; signal < 32; ++signal)
    ::signal(signal, signal == SIGINT || signal == SIGTERM ? SIG_IGN : SIG_DFL);
  // The target must see its connections end when the harness closes them.
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  ::sched_setaffinity(0, sizeof set, &set);
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  const sched_param lowest{1};
  page.is_realtime = ::sched_setscheduler(0, SCHED_FIFO, &lowest) == 0;
  const int schedstat = ::open("/proc/self/schedstat", O_RDONLY);
  auto delay_before = own_run_delay(schedstat);
  while (!page.stop.load(std::memory_order_relaxed)) {
    const auto due = now_ns() + idle_control::sleep_ns;
    const timespec until{due / 1'000'000'000, due % 1'000'000'000};
    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
    note(page, due, now_ns(), delay_before, schedstat);
  }
  ::_exit(0);
}

}  // namespace

idle_control::idle_control(const std::vector<int>& cpus) {
  const pid_t parent = ::getpid();
  for (std::size_t i = 0; i < std::min(cpus.size(), cpus_max); ++i) {
    void* shared = ::mmap(nullptr, sizeof(control_page), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return;
    auto* page = new (shared) control_page;
    const pid_t pid = ::fork();
    if (pid == 0) sleep_and_note(*page, cpus[i], parent);
    if (pid < 0) {
      ::munmap(shared, sizeof(control_page));
      return;
    }
    children_.push_back({cpus[i], pid, page});
  }
}

idle_control::~idle_control() {
  stop();
  for (auto& one : children_)
    ::munmap(one.page, sizeof(control_page));
}

void idle_control::stop() {
  for (auto& one : children_)
    one.page->stop = true;
  for (auto& one : children_) {
    if (one.pid > 0) ::waitpid(one.pid, nullptr, 0);
    one.pid = -1;
  }
}

std::vector<interval> idle_control::late() const {
  std::vector<interval> out;
  for (const auto& one : children_)
    out.insert(out.end(), one.page->late.begin(),
               one.page->late.begin() + static_cast<std::ptrdiff_t>(one.page->count.load()));
  return united(std::move(out));
}

control_figures idle_control::figures() const {
  control_figures out;
  out.is_realtime = !children_.empty();
  for (const auto& one : children_) {
    out.cpus.push_back(one.cpu);
    out.is_realtime = out.is_realtime && one.page->is_realtime;
    out.machine_ns += one.page->machine_ns;
    out.run_delay_ns += one.page->run_delay_ns;
    for (std::size_t i = 0; i < classes; ++i) {
      if (one.page->overshoots[i] > 0) out.overshoot.record(lowest_of(i), one.page->overshoots[i]);
    }
  }
  return out;
}

}  // namespace tacit::bench
