#include "bench/traffic_file.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <tacit/base/error.hpp>

#include "bench/expectations.hpp"
#include "bench/formats/recorded_traffic.hpp"
#include "bench/request_filter.hpp"
#include "bench/schedule.hpp"
#include "bench/site_rule.hpp"
#include "bench/traffic_model.hpp"

namespace tacit::bench {
namespace {

std::string text_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    throw base::failure{fmt::format("{}: cannot read, or empty", path)};
  }
  return std::move(text).str();
}

formats::recorded_traffic parse(file_format format, const std::string& path, std::uint64_t seed) {
  if (const auto model = traffic_model::named(path)) return model->traffic(seed);
  const auto text = text_of(path);
  switch (format) {
    case file_format::gor:
      return formats::parse_gor(text);
    case file_format::vegeta:
      return formats::parse_vegeta(text);
    case file_format::har:
      return formats::parse_har(text);
    default:
      return formats::parse_url_list(text, seed);
  }
}

/// Adds requests that pass the filter, and keeps the times of those that do.
class collector {
 public:
  collector(const filter_options& filter, const std::string& authority,
            const expectations* expected)
      : filter_{filter}, out_{authority} {
    out_.source.expect(expected);
  }

  void add(formats::recorded_request& request, const expected_answer& expected,
           std::optional<std::int64_t> time_ns) {
    if (!filter_.apply(request)) {
      ++out_.left_out;
      return;
    }
    add_request(out_.source, request, expected);
    if (!time_ns) return;
    if (!out_.times_ns) out_.times_ns.emplace();
    out_.times_ns->push_back(*time_ns);
  }

  file_traffic finish(formats::rejections rejected, std::int64_t period_ns,
                      const std::string& path) {
    if (out_.source.size() == 0) {
      throw base::failure{rejected.empty()
                              ? fmt::format("{}: no request is left to send", path)
                              : fmt::format("{}: there is no request in it; line {}: {}", path,
                                            rejected.listed[0].number, rejected.listed[0].reason)};
    }
    out_.rejected = std::move(rejected);
    out_.period_ns = period_ns;
    return std::move(out_);
  }

 private:
  request_filter filter_;
  file_traffic out_;
};

expected_answer expectation(const base::combined_log_line& line, check_kind check,
                            const site_rule* site) {
  if (check == check_kind::status) return {line.status, std::nullopt};
  if (check == check_kind::none) return {};
  // The rule is asked for the target that goes over the wire: one that had to be encoded is not
  // the one in the log any more.
  return site->answer_to(line.method, wire_target(line.target));
}

void add_log(collector& into, const formats::combined_log& log, std::uint64_t seed,
             check_kind check, std::uint64_t body_bytes_max, const body_sizes& bodies) {
  std::optional<site_rule> site;
  if (check == check_kind::site) site.emplace(log.records, body_bytes_max);
  const auto times = formats::spread_times(log.records, seed);
  for (std::size_t i = 0; i < log.records.size(); ++i) {
    const auto& line = log.records[i];
    auto request = request_from(line);
    if (request.body) {
      request.body = made_up_body(mix(seed, i), bodies.of(i, line.bytes.value_or(0), seed));
    }
    into.add(request, expectation(line, check, site ? &*site : nullptr), times[i]);
  }
}

file_traffic read_log(const replay_options& options, const std::string& authority,
                      const expectations& expected) {
  auto log = formats::read_combined_log(options.log_path);
  collector into{options.filter, authority, &expected};
  add_log(into, log, options.drive.seed, options.check, options.body_bytes_max, options.bodies);
  return into.finish(std::move(log.rejected), formats::period_ns(log.records), options.log_path);
}

file_traffic read_requests(file_format format, const replay_options& options,
                           const std::string& authority, const expectations& expected) {
  if (options.check != check_kind::none) {
    throw base::failure{"--check needs an access log: other files do not have the answers", true};
  }
  auto traffic = parse(format, options.log_path, options.drive.seed);
  const auto times = traffic.has_times ? traffic.times_ns() : std::vector<std::int64_t>{};
  collector into{options.filter, authority, &expected};
  for (std::size_t i = 0; i < traffic.requests.size(); ++i)
    into.add(traffic.requests[i], {},
             times.empty() ? std::nullopt : std::optional<std::int64_t>{times[i]});
  // A repetition follows after the mean gap.
  const auto gaps = static_cast<std::int64_t>(std::max<std::size_t>(times.size(), 2) - 1);
  const auto period =
      times.empty() ? 0 : times.back() + std::max<std::int64_t>(times.back() / gaps, 1);
  return into.finish(std::move(traffic.rejected), period, options.log_path);
}

}  // namespace

formats::recorded_request request_from(const base::combined_log_line& line) {
  formats::recorded_request out;
  out.method = line.method;
  out.target = line.target;
  if (!line.user_agent.empty()) out.fields.emplace_back("User-Agent", line.user_agent);
  if (!line.referrer.empty()) out.fields.emplace_back("Referer", line.referrer);
  // Those methods expect a body, if only one of length 0.
  if (line.method == "POST" || line.method == "PUT" || line.method == "PATCH") out.body = "";
  return out;
}

void add_request(traffic_source& to, const formats::recorded_request& request,
                 const expected_answer& expected) {
  request_parts parts{request.method, request.target, {}, std::nullopt};
  for (const auto& [name, value] : request.fields)
    parts.fields.emplace_back(name, value);
  if (request.body) parts.body = *request.body;
  to.add(parts, expected);
}

file_format format_of(const std::string& path) noexcept {
  const auto ends = [&](const char* with) { return path.ends_with(with); };
  if (ends(".gor")) return file_format::gor;
  if (ends(".har")) return file_format::har;
  if (ends(".json") || ends(".jsonl") || ends(".ndjson")) return file_format::vegeta;
  if (ends(".urls") || ends(".txt")) return file_format::urls;
  return file_format::log;
}

traffic_source traffic_from(const formats::combined_log& log, const std::string& authority,
                            std::uint64_t body_bytes_max) {
  collector into{{}, authority, nullptr};
  add_log(into, log, 0, check_kind::site, body_bytes_max, {});
  return into.finish({}, 0, "the log").source;
}

file_traffic read_traffic(const replay_options& options, const std::string& target,
                          const expectations& expected) {
  const auto& authority = options.host.empty() ? target : options.host;
  const auto format = traffic_model::named(options.log_path)
                          ? file_format::urls
                          : options.format.value_or(format_of(options.log_path));
  auto out = format == file_format::log ? read_log(options, authority, expected)
                                        : read_requests(format, options, authority, expected);
  if (options.strict && !out.rejected.empty()) {
    throw base::failure{fmt::format("{}: line {}: {} (--strict)", options.log_path,
                                    out.rejected.listed[0].number, out.rejected.listed[0].reason)};
  }
  return out;
}

}  // namespace tacit::bench
