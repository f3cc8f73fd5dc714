#include "bench/density.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <list>
#include <optional>
#include <tacit/base/error.hpp>
#include <thread>

#include "bench/contenders/contender.hpp"
#include "bench/contenders/control_group.hpp"
#include "bench/density_report.hpp"
#include "bench/driver.hpp"
#include "bench/fetch.hpp"
#include "bench/interrupt.hpp"
#include "bench/output_file.hpp"

namespace tacit::bench {
namespace {

constexpr unsigned load_connections = 8;
// What a start or a load leaves to be done is done by then.
constexpr std::chrono::milliseconds settling{200};
// Asked again so soon after a refusal that it hardly adds to the time to the first answer.
constexpr std::chrono::microseconds ready_poll{100};
constexpr std::chrono::seconds lone_ready_within{20};
// Each silence costs the time that an answer may take: where so many are silent, there are far too
// many, and a part of the newest goes, too.
constexpr std::size_t silent_max = 16;
constexpr std::size_t part_that_goes = 16;
// Until the others have noticed that some are gone.
constexpr std::chrono::seconds relief{2};

/// A started contender in a group of its own.
class instance {
 public:
  instance(const contenders::description& what, contenders::surroundings around,
           const contenders::group_place& at, const std::string& name,
           const std::atomic<bool>& stop)
      : group_{at, name, {}}, server_{what, in_group(std::move(around)), stop} {}

  [[nodiscard]] contenders::contender& server() noexcept { return server_; }
  [[nodiscard]] std::uint64_t charged_bytes() const { return group_.charged_bytes(); }

  [[nodiscard]] bool answers(const std::string& target, std::int64_t within_ns) const {
    return fetch(server_.address(), server_.authority(), target, within_ns).status == 200;
  }

 private:
  contenders::surroundings in_group(contenders::surroundings around) const {
    around.groups = group_.entrances();
    return around;
  }

  contenders::control_group group_;  // First: it can go once the server has ended.
  contenders::contender server_;
};

/// The budget, and what is started in it.
class crowd {
 public:
  crowd(const density_options& options, const std::atomic<bool>& stop)
      : options_{options},
        stop_{stop},
        budget_{contenders::group_budget{options.memory_bytes, options.cpus}} {
    const auto own = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    const auto cpus = contenders::plan_cpus(1);
    around_.bin = own;
    around_.tacit =
        options.tacit_path.empty() ? own / "tacit" : std::filesystem::absolute(options.tacit_path);
    around_.cpus = cpus.servers;
    around_.ready_poll = ready_poll;
    contenders::run_on(cpus.harness);
    result_.memory_bytes = options.memory_bytes;
    result_.cpus = options.cpus;
    result_.group_version = budget_.within().version;
    result_.load_requests = options.load_requests;
    choose();
  }

  [[nodiscard]] const density& result() const noexcept { return result_; }

  /// Every contender has its turn, and every other round they come backwards.
  void start_alone() {
    for (unsigned round = 0; round < options_.starts && !stop_; ++round) {
      for (std::size_t turn = 0; turn < chosen_.size() && !stop_; ++turn) {
        const auto i = round % 2 == 0 ? turn : chosen_.size() - 1 - turn;
        result_.rows[i].starts.push_back(start_one(chosen_[i]));
      }
    }
  }

  void fill_with_each() {
    for (std::size_t i = 0; i < chosen_.size() && !stop_; ++i) {
      std::cerr << "tacit-bench: filling the budget with " << chosen_[i].name << "\n";
      fill(chosen_[i], result_.rows[i]);
    }
  }

 private:
  void choose() {
    const auto all =
        contenders::choose(options_.names, options_.contenders_paths, {"coroutine+arena"});
    for (const auto& what : all) {
      if (const auto missing = contenders::missing_for(what, around_); !missing.empty()) {
        result_.skipped.push_back(fmt::format("{}: {}", what.name, missing));
        std::cerr << "tacit-bench: skipped: " << result_.skipped.back() << "\n";
        continue;
      }
      chosen_.push_back(what);
      result_.rows.emplace_back().name = what.name;
    }
    if (chosen_.empty()) throw base::failure{"density: no contender is left to start"};
  }

  [[nodiscard]] std::string target_of(const contenders::description& what) const {
    return what.target.empty() ? options_.target : what.target;
  }

  lone_start start_one(const contenders::description& what) {
    auto around = around_;
    around.ready_within = lone_ready_within;
    instance one{what, around, budget_.within(), "alone", stop_};
    lone_start out;
    out.startup_ns = one.server().startup_ns();
    std::this_thread::sleep_for(settling);
    out.idle_bytes = one.charged_bytes();
    press(one.server(), target_of(what));
    std::this_thread::sleep_for(settling);
    out.loaded_bytes = one.charged_bytes();
    return out;
  }

  void press(const contenders::contender& server, const std::string& target) {
    traffic_source traffic{server.authority()};
    traffic.add({"GET", target, {}, std::nullopt}, {200, std::nullopt});
    const auto when = schedule::saturating();
    load phase{&traffic, &when};
    phase.requests_max = options_.load_requests;
    phase.timeout_ns = 10'000'000'000;
    driver connected{server.address(), {load_connections, 1, 1}, phase.timeout_ns, stop_};
    const auto pressed = connected.run(phase);
    const auto failed = pressed.recorded.counts.errors_total();
    if (failed != 0 && !stop_) {
      throw base::failure{fmt::format("{}: {} of {} requests failed", server.name(), failed,
                                      options_.load_requests)};
    }
  }

  void fill(const contenders::description& what, density_row& row) {
    std::list<instance> running;
    row.limit = fmt::format("--instances-max {}", options_.instances_max);
    std::size_t fitted = 0;
    while (fitted < options_.instances_max && !stop_) {
      if (const auto why = add_one(what, running)) {
        row.limit = *why;
        break;
      }
      fitted = running.size();
    }
    row.started = static_cast<unsigned>(running.size());
    // To be asked takes memory and CPU, too: who is killed for it, or does not answer beside the
    // others, did not fit.
    while (fitted != 0 && !stop_) {
      settle(what, running, fitted);
      row.charged_bytes = budget_.charged_bytes();
      row.fitted = static_cast<unsigned>(running.size());
      ask_all(running, target_of(what));
      if (running.size() == row.fitted) break;
      fitted = row.fitted = static_cast<unsigned>(running.size());
      std::this_thread::sleep_for(relief);
    }
    end_all(running);
  }

  /// Ends those who do not answer.
  void ask_all(std::list<instance>& running, const std::string& target) const {
    std::size_t silent = 0;
    for (auto each = running.begin(); each != running.end() && !stop_;) {
      if (each->answers(target, options_.answer_ns_max) && !has_ended(*each)) {
        ++each;
        continue;
      }
      each->server().kill();
      each = running.erase(each);
      if (++silent < silent_max) continue;
      for (auto more = running.size() / part_that_goes; more != 0; --more) {
        running.back().server().kill();
        running.pop_back();
      }
      return;
    }
  }

  /// Where the budget is full, each would have to fight for the memory that it takes to end.
  void end_all(std::list<instance>& running) const {
    budget_.lift_memory_bound();
    for (auto& each : running)
      each.server().kill();
    running.clear();
    budget_.bound_memory(options_.memory_bytes);
  }

  static bool has_ended(instance& each) { return each.server().has_ended(); }

  /// Why there is no room for one more; nullopt if there was.
  std::optional<std::string> add_one(const contenders::description& what,
                                     std::list<instance>& running) {
    auto around = around_;
    around.ready_within = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::nanoseconds{options_.answer_ns_max});
    try {
      running.emplace_back(what, around, budget_.within(), fmt::format("{}", ++number_), stop_);
    } catch (const base::failure& failure) {
      return failure.message;
    }
    if (!running.back().answers(target_of(what), options_.answer_ns_max)) {
      running.back().server().kill();
      running.pop_back();
      return "the next one did not answer in time";
    }
    // Of those that share the budget the kernel kills the largest, not the newest.
    if (std::any_of(running.begin(), running.end(), has_ended)) {
      return "memory: one was killed when the next came";
    }
    return std::nullopt;
  }

  /// After the one that was too many: it goes, and who was killed for it is replaced. If there is
  /// no room for that, fewer fit than `wanted`.
  void settle(const contenders::description& what, std::list<instance>& running,
              std::size_t wanted) {
    const auto trim = [&] {
      std::erase_if(running, has_ended);
      while (running.size() > wanted) {
        running.back().server().kill();
        running.pop_back();
      }
    };
    trim();
    while (running.size() < wanted && !stop_) {
      if (add_one(what, running)) --wanted;
      trim();
    }
  }

  const density_options& options_;
  const std::atomic<bool>& stop_;
  contenders::control_group budget_;
  contenders::surroundings around_;
  std::vector<contenders::description> chosen_;
  std::uint64_t number_ = 0;
  density result_;
};

}  // namespace

int measure_density(const density_options& options, const std::atomic<bool>& stop) {
  check_writable(options.json_path);
  crowd all{options, stop};
  all.start_alone();
  all.fill_with_each();
  if (stop) return 128 + interrupting_signal();
  std::cout << to_table(all.result()) << std::flush;
  if (!options.json_path.empty()) {
    write_file(options.json_path, to_json(all.result()).dump(2) + "\n");
  }
  const auto& rows = all.result().rows;
  const bool some_of_each =
      std::all_of(rows.begin(), rows.end(), [](const density_row& row) { return row.fitted > 0; });
  return some_of_each && all.result().skipped.empty() ? 0 : 1;
}

}  // namespace tacit::bench
