#include "bench/recording_json.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <tacit/base/error.hpp>

#include "bench/formats/hdr_encoding.hpp"
#include "bench/report.hpp"

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

// ---- writing -----------------------------------------------------------------------------------

json histogram_json(const observe::histogram& from) {
  return {{"min_ns", from.min()}, {"max_ns", from.max()}, {"hdr", formats::encode_hdr(from)}};
}

json seconds_json(const timeline& seconds) {
  json out = json::array();
  observe::histogram latency;
  for (const auto& row : seconds.rows()) {
    latency.reset();
    row.add_latency_to(latency);
    const auto us = [&](double percentile) {
      return row.answered > 0 ? json(static_cast<double>(latency.at_percentile(percentile)) / 1e3)
                              : json(nullptr);
    };
    out.push_back({{"second", row.second},
                   {"sent", row.sent},
                   {"answered", row.answered},
                   {"errors", row.errors},
                   {"p50_us", us(50)},
                   {"p99_us", us(99)},
                   {"lag_max_ns", row.lag_ns_max},
                   {"latency", histogram_json(latency)}});
  }
  return out;
}

json moments_json(const phase_result& phase, const std::vector<target_moment>& moments) {
  json out = {{"at_s", json::array()}, {"cpu_s", json::array()}, {"rss_bytes", json::array()}};
  for (const auto& moment : moments) {
    out["at_s"].push_back(static_cast<double>(moment.at_ns - phase.start_ns) / 1e9);
    out["cpu_s"].push_back(static_cast<double>(moment.cpu_ns) / 1e9);
    out["rss_bytes"].push_back(moment.rss_bytes);
  }
  return out;
}

// ---- reading -----------------------------------------------------------------------------------

/// As the slots have it, but with the true ends.
observe::histogram histogram_of(const json& document) {
  observe::histogram rough;
  if (const char* wrong = formats::decode_hdr(document.at("hdr").get<std::string>(), rough)) {
    throw base::failure{wrong};
  }
  observe::histogram out;
  auto left = rough.count();
  if (left == 0) return out;
  const auto slots = rough.slots();
  const auto min = document.at("min_ns").get<std::uint64_t>();
  const auto max = document.at("max_ns").get<std::uint64_t>();
  for (std::size_t slot = 0; slot < slots.size() && left > 0; ++slot) {
    auto count = slots[slot];
    if (count == 0) continue;
    const bool is_first = left == rough.count();
    left -= count;
    if (left == 0) out.record(max);
    if (left == 0) --count;
    if (is_first && count > 0) out.record(min);
    if (is_first && count > 0) --count;
    const auto middle = rough.lowest_in_slot(slot) / 2 + rough.highest_in_slot(slot) / 2;
    out.record(std::clamp(middle, min, std::max(min, max)), count);
  }
  return out;
}

timeline_row row_of(const json& document, std::int64_t later) {
  timeline_row out;
  out.second = document.at("second").get<std::int64_t>() + later;
  out.sent = document.at("sent").get<std::uint64_t>();
  out.answered = document.at("answered").get<std::uint64_t>();
  out.errors = document.at("errors").get<std::uint64_t>();
  out.lag_ns_max = document.at("lag_max_ns").get<std::uint64_t>();
  const auto latency = histogram_of(document.at("latency"));
  out.latency_ns_max = latency.max();
  const auto slots = latency.slots();
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    if (slots[slot] > 0) out.latency.emplace_back(static_cast<std::uint32_t>(slot), slots[slot]);
  }
  return out;
}

tallies tallies_of(const json& document) {
  tallies out;
  const auto& counts = document.at("counts");
  out.due = counts.at("due").get<std::uint64_t>();
  out.sent = counts.at("sent").get<std::uint64_t>();
  out.answered = counts.at("answered").get<std::uint64_t>();
  out.failed = counts.at("failed").get<std::uint64_t>();
  out.outstanding = counts.at("outstanding").get<std::uint64_t>();
  out.resent = counts.at("resent").get<std::uint64_t>();
  out.reconnects = counts.at("reconnects").get<std::uint64_t>();
  out.bytes_received = document.at("bytes_received").get<std::uint64_t>();
  out.body_bytes = document.at("body_bytes").get<std::uint64_t>();
  for (std::size_t group = 1; group < out.status_classes.size(); ++group)
    out.status_classes[group] =
        document.at("statuses").at(fmt::format("{}xx", group)).get<std::uint64_t>();
  for (std::size_t kind = 0; kind < error_kinds; ++kind)
    out.errors[kind] =
        document.at("errors").at(name_of(static_cast<error_kind>(kind))).get<std::uint64_t>();
  return out;
}

/// What a process took, from its shares per request. Levels and threads stay 0.
process_sample process_of(const json& document, double requests, double wall_s) {
  const auto total = [&](const char* key, double scale) {
    const auto& share = document.at(key);
    return share.is_null() ? 0.0 : share.get<double>() * requests * scale;
  };
  process_sample out;
  out.at_ns = std::llround(wall_s * 1e9);
  out.cpu_ns = std::llround(total("cpu_us_per_request", 1e3));
  out.run_delay_ns = std::llround(total("run_delay_us_per_request", 1e3));
  const double all = total("context_switches_per_request", 1);
  out.voluntary_switches =
      static_cast<std::uint64_t>(std::llround(total("voluntary_switches_per_request", 1)));
  out.involuntary_switches = static_cast<std::uint64_t>(std::llround(all)) - out.voluntary_switches;
  out.minor_faults = static_cast<std::uint64_t>(std::llround(total("minor_faults_per_request", 1)));
  return out;
}

cost cost_of(const json& document) {
  cost out;
  auto requests = document.at("requests").get<double>();
  // What was taken is by all that was answered.
  if (const auto& pauses = document.at("pauses");
      pauses.contains("probe") && !pauses["probe"].is_null()) {
    requests += pauses["probe"].at("counts").at("answered").get<double>();
  }
  const auto wall_s = document.at("duration_s").get<double>();
  out.harness = process_of(document.at("harness"), requests, wall_s);
  const auto& server = document.at("server");
  if (server.at("rss_bytes").is_null()) return out;
  out.server = process_of(server, requests, wall_s);
  out.server->rss_bytes = server.at("rss_bytes").get<std::uint64_t>();
  out.server_rss_peak_bytes = server.at("rss_peak_bytes").get<std::uint64_t>();
  out.server_threads_peak = server.at("threads_peak").get<unsigned>();
  return out;
}

std::vector<target_moment> moments_of(const json& document, double later_s) {
  std::vector<target_moment> out;
  for (std::size_t i = 0; i < document.at("at_s").size(); ++i) {
    out.push_back({std::llround((document.at("at_s").at(i).get<double>() + later_s) * 1e9),
                   std::llround(document.at("cpu_s").at(i).get<double>() * 1e9),
                   document.at("rss_bytes").at(i).get<std::uint64_t>()});
  }
  return out;
}

outcome outcome_of(const json& document, double later_s) {
  const auto& recording = document.at("recording");
  std::vector<timeline_row> rows;
  for (const auto& row : recording.at("seconds"))
    rows.push_back(row_of(row, std::llround(later_s)));
  outcome out;
  out.phase.recorded = recorder{
      {histogram_of(recording.at("latency")), histogram_of(recording.at("service_time")),
       histogram_of(recording.at("latency_apart")), histogram_of(recording.at("schedule_lag")),
       timeline{std::move(rows)}, document.at("error_examples").get<std::vector<std::string>>()}};
  out.phase.recorded.counts = tallies_of(document);
  const double end_s = document.at("duration_s").get<double>() + later_s;
  out.phase.recorded.last_answer_ns = out.phase.end_ns = std::llround(end_s * 1e9);
  out.phase.recorded.longest_silence_ns =
      std::llround(document.at("pauses").at("longest_silence_us").get<double>() * 1e3);
  out.phase.start_unix_s = recording.at("start_unix_s").get<double>() - later_s;
  out.facts.connections_asked = document.at("connections").at("asked").get<unsigned>();
  out.facts.connections_opened = document.at("connections").at("opened").get<unsigned>();
  out.spent = cost_of(document);
  out.spent.over_time = moments_of(recording.at("target"), later_s);
  for (const auto& reason : document.at("invalid_reasons"))
    out.judged.invalid_reasons.push_back({reason.get<std::string>()});
  out.judged.notes = document.at("notes").get<std::vector<std::string>>();
  return out;
}

}  // namespace

json recording_json(const outcome& result) {
  const auto& phase = result.phase;
  return {{"start_unix_s", phase.start_unix_s},
          {"latency", histogram_json(phase.recorded.latency())},
          {"service_time", histogram_json(phase.recorded.service_time())},
          {"latency_apart", histogram_json(phase.recorded.latency_apart())},
          {"schedule_lag", histogram_json(phase.recorded.schedule_lag())},
          {"seconds", seconds_json(phase.recorded.seconds())},
          {"target", moments_json(phase, result.spent.over_time)}};
}

stored_run read_stored_run(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw base::failure{fmt::format("{}: cannot read", path)};
  stored_run out;
  out.path = path;
  try {
    out.document = json::parse(file);
    if (!out.document.contains("recording") || !out.document.contains("plan")) {
      throw base::failure{
          fmt::format("{}: holds no recording; run and replay write one with --json", path)};
    }
    out.plan = plan_of(out.document.at("plan"));
    out.start_unix_s = out.document.at("recording").at("start_unix_s").get<double>();
  } catch (const json::exception& wrong) {
    throw base::failure{fmt::format("{}: not the JSON of a run: {}", path, wrong.what())};
  }
  return out;
}

outcome restored(const stored_run& from, double later_s) {
  try {
    return outcome_of(from.document, later_s);
  } catch (const json::exception& wrong) {
    throw base::failure{fmt::format("{}: not the JSON of a run: {}", from.path, wrong.what())};
  } catch (const base::failure& wrong) {
    throw base::failure{fmt::format("{}: {}", from.path, wrong.message)};
  }
}

}  // namespace tacit::bench
