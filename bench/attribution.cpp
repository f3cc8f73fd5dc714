#include "bench/attribution.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cassert>
#include <cmath>

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr unsigned effects = 3;
// The logarithm of 100: what an interval of few rounds allows for beyond it says nothing.
constexpr double worth_a_number = 4.605;

constexpr std::array all_figures{
    figure{"throughput_per_s", "Throughput", "/rate_per_s", "capacity"},
    figure{"latency_p50_us", "Median latency", "/latency_us/p50"},
    figure{"latency_p99_us", "p99 latency", "/latency_us/p99"},
    figure{"latency_p99_9_us", "p99.9 latency", "/latency_us/p99_9"},
    figure{"cpu_us_per_request", "CPU per request", "/server/cpu_us_per_request"},
    figure{"context_switches_per_request", "Context switches per request",
           "/server/context_switches_per_request"},
    figure{"run_delay_us_per_request", "Run delay per request", "/server/run_delay_us_per_request",
           "paced", figure_scale::difference, " us", 2, 0.01},
    figure{"allocations_per_request", "Allocations per request", "/server/allocations_per_request",
           "paced", figure_scale::difference, "", 3, 0.001},
    figure{"allocated_bytes_per_request", "Bytes allocated per request",
           "/server/allocated_bytes_per_request", "paced", figure_scale::difference, " bytes", 1,
           0.1},
    figure{"pauses_above_1_ms_per_s", "Pauses above 1 ms", "/pauses/probe/any/per_s/above_1_ms",
           "paced", figure_scale::difference, "/s", 2, 0.01},
    figure{"longest_pause_us", "Longest pause", "/pauses/probe/any/longest_us", "paced",
           figure_scale::difference, " us", 0, 1},
};

/// A figure's values on the scale on which effects add up.
std::optional<std::vector<double>> scaled(std::span<const double> values, figure_scale scale) {
  std::vector<double> out{values.begin(), values.end()};
  if (scale == figure_scale::difference) return out;
  if (!std::all_of(out.begin(), out.end(), [](double value) { return value > 0; }))
    return std::nullopt;
  for (double& value : out)
    value = std::log(value);
  return out;
}

const competitor* find(const comparison& what, const char* name) {
  const auto found = std::find_if(what.competitors.begin(), what.competitors.end(),
                                  [&](const auto& c) { return c.name == name; });
  return found == what.competitors.end() ? nullptr : &*found;
}

// ---- words -------------------------------------------------------------------------------------

std::string amount(const figure& which, figure_scale scale, double value) {
  if (scale == figure_scale::ratio && value > worth_a_number) return "over 100 times";
  if (scale == figure_scale::ratio) return fmt::format("{:+.1f} %", 100 * std::expm1(value));
  return fmt::format("{:+.{}f}{}", value, which.decimals, which.unit);
}

std::string range(const figure& which, figure_scale scale, const mean_interval& effect) {
  return fmt::format("({} to {})", amount(which, scale, effect.low),
                     amount(which, scale, effect.high));
}

std::string effect_text(const figure& which, figure_scale scale, const mean_interval& effect,
                        const char* nothing) {
  return effect.leaves_out(0)
             ? amount(which, scale, effect.mean) + " " + range(which, scale, effect)
             : fmt::format("{} {}", nothing, range(which, scale, effect));
}

/// An effect over all figures: those in which it shows, then those in which it does not.
std::string summary(const char* subject, const char* nothing,
                    const std::vector<named_attribution>& parts,
                    mean_interval attribution::*effect) {
  std::string shown;
  std::string others;
  for (const auto& part : parts) {
    const auto& found = part.found.*effect;
    if (found.leaves_out(0)) {
      shown += fmt::format("{}{} {} {}", shown.empty() ? "" : ", ", part.which->subject,
                           amount(*part.which, part.found.scale, found.mean),
                           range(*part.which, part.found.scale, found));
    } else {
      others += fmt::format("{}{}", others.empty() ? "" : ", ", part.which->subject);
    }
  }
  if (shown.empty()) return fmt::format("{}: {} in {}.", subject, nothing, others);
  if (others.empty()) return fmt::format("{}: {}.", subject, shown);
  return fmt::format("{}: {}; {} in {}.", subject, shown, nothing, others);
}

json effect_json(const named_attribution& part, const mean_interval& effect) {
  const auto shown = [&](double value) {
    return part.found.scale == figure_scale::ratio ? std::exp(value) : value;
  };
  return {{"value", shown(effect.mean)},
          {"low", shown(effect.low)},
          {"high", shown(effect.high)},
          {"is_shown", effect.leaves_out(0)}};
}

}  // namespace

std::optional<attribution> attribute(const cell_values& values, figure_scale scale,
                                     const confidence& asked, double resolution) {
  const auto ca = scaled(values.coroutine_arena, scale);
  const auto ch = scaled(values.coroutine_heap, scale);
  const auto ta = scaled(values.thread_arena, scale);
  const auto th = scaled(values.thread_heap, scale);
  if (!ca || !ch || !ta || !th || ca->size() < 2) return std::nullopt;
  assert(ca->size() == ch->size() && ca->size() == ta->size() && ca->size() == th->size());
  std::vector<double> threads;
  std::vector<double> allocation;
  std::vector<double> interaction;
  for (std::size_t i = 0; i < ca->size(); ++i) {
    threads.push_back(((*ta)[i] - (*ca)[i] + (*th)[i] - (*ch)[i]) / 2);
    allocation.push_back(((*ch)[i] - (*ca)[i] + (*th)[i] - (*ta)[i]) / 2);
    interaction.push_back(((*th)[i] - (*ta)[i]) - ((*ch)[i] - (*ca)[i]));
  }
  if (scale == figure_scale::ratio) resolution = ratio_resolution;
  return attribution{scale, *interval_of_mean(threads, asked, resolution),
                     *interval_of_mean(allocation, asked, resolution),
                     *interval_of_mean(interaction, asked, resolution), ca->size()};
}

std::span<const figure> attributed_figures() {
  return all_figures;
}

std::string named_attribution::sentence() const {
  const auto text = [&](const mean_interval& effect, const char* nothing) {
    return effect_text(*which, found.scale, effect, nothing);
  };
  return fmt::format("{}: threads {}; heap {}; interaction {}; {} rounds.", which->subject,
                     text(found.threads, "no effect shown"),
                     text(found.allocation, "no effect shown"),
                     text(found.interaction, "none shown"), found.rounds);
}

std::vector<named_attribution> attribute(const comparison& what) {
  std::vector<const competitor*> cells;
  for (const char* name : {"coroutine+arena", "coroutine+heap", "thread+arena", "thread+heap"}) {
    cells.push_back(find(what, name));
    if (cells.back() == nullptr) return {};
  }
  const auto family = static_cast<unsigned>(all_figures.size() * effects);
  std::vector<named_attribution> out;
  for (const auto& which : all_figures) {
    const auto values = over_common_rounds(cells, which);
    const auto found = attribute({values.of[0], values.of[1], values.of[2], values.of[3]},
                                 which.scale, {0.99, family, what.seed}, which.resolution);
    if (found) out.push_back({&which, *found});
  }
  return out;
}

std::vector<std::string> attribution_summary(const std::vector<named_attribution>& parts) {
  if (parts.empty()) return {};
  return {summary("Threads instead of coroutines", "no effect shown", parts, &attribution::threads),
          summary("Heap instead of arena", "no effect shown", parts, &attribution::allocation),
          summary("Interaction (what heap costs more with threads than with coroutines)",
                  "none shown", parts, &attribution::interaction)};
}

json to_json(const std::vector<named_attribution>& parts) {
  json out = json::array();
  for (const auto& part : parts) {
    out.push_back({{"figure", part.which->key},
                   {"scale", part.found.scale == figure_scale::ratio ? "ratio" : "difference"},
                   {"threads", effect_json(part, part.found.threads)},
                   {"allocation", effect_json(part, part.found.allocation)},
                   {"interaction", effect_json(part, part.found.interaction)},
                   {"rounds", part.found.rounds},
                   {"sentence", part.sentence()}});
  }
  return out;
}

}  // namespace tacit::bench
