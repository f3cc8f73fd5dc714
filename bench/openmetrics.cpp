#include "bench/openmetrics.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace tacit::bench {
namespace {

std::string family(const char* name, const char* type, const char* help) {
  return fmt::format("# TYPE tacit_bench_{0} {1}\n# HELP tacit_bench_{0} {2}\n", name, type, help);
}

std::string summary(const char* name, const char* help, const observe::histogram& of) {
  auto out = family(name, "summary", help);
  for (const double quantile : {0.5, 0.9, 0.99, 0.999, 1.0}) {
    out += fmt::format("tacit_bench_{}{{quantile=\"{:g}\"}} {:.9f}\n", name, quantile,
                       static_cast<double>(of.at_percentile(quantile * 100)) / 1e9);
  }
  return out + fmt::format("tacit_bench_{0}_count {1}\ntacit_bench_{0}_sum {2:.9f}\n", name,
                           of.count(), of.mean() * static_cast<double>(of.count()) / 1e9);
}

std::string gauge(const char* name, const char* help, double value) {
  return family(name, "gauge", help) + fmt::format("tacit_bench_{} {:g}\n", name, value);
}

std::string errors(const tallies& counts) {
  auto out = family("errors", "counter", "Errors by kind.");
  for (std::size_t kind = 0; kind < error_kinds; ++kind) {
    out += fmt::format("tacit_bench_errors_total{{kind=\"{}\"}} {}\n",
                       name_of(static_cast<error_kind>(kind)), counts.errors[kind]);
  }
  return out;
}

}  // namespace

std::string to_openmetrics(const outcome& result) {
  const auto& recorded = result.phase.recorded;
  const auto& counts = recorded.counts;
  const bool are_met = std::all_of(result.objectives.begin(), result.objectives.end(),
                                   [](const auto& one) { return one.is_met; });
  auto out =
      summary("latency_seconds", "From the due time to the answer.", recorded.latency()) +
      summary("service_time_seconds", "From the send to the answer.", recorded.service_time()) +
      summary("schedule_lag_seconds", "How late the harness sent.", recorded.schedule_lag());
  out += family("requests", "counter", "Requests by what became of them.");
  out += fmt::format("tacit_bench_requests_total{{result=\"answered\"}} {}\n", counts.answered);
  out += fmt::format("tacit_bench_requests_total{{result=\"failed\"}} {}\n", counts.failed);
  out += errors(counts);
  out += gauge("rate_per_second", "Answers per second.", result.phase.rate_per_s());
  out += gauge("valid", "1 unless the harness shaped the numbers.", result.judged.is_valid());
  out += gauge("objectives_met", "1 unless an objective was missed.", are_met);
  return out + "# EOF\n";
}

}  // namespace tacit::bench
