#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <functional>
#include <tacit/base/error.hpp>
#include <thread>

#include "bench/contenders/contender.hpp"
#include "bench/driver.hpp"
#include "bench/fetch.hpp"
#include "bench/pause_explanation.hpp"
#include "bench/pause_watch.hpp"
#include "bench/pauses_report.hpp"

// The exam of the pause probe: servers are held up at known times, and the probe has to say when,
// for how long, and by what. A pause begins for the probe with the first request that is due in it,
// which is up to a turn of the probes (250 us) later, and ends with the first answer: hence the
// tolerance.

namespace {

using namespace tacit;
using namespace tacit::bench;

constexpr double rate_per_s = 1'000;
constexpr int times = 10;
constexpr auto apart = std::chrono::milliseconds{200};
/// Of the median of all; one of them may suffer from the machine.
constexpr std::int64_t tolerance_ns = 1'000'000;
/// How many of the ten have to be found with the right scope and cause.
constexpr std::size_t found_min = 9;

double ms(std::int64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

/// Something that holds the server up, and when it did.
using planting = std::function<std::vector<interval>(const contenders::contender&)>;

std::vector<interval> stop_it(const contenders::contender& server) {
  std::vector<interval> out;
  for (int i = 0; i < times; ++i) {
    std::this_thread::sleep_for(apart);
    ::kill(server.pid(), SIGSTOP);
    const auto begin = now_ns();
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    out.push_back({begin, now_ns()});
    ::kill(server.pid(), SIGCONT);
  }
  return out;
}

/// Has a handler block its worker; when it did so is what the server's own recorder says.
std::vector<interval> block_worker(const contenders::contender& server) {
  for (int i = 0; i < times; ++i) {
    std::this_thread::sleep_for(apart);
    (void)fetch(server.address(), server.authority(), "/debug/stall?worker_ms=5", 5'000'000'000);
  }
  std::vector<interval> out;
  for (const auto& one : recorded_pauses(server.address(), server.authority())
                             .value_or(std::vector<logged_pause>{})) {
    if (one.what.starts_with("handler") && one.when.length_ns() > 4'000'000)
      out.push_back(one.when);
  }
  return out;
}

/// Others that compute on the server's CPU for as long as this lives.
class busy_loops {
 public:
  busy_loops(unsigned count, const std::vector<int>& cpus) {
    for (unsigned i = 0; i < count; ++i) {
      const pid_t pid = ::fork();
      if (pid == 0) {
        contenders::run_on(cpus);
        volatile std::uint64_t turns = 0;
        const auto until = now_ns() + 20'000'000'000;  // if nobody ends it
        while (now_ns() < until)
          turns = turns + 1;
        ::_exit(0);
      }
      pids_.push_back(pid);
    }
  }
  ~busy_loops() {
    for (const auto pid : pids_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
  busy_loops(const busy_loops&) = delete;
  busy_loops& operator=(const busy_loops&) = delete;

 private:
  std::vector<pid_t> pids_;
};

class exam {
 public:
  exam(const contenders::description& what, const contenders::surroundings& around)
      : around_{around}, server_{what, around, stop_} {}

  [[nodiscard]] bool has_stall_route() const {
    return fetch(server_.address(), server_.authority(), "/debug/stall?worker_ms=0", 2'000'000'000)
               .status == 200;
  }

  bool finds(const char* name, const planting& plant, pause_cause cause, bool needs_cause) {
    std::vector<interval> planted;
    const auto seen = beside_load([&] { planted = plant(server_); });
    std::vector<std::int64_t> off;
    std::size_t right = 0;
    for (const auto& one : planted) {
      const auto* found = pause_of(seen, one);
      if (found == nullptr) continue;
      off.push_back(found->when.length_ns() - one.length_ns());
      const bool has_cause = !needs_cause || found->about.cause == cause;
      if (found->scope == pause_scope::all && has_cause) ++right;
    }
    if (off.empty()) {
      fmt::print("  {:<22} FAILED: {} planted, none found\n", name, planted.size());
      return false;
    }
    std::sort(off.begin(), off.end());
    const auto median = off[off.size() / 2];
    const bool passed =
        planted.size() >= found_min && right >= found_min && std::abs(median) <= tolerance_ns;
    fmt::print(
        "  {:<22} {}: {} planted, {} found as \"all stalled\"{}; the probe's length less the true "
        "one: median {:+.3f} ms ({:+.3f} to {:+.3f})\n",
        name, passed ? "passed" : "FAILED", planted.size(), right,
        needs_cause ? fmt::format(", {}", name_of(cause)) : "", ms(median), ms(off.front()),
        ms(off.back()));
    return passed;
  }

  bool charges_busy_loops() {
    const auto seen = beside_load([&] {
      const busy_loops others{4, around_.cpus};
      std::this_thread::sleep_for(std::chrono::seconds{2});
    });
    std::int64_t long_ones = 0;
    std::int64_t scheduled_out = 0;
    for (const auto& one : seen.pauses) {
      if (one.origin != pause_origin::target || one.when.length_ns() < 1'000'000) continue;
      ++long_ones;
      scheduled_out += one.about.cause == pause_cause::scheduled_out;
    }
    const bool passed = long_ones > 0 && scheduled_out * 10 >= long_ones * 9;
    fmt::print("  {:<22} {}: {} pauses of 1 ms and more, {} of them scheduled out\n", "busy loops",
               passed ? "passed" : "FAILED", long_ones, scheduled_out);
    return passed;
  }

 private:
  static const seen_pause* pause_of(const pause_report& what, const interval& known) {
    const seen_pause* best = nullptr;
    std::int64_t most = 0;
    for (const auto& one : what.pauses) {
      const auto covered = covered_ns(known, {one.when});
      if (covered > most) best = &one;
      most = std::max(most, covered);
    }
    return best;
  }

  pause_report beside_load(const std::function<void()>& meanwhile) {
    traffic_source traffic{server_.authority()};
    traffic.add({"GET", "/plaintext"}, {200, std::nullopt});
    const auto when = schedule::constant(rate_per_s);
    load phase{&traffic, &when};
    phase.timeout_ns = 10'000'000'000;
    std::atomic<bool> ends = false;
    driver connected{server_.address(), {16, 1, 1}, phase.timeout_ns, ends};
    pause_watch watch{server_.address(), server_.authority(), {}, server_.pid()};
    watch.start();
    std::jthread pressing{[&] { (void)connected.run(phase); }};
    meanwhile();
    auto seen = watch.finish();
    ends = true;
    return seen;
  }

  const contenders::surroundings& around_;
  std::atomic<bool> stop_ = false;
  contenders::contender server_;
};

bool examine(const contenders::description& what, const contenders::surroundings& around) {
  fmt::print("{}\n", what.name);
  std::fflush(stdout);
  exam one{what, around};
  bool passed = one.finds("stopped for 20 ms", stop_it, pause_cause::stopped, true);
  if (one.has_stall_route()) {
    passed = one.finds("worker blocked, 5 ms", block_worker, pause_cause::unknown, false) && passed;
  }
  return one.charges_busy_loops() && passed;
}

}  // namespace

int main(int argc, char** argv) {
  contenders::surroundings around;
  around.tacit = TACIT_BINARY;
  around.bin = around.tacit.parent_path();
  const auto cpus = contenders::plan_cpus(1);
  around.cpus = cpus.servers;
  contenders::run_on(cpus.harness);
  std::vector<contenders::description> all;
  for (auto& cell : contenders::built_in()) {
    if (cell.name != "coroutine+arena" && cell.name != "thread+heap") continue;
    cell.command.insert(cell.command.end(), {"--debug-routes", "on"});
    all.push_back(cell);
  }
  for (int i = 1; i < argc; ++i) {
    for (auto& added : contenders::read_descriptions(argv[i]))
      all.push_back(std::move(added));
  }
  bool passed = true;
  for (const auto& what : all) {
    if (const auto missing = contenders::missing_for(what, around); !missing.empty()) {
      fmt::print("{}: skipped, {}\n", what.name, missing);
      continue;
    }
    try {
      passed = examine(what, around) && passed;
    } catch (const base::failure& failure) {
      fmt::print("  FAILED: {}\n", failure.message);
      passed = false;
    }
  }
  return passed ? 0 : 1;
}
