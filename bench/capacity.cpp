#include "bench/capacity.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iostream>
#include <tacit/base/error.hpp>

#include "bench/capacity_search.hpp"
#include "bench/interrupt.hpp"
#include "bench/output_file.hpp"
#include "bench/report.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr std::int64_t warmup_ns = 200'000'000;
// Below it the answers did not come as fast as the requests.
constexpr double kept_up_share = 0.98;
// Of a CPU: a target with one busy thread is at its end there.
constexpr double busy_share = 0.9;

/// What one try says, and the target's CPUs in use during it.
struct judged_try {
  try_result result = try_result::invalid;
  std::string why;
  std::optional<double> cpus_used;
};

std::string missed_objectives(const outcome& result) {
  std::string out;
  for (const auto& one : result.objectives) {
    if (!one.is_met) out += (out.empty() ? "" : "; ") + one.sentence();
  }
  return out;
}

/// The first of these is named: errors, a missed objective, a target that did not keep up.
judged_try judge_try(const outcome& result, double rate_per_s) {
  judged_try out;
  if (const auto& server = result.spent.server; server && server->at_ns > 0) {
    out.cpus_used = static_cast<double>(server->cpu_ns) / static_cast<double>(server->at_ns);
  }
  const auto& counts = result.phase.recorded.counts;
  if (!result.judged.is_valid()) {
    out.why = "the harness: " + result.judged.invalid_reasons.front().text;
    return out;
  }
  out.result = try_result::missed;
  const auto missed = missed_objectives(result);
  const double reached = result.phase.rate_per_s();
  if (exit_status_of(result) == 1) {
    out.why = fmt::format("errors: {} of {} requests", counts.errors_total(), counts.due);
  } else if (!missed.empty()) {
    out.why = "objective: " + missed;
  } else if (reached < kept_up_share * rate_per_s) {
    out.why = fmt::format("the target did not keep up: {:.0f} answers/s", reached);
  } else {
    out.result = try_result::met;
  }
  if (out.result == try_result::missed && out.cpus_used && *out.cpus_used > busy_share) {
    out.why += fmt::format("; the target used {:.2f} CPUs", *out.cpus_used);
  }
  return out;
}

const char* name_of(try_result result) {
  switch (result) {
    case try_result::met:
      return "met";
    case try_result::missed:
      return "missed";
    case try_result::invalid:
      break;
  }
  return "invalid";
}

/// A target under search.
class pressed_target {
 public:
  pressed_target(const capacity_options& options, const std::atomic<bool>& stop)
      : options_{options},
        stop_{stop},
        where_{parse_url(options.url)},
        target_{resolve(where_)},
        traffic_{where_.authority},
        costs_{target_, where_.authority, options.pid} {
    traffic_.add({"GET", where_.target, {}, std::nullopt});
  }

  judged_try press(double rate_per_s) {
    auto drive = options_.drive;
    drive.rate.per_s = rate_per_s;
    const schedule when = schedule_for(drive);
    load phase{&traffic_, &when};
    phase.timeout_ns = drive.timeout_ns;
    // A connection that a try before has overloaded would carry its debts into this one.
    driver connected{target_,
                     {drive.connections, drive.pipeline, drive.threads, drive.policy},
                     drive.timeout_ns,
                     stop_};
    phase.duration_ns = warmup_ns;
    (void)connected.run(phase);
    phase.duration_ns = options_.duration_ns;
    auto result = measure(connected, costs_, phase, drive.connections, stop_);
    result.objectives = judge_objectives(drive.objectives, result.phase);
    return judge_try(result, rate_per_s);
  }

 private:
  const capacity_options& options_;
  const std::atomic<bool>& stop_;
  url where_;
  endpoint target_;
  traffic_source traffic_;
  sampler costs_;
};

std::string objectives_text(const capacity_options& options) {
  std::string out;
  for (const auto& one : options.drive.objectives)
    out += (out.empty() ? "" : ", ") + one.text;
  return out;
}

std::string answer_text(const capacity_search& search, const capacity_options& options) {
  const auto highest = search.highest_met();
  auto out = highest ? fmt::format("capacity        {:.0f} requests/s meet {}{}\n", *highest,
                                   objectives_text(options),
                                   search.is_confirmed() ? "" : " (not confirmed)")
                     : fmt::format("capacity        no rate met {}\n", objectives_text(options));
  if (const auto* limit = search.limit()) {
    out += fmt::format("limit           at {:.0f} requests/s {}\n", limit->rate_per_s, limit->why);
  }
  return out;
}

json answer_json(const capacity_search& search, const capacity_options& options) {
  const auto highest = search.highest_met();
  json out = {{"schema", 1},
              {"kind", "capacity"},
              {"target", options.url},
              {"objectives", json::array()},
              {"capacity_per_s", highest ? json(*highest) : json(nullptr)},
              {"is_confirmed", search.is_confirmed()},
              {"limit", nullptr},
              {"tries", json::array()}};
  for (const auto& one : options.drive.objectives)
    out["objectives"].push_back(one.text);
  const auto try_json = [](const capacity_try& one) {
    return json{{"rate_per_s", one.rate_per_s}, {"result", name_of(one.result)}, {"why", one.why}};
  };
  if (const auto* limit = search.limit()) out["limit"] = try_json(*limit);
  for (const auto& one : search.tries())
    out["tries"].push_back(try_json(one));
  return out;
}

int status_of(const capacity_search& search) {
  const auto* limit = search.limit();
  if (limit != nullptr && limit->result == try_result::invalid) return 3;
  return search.highest_met() ? 0 : 4;
}

}  // namespace

int find_capacity(const capacity_options& options, const std::atomic<bool>& stop) {
  check_writable(options.drive.outputs.json);
  pressed_target target{options, stop};
  capacity_search search{
      {options.first_per_s, options.precision_percent / 100, options.confirmations}};
  while (const auto rate = search.next()) {
    const auto got = target.press(*rate);
    if (stop) return 128 + interrupting_signal();
    std::cout << fmt::format("{:>12.0f}/s   {:<8}{}\n", *rate, name_of(got.result), got.why)
              << std::flush;
    search.add(got.result, got.why);
  }
  std::cout << answer_text(search, options) << std::flush;
  if (!options.drive.outputs.json.empty()) {
    write_file(options.drive.outputs.json, answer_json(search, options).dump(2) + "\n");
  }
  return status_of(search);
}

}  // namespace tacit::bench
