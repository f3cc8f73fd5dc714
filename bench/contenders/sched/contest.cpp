#include "bench/contenders/sched/contest.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <tacit/base/error.hpp>

#include "bench/contenders/process.hpp"
#include "bench/contenders/sched/cpu_elsewhere.hpp"
#include "bench/contenders/sched/lineup.hpp"

namespace tacit::bench::contenders::sched {
namespace {

// Ten times what the slowest takes here. A run that hangs is ended, and named.
constexpr int run_ms_max = 120'000;
constexpr int look_ms = 100;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in{file};
  std::ostringstream text;
  text << in.rdbuf();
  auto out = std::move(text).str();
  while (!out.empty() && out.back() == '\n')
    out.pop_back();
  return out;
}

class contest {
 public:
  contest(const contest_options& options, const std::atomic<bool>& stop)
      : options_(options), stop_(stop) {
    result_.workers = options.workers;
    result_.rounds = options.rounds;
    result_.shapes = options.shapes;
    for (const auto& contender : options.contenders) {
      if (!find_program(program_of(contender)).empty()) {
        result_.contenders.push_back(contender);
      } else {
        result_.skipped.push_back(
            fmt::format("{}: there is no {}", contender, program_of(contender)));
      }
    }
  }

  standings run() {
    for (const auto& shape : options_.shapes) {
      for (unsigned round = 1; round <= options_.rounds; ++round) {
        for (const auto& contender : result_.contenders) {
          if (!stop_) take_turn(contender, shape, round);
        }
      }
    }
    result_.cpu_share_elsewhere = elsewhere_.share();
    return std::move(result_);
  }

 private:
  [[nodiscard]] std::string program_of(const std::string& contender) const {
    return (options_.programs / contender).string();
  }

  void take_turn(const std::string& contender, const std::string& shape, unsigned round) {
    const auto size = size_of(contender, shape);
    if (!size) return;
    if (::isatty(STDERR_FILENO) != 0) {
      fmt::print(stderr, "\r{:<60}\r", fmt::format("{}, round {}: {}", shape, round, contender));
    }
    try {
      auto measured = parse_measurement(printed_by(contender, shape, *size), contender, shape);
      measured.round = round;
      result_.measurements.push_back(std::move(measured));
    } catch (const base::failure& failure) {
      if (!stop_) result_.failures.push_back(failure.message);
    }
  }

  /// Runs one program to its end.
  std::string printed_by(const std::string& contender, const std::string& shape,
                         std::int64_t size) {
    const auto log = folder_.path() / "printed";
    std::filesystem::remove(log);
    program what;
    what.command = {program_of(contender), shape, "--workers", std::to_string(options_.workers)};
    if (size > 0) what.command.insert(what.command.end(), {"--size", std::to_string(size)});
    what.log = log;
    process running{what};
    for (int waited = 0; !running.has_ended_within(look_ms) && !stop_; waited += look_ms) {
      if (waited >= run_ms_max) {
        throw base::failure{fmt::format("{} {}: no end within {} s; stopped", contender, shape,
                                        run_ms_max / 1'000)};
      }
    }
    const auto ending = running.stop();
    auto printed = text_of(log);
    // Status 1 is a wrong result, which the line itself says.
    if (ending == "exit status 0" || ending == "exit status 1") return printed;
    throw base::failure{fmt::format("{} {}: {}{}{}", contender, shape, ending,
                                    printed.empty() ? "" : ", it said: ", printed)};
  }

  const contest_options& options_;
  const std::atomic<bool>& stop_;
  temporary_folder folder_;
  cpu_elsewhere elsewhere_;
  standings result_;
};

}  // namespace

standings hold_contest(const contest_options& options, const std::atomic<bool>& stop) {
  return contest{options, stop}.run();
}

}  // namespace tacit::bench::contenders::sched
