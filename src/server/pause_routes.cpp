#include "server/pause_routes.hpp"

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include <tacit/base/clock.hpp>
#include <tacit/observe/pause_recorder.hpp>
#include <tacit/sched/blocking.hpp>

#include "server/pause_report.hpp"

namespace tacit::server {
namespace {

constexpr std::uint64_t recent_listed_max = 100'000;

const observe::pause_recorder* recorder_of(const debug_view& view) {
  return view.running ? view.running->pauses() : nullptr;
}

// `read` gives a figure of the pauses of one cause.
std::function<double()> of_cause(const debug_view& view, observe::pause_cause cause,
                                 std::function<double(const observe::pause_counts&)> read) {
  return [view, cause, read = std::move(read)] {
    const auto* const recorder = recorder_of(view);
    return recorder ? read(recorder->counts(cause)) : 0.0;
  };
}

}  // namespace

// Written on a thread that may block: names in stacks are looked up in the program's symbols.
sched::task<> answer_pauses(const debug_view& view, http::context& c) {
  const auto format = c.request.query_value("format").value_or("json");
  const auto recent = c.request.query_value("recent") ? c.query_number("recent") : std::uint64_t{0};
  if (!recent || *recent > recent_listed_max || (format != "json" && format != "hlog")) {
    co_return c.problem(400, "expected ?format=json or hlog, ?recent=N with N up to 100000");
  }
  const bool as_log = format == "hlog";
  std::string body;
  const auto collect = [&body, &view, as_log, recent_max = static_cast<std::size_t>(*recent)] {
    const auto* const recorder = recorder_of(view);
    const observe::pause_record record = recorder ? recorder->record() : observe::pause_record{};
    if (as_log) {
      body = to_histogram_log(record);
      return;
    }
    nlohmann::json answer = describe_pauses(record, recent_max);
    answer["schema"] = 1;
    answer["recording"] = recorder != nullptr;
    answer["mode"] = to_string(view.settings.mode);
    body = answer.dump();
  };
  co_await sched::blocking(collect);
  c.body(body, as_log ? "text/plain; charset=utf-8" : "application/json");
}

void add_pause_metrics(const debug_view& view) {
  static constexpr std::array<const char*, observe::pause_marks.size()> marks{"100us", "1ms",
                                                                              "10ms"};
  observe::metrics& to = view.metrics;
  const auto for_each_cause = [](auto add) {
    for (std::size_t i = 0; i < observe::pause_causes; ++i) {
      const auto cause = static_cast<observe::pause_cause>(i);
      add(cause, "cause=\"" + std::string(observe::to_string(cause)) + "\"");
    }
  };
  for_each_cause([&](observe::pause_cause cause, const std::string& label) {
    to.add_total("tacit_pause_seconds_total", "Time that workers were in pauses.",
                 of_cause(view, cause, [](const auto& of) { return base::in_seconds(of.total); }),
                 label);
  });
  for_each_cause([&](observe::pause_cause cause, const std::string& label) {
    for (std::size_t i = 0; i < marks.size(); ++i) {
      to.add_total(
          "tacit_pauses_total", "Pauses of workers that were longer than this.",
          of_cause(view, cause, [i](const auto& of) { return static_cast<double>(of.above[i]); }),
          label + ",above=\"" + marks[i] + "\"");
    }
  });
  for_each_cause([&](observe::pause_cause cause, const std::string& label) {
    to.add_gauge("tacit_pause_longest_seconds", "The longest pause of a worker so far.",
                 of_cause(view, cause, [](const auto& of) { return base::in_seconds(of.longest); }),
                 label);
  });
}

}  // namespace tacit::server
