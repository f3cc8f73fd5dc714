#include "bench/report.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "bench/pauses_report.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

double us(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

json histogram_us(const observe::histogram& h) {
  return {{"p50", us(h.at_percentile(50))},
          {"p90", us(h.at_percentile(90))},
          {"p99", us(h.at_percentile(99))},
          {"p99_9", us(h.at_percentile(99.9))},
          {"max", us(h.max())},
          {"min", us(h.min())},
          {"mean", h.mean() / 1e3},
          {"count", h.count()}};
}

json errors_json(const tallies& counts) {
  json out = json::object();
  for (std::size_t kind = 0; kind < error_kinds; ++kind)
    out[name_of(static_cast<error_kind>(kind))] = counts.errors[kind];
  return out;
}

json statuses_json(const tallies& counts) {
  json out = json::object();
  for (std::size_t group = 1; group < counts.status_classes.size(); ++group)
    out[fmt::format("{}xx", group)] = counts.status_classes[group];
  return out;
}

json process_json(const std::optional<process_sample>& sample, double requests) {
  const auto share = [&](auto value, double scale = 1) {
    return sample && requests > 0 ? json(static_cast<double>(value(*sample)) / scale / requests)
                                  : json(nullptr);
  };
  return {
      {"cpu_us_per_request", share([](const auto& s) { return s.cpu_ns; }, 1e3)},
      {"context_switches_per_request",
       share([](const auto& s) { return s.voluntary_switches + s.involuntary_switches; })},
      {"voluntary_switches_per_request", share([](const auto& s) { return s.voluntary_switches; })},
      {"run_delay_us_per_request", share([](const auto& s) { return s.run_delay_ns; }, 1e3)},
      {"minor_faults_per_request", share([](const auto& s) { return s.minor_faults; })},
      {"major_faults", sample ? json(sample->major_faults) : json(nullptr)},
      {"cpu_share", sample && sample->at_ns > 0 ? json(static_cast<double>(sample->cpu_ns) /
                                                       static_cast<double>(sample->at_ns))
                                                : json(nullptr)}};
}

json server_json(const outcome& result) {
  const auto& spent = result.spent;
  const auto answered = static_cast<double>(result.served());
  json out = process_json(spent.server, answered);
  const auto known = [&](auto value) {
    return spent.runtime ? json(value(*spent.runtime)) : json(nullptr);
  };
  const auto share = [&](std::int64_t count) {
    return answered > 0 ? json(static_cast<double>(count) / answered) : json(nullptr);
  };
  out["allocations_per_request"] = known([&](const auto& r) { return share(r.allocations); });
  out["allocated_bytes_per_request"] =
      known([&](const auto& r) { return share(r.allocated_bytes); });
  out["requests_counted"] = known([](const auto& r) { return json(r.requests); });
  out["mode"] = known([](const auto& r) { return json(r.mode); });
  out["memory"] = known([](const auto& r) { return json(r.memory); });
  const bool has_process = spent.server.has_value();
  out["rss_bytes"] = has_process ? json(spent.server->rss_bytes) : json(nullptr);
  out["rss_peak_bytes"] = has_process ? json(spent.server_rss_peak_bytes) : json(nullptr);
  out["threads_peak"] = has_process ? json(spent.server_threads_peak) : json(nullptr);
  return out;
}

json harness_json(const outcome& result) {
  const auto& harness = result.spent.harness;
  json out = process_json(harness, static_cast<double>(result.served()));
  out["run_delay_share"] = harness.at_ns > 0 ? static_cast<double>(harness.run_delay_ns) /
                                                   static_cast<double>(harness.at_ns)
                                             : 0.0;
  return out;
}

/// What the run itself shows of pauses, and what the probes do that look for them.
json pauses_json(const outcome& result) {
  return {
      {"longest_silence_us", static_cast<double>(result.phase.recorded.longest_silence_ns) / 1e3},
      {"scheduled_out_us", result.spent.server
                               ? json(static_cast<double>(result.spent.server->run_delay_ns) / 1e3)
                               : json(nullptr)},
      {"probe", result.pauses ? to_json(*result.pauses, result.phase.start_ns) : json(nullptr)}};
}

std::string grouped(std::uint64_t value) {
  const auto digits = std::to_string(value);
  std::string out;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    if (at > 0 && (digits.size() - at) % 3 == 0) out += ',';
    out += digits[at];
  }
  return out;
}

std::string latency_row(std::string_view name, const observe::histogram& h) {
  return fmt::format("{:<16}{:>11.1f}{:>11.1f}{:>11.1f}{:>11.1f}{:>12.1f}\n", name,
                     us(h.at_percentile(50)), us(h.at_percentile(90)), us(h.at_percentile(99)),
                     us(h.at_percentile(99.9)), us(h.max()));
}

std::string error_rows(const recorder& recorded) {
  std::string out;
  for (std::size_t kind = 0; kind < error_kinds; ++kind) {
    if (const auto count = recorded.counts.errors[kind]) {
      out += fmt::format("{:<16}{} {}\n", out.empty() ? "errors" : "", grouped(count),
                         name_of(static_cast<error_kind>(kind)));
    }
  }
  for (const auto& example : recorded.examples())
    out += fmt::format("{:<16}- {}\n", "", example);
  return out.empty() ? fmt::format("{:<16}none\n", "errors") : out;
}

std::string server_row(const outcome& result) {
  const auto& spent = result.spent;
  const auto answered = std::max(1.0, static_cast<double>(result.served()));
  if (!spent.server)
    return fmt::format("{:<16}not sampled (no --pid, no /debug/runtime)\n", "server");
  auto out = fmt::format(
      "{:<16}CPU {:.2f} us, {:.3f} context switches, {:.3f} minor faults per request; RSS peak "
      "{:.1f} MB; {} threads\n",
      "server", static_cast<double>(spent.server->cpu_ns) / 1e3 / answered,
      static_cast<double>(spent.server->voluntary_switches + spent.server->involuntary_switches) /
          answered,
      static_cast<double>(spent.server->minor_faults) / answered,
      static_cast<double>(spent.server_rss_peak_bytes) / 1e6, spent.server_threads_peak);
  if (spent.runtime) {
    out += fmt::format(
        "{:<16}{:.4f} allocations, {:.1f} bytes allocated per request; it counted {} requests\n",
        fmt::format("{}+{}", spent.runtime->mode, spent.runtime->memory),
        static_cast<double>(spent.runtime->allocations) / answered,
        static_cast<double>(spent.runtime->allocated_bytes) / answered,
        grouped(static_cast<std::uint64_t>(std::max<std::int64_t>(spent.runtime->requests, 0))));
  }
  return out;
}

std::string verdict_rows(const verdict& judged) {
  std::string out = fmt::format("{:<16}{}\n", "verdict", judged.is_valid() ? "valid" : "INVALID");
  for (const auto& reason : judged.invalid_reasons)
    out += fmt::format("{:<16}- {}\n", "", reason.text);
  for (const auto& note : judged.notes)
    out += fmt::format("{:<16}- note: {}\n", "", note);
  return out;
}

std::string status_row(const tallies& counts) {
  std::string out;
  for (std::size_t group = 1; group < counts.status_classes.size(); ++group) {
    if (counts.status_classes[group] > 0) {
      out += fmt::format("{}{}xx {}", out.empty() ? "" : ", ", group,
                         grouped(counts.status_classes[group]));
    }
  }
  return fmt::format("{:<16}{}\n", "status", out.empty() ? "none" : out);
}

}  // namespace

json to_json(const outcome& result) {
  const auto& recorded = result.phase.recorded;
  const auto& counts = recorded.counts;
  json out;
  out["schema"] = 1;
  out["valid"] = result.judged.is_valid();
  out["invalid_reasons"] = json::array();
  for (const auto& reason : result.judged.invalid_reasons)
    out["invalid_reasons"].push_back(reason.text);
  out["notes"] = result.judged.notes;
  out["objectives"] = json::array();
  for (const auto& one : result.objectives) {
    out["objectives"].push_back(
        {{"text", one.asked.text}, {"figure", one.figure}, {"is_met", one.is_met}});
  }
  out["requests"] = counts.answered;
  out["errors"] = errors_json(counts);
  out["error_examples"] = recorded.examples();
  out["rate_per_s"] = result.phase.rate_per_s();
  out["duration_s"] = result.phase.elapsed_s();
  out["latency_us"] = histogram_us(recorded.latency());
  out["service_time_us"] = histogram_us(recorded.service_time());
  if (recorded.latency_apart().count() > 0) {
    out["latency_apart_us"] = histogram_us(recorded.latency_apart());
  }
  out["schedule_lag_us"] = histogram_us(recorded.schedule_lag());
  out["counts"] = {{"due", counts.due},
                   {"sent", counts.sent},
                   {"answered", counts.answered},
                   {"failed", counts.failed},
                   {"outstanding", counts.outstanding},
                   {"resent", counts.resent},
                   {"retired", counts.retired},
                   {"own_limits", counts.own_limits},
                   {"reconnects", counts.reconnects}};
  out["statuses"] = statuses_json(counts);
  out["bytes_received"] = counts.bytes_received;
  out["body_bytes"] = counts.body_bytes;
  out["connections"] = {{"asked", result.facts.connections_asked},
                        {"opened", result.facts.connections_opened}};
  out["server"] = server_json(result);
  out["harness"] = harness_json(result);
  out["pauses"] = pauses_json(result);
  return out;
}

std::string to_table(const outcome& result, const run_title& title) {
  const auto& recorded = result.phase.recorded;
  const auto& counts = recorded.counts;
  const auto& harness = result.spent.harness;
  const auto answered = std::max(1.0, static_cast<double>(result.served()));
  std::string out =
      fmt::format("{:<16}{}\n{:<16}{}\n", title.kind, title.target, "load", title.load);
  out += fmt::format("{:<16}{} sent, {} answered, {} failed in {:.2f} s: {}/s, {:.1f} MB/s\n",
                     "requests", grouped(counts.sent), grouped(counts.answered),
                     grouped(counts.failed), result.phase.elapsed_s(),
                     grouped(static_cast<std::uint64_t>(result.phase.rate_per_s())),
                     static_cast<double>(counts.bytes_received) / result.phase.elapsed_s() / 1e6);
  out += fmt::format("{:<16}{:>11}{:>11}{:>11}{:>11}{:>12}\n", "us", "p50", "p90", "p99", "p99.9",
                     "max");
  out += latency_row("latency", recorded.latency());
  out += latency_row("service time", recorded.service_time());
  if (recorded.latency_apart().count() > 0) out += latency_row("apart", recorded.latency_apart());
  out += latency_row("schedule lag", recorded.schedule_lag());
  out += status_row(counts) + error_rows(recorded);
  if (counts.reconnects + counts.resent + counts.retired > 0) {
    out += fmt::format("{:<16}{} ended by the target, {} requests sent again; {} used up\n",
                       "connections", grouped(counts.reconnects), grouped(counts.resent),
                       grouped(counts.retired));
  }
  out += server_row(result);
  out += fmt::format(
      "{:<16}CPU {:.2f} us per request, {:.0f} % of one CPU; waited for a CPU {:.2f} % of the "
      "time\n",
      "harness", static_cast<double>(harness.cpu_ns) / 1e3 / answered,
      100.0 * static_cast<double>(harness.cpu_ns) /
          std::max(1.0, static_cast<double>(harness.at_ns)),
      100.0 * static_cast<double>(harness.run_delay_ns) /
          std::max(1.0, static_cast<double>(harness.at_ns)));
  if (result.pauses) out += pause_rows(*result.pauses);
  for (const auto& one : result.objectives)
    out += fmt::format("{:<16}{}\n", "objective", one.sentence());
  return out + verdict_rows(result.judged);
}

std::string describe_rejected(const formats::rejections& rejected, std::size_t requests,
                              const std::string& path) {
  if (rejected.empty()) return {};
  constexpr std::size_t listed_max = 10;
  auto out = fmt::format("{}: {} of {} lines became no request:\n", path, rejected.count,
                         rejected.count + requests);
  for (std::size_t i = 0; i < std::min(listed_max, rejected.listed.size()); ++i)
    out += fmt::format("  line {}: {}\n", rejected.listed[i].number, rejected.listed[i].reason);
  if (rejected.count > listed_max) out += "  …\n";
  return out;
}

json rejected_to_json(const formats::rejections& rejected, std::size_t requests) {
  json lines = json::array();
  for (const auto& line : rejected.listed)
    lines.push_back({{"line", line.number}, {"reason", line.reason}});
  return {{"lines", requests + rejected.count},
          {"requests", requests},
          {"rejected", rejected.count},
          {"rejected_lines", std::move(lines)}};
}

int exit_status_of(const outcome& result) noexcept {
  const auto& objectives = result.objectives;
  const bool judges_errors = std::any_of(objectives.begin(), objectives.end(), [](const auto& one) {
    return one.asked.what == objective::subject::errors;
  });
  if (!judges_errors && result.phase.recorded.counts.errors_total() > 0) return 1;
  if (!result.judged.is_valid()) return 3;
  const bool are_met =
      std::all_of(objectives.begin(), objectives.end(), [](const auto& one) { return one.is_met; });
  return are_met ? 0 : 4;
}

}  // namespace tacit::bench
