#include "bench/options.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <algorithm>
#include <charconv>
#include <CLI/CLI.hpp>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <tacit/base/error.hpp>
#include <tacit/version.hpp>

#include "bench/traffic_source.hpp"

namespace tacit::bench {
namespace {

constexpr const char* exit_statuses =
    "Exit status: 0 valid and without errors; 1 the target failed requests or the work could not "
    "be carried out; 2 wrong usage; 3 INVALID: the harness, not the target, shaped the numbers; "
    "4 an objective of --slo was missed; "
    "128 + N ended by signal N. Errors of the target (1) win over INVALID (3) and that over 4; "
    "with "
    "an objective about errors they are judged by it alone.";

[[noreturn]] void refuse(const std::string& option, const std::string& text,
                         const std::string& expected) {
  throw CLI::ValidationError{option, fmt::format("{}: expected {}", text, expected)};
}

double parse_positive(const std::string& option, std::string_view number, const std::string& text,
                      const std::string& expected) {
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{} || end != number.data() + number.size() || !(value > 0) ||
      value > 1e12) {
    refuse(option, text, expected);
  }
  return value;
}

std::int64_t parse_duration(const std::string& option, const std::string& text, bool zero_is_ok) {
  if (text == "0" && zero_is_ok) return 0;
  const auto unit_at = text.find_first_not_of("0123456789.");
  const auto unit = unit_at == std::string::npos ? std::string{} : text.substr(unit_at);
  const double scale = unit == "us"   ? 1e3
                       : unit == "ms" ? 1e6
                       : unit == "s"  ? 1e9
                       : unit == "m"  ? 6e10
                       : unit == "h"  ? 3.6e12
                                      : 0;
  const std::string expected = "a duration such as 500ms, 10s or 2m";
  const double number =
      parse_positive(option, std::string_view{text}.substr(0, unit_at), text, expected);
  // A day is far beyond any use, and far below what overflows.
  if (scale == 0 || number * scale > 8.64e13) refuse(option, text, expected);
  return static_cast<std::int64_t>(number * scale);
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out;
  std::istringstream words{text};
  for (std::string word; std::getline(words, word, at);)
    out.push_back(word);
  return out;
}

constexpr const char* profile_forms =
    "ramp:FROM:TO:DURATION, steps:R,R,...:EACH, sine:MEAN:AMPLITUDE:PERIOD or "
    "flood:BASE:PEAK:BEFORE:FOR";

double parse_profile_rate(const std::string& word, const std::string& text) {
  return word == "0" ? 0 : parse_positive("--rate", word, text, profile_forms);
}

std::vector<double> parse_steps(const std::string& words, const std::string& text) {
  std::vector<double> out;
  for (const auto& word : split(words, ','))
    out.push_back(parse_profile_rate(word, text));
  if (out.empty()) refuse("--rate", text, profile_forms);
  return out;
}

rate_profile profile_of(const std::vector<std::string>& words, const std::string& text) {
  const auto rate = [&](std::size_t at) { return parse_profile_rate(words[at], text); };
  const auto seconds = [&](std::size_t at) {
    return static_cast<double>(parse_duration("--rate", words[at], false)) / 1e9;
  };
  const auto is = [&](const char* name, std::size_t size) {
    return words[0] == name && words.size() == size;
  };
  if (is("ramp", 4)) return rate_profile::ramp(rate(1), rate(2), seconds(3));
  if (is("steps", 3)) return rate_profile::steps(parse_steps(words[1], text), seconds(2));
  if (is("flood", 5)) return rate_profile::flood(rate(1), rate(2), seconds(3), seconds(4));
  if (!is("sine", 4)) refuse("--rate", text, profile_forms);
  if (rate(1) <= 0 || rate(2) > rate(1)) refuse("--rate", text, "an amplitude up to the mean");
  return rate_profile::sine(rate(1), rate(2), seconds(3));
}

rate_option parse_profile(const std::string& text) {
  rate_option out;
  out.text = text;
  out.profile = profile_of(split(text, ':'), text);
  if (out.profile->count_until(out.profile->length_s()) <= 0) {
    refuse("--rate", text, "a rate above 0 at some time");
  }
  return out;
}

rate_option parse_rate(const std::string& text, bool auto_is_ok, bool* is_auto) {
  if (is_auto != nullptr) *is_auto = auto_is_ok && text == "auto";
  if (text == "max" || (auto_is_ok && text == "auto")) return {};
  if (!auto_is_ok && text.find(':') != std::string::npos) return parse_profile(text);
  return {parse_positive(
      "--rate", text, text,
      auto_is_ok ? "requests per second, max or auto" : "requests per second, or max")};
}

/// A method or a field name (RFC 9110 section 5.6.2).
bool is_token(const std::string& text) {
  return !text.empty() && text.find_first_not_of(
                              "!#$%&'*+-.^_`|~0123456789"
                              "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
}

std::pair<std::string, std::string> parse_field(const std::string& text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  if (colon == std::string::npos || !is_token(name)) refuse("--header", text, "NAME:VALUE");
  const auto value = text.find_first_not_of(' ', colon + 1);
  return {name, value == std::string::npos ? "" : text.substr(value)};
}

std::string read_body(const std::string& text) {
  if (!text.starts_with('@')) return text;
  const auto path = text.substr(1);
  std::ifstream file{path, std::ios::binary};
  std::ostringstream body;
  if (!file || (file.peek() != std::ifstream::traits_type::eof() && !(body << file.rdbuf()))) {
    throw base::failure{fmt::format("{}: cannot read the request body", path)};
  }
  return std::move(body).str();
}

sockaddr_storage parse_source(const std::string& text) {
  sockaddr_storage out{};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    out.ss_family = AF_INET;
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    out.ss_family = AF_INET6;
  } else {
    refuse("--source", text, "an IPv4 or IPv6 address");
  }
  return out;
}

/// Options as text before they are understood; what --help shows as their defaults.
struct raw_options {
  std::string churn;
  std::string memory_limit;
  std::string rate;
  std::string arrivals = "constant";
  std::string timeout = "30s";
  std::string memory;
  std::string connect_timeout = "10s";
  std::vector<std::string> sources;
  std::string duration;
  std::string warmup = "0";
  std::string speed;
  std::string check = "none";
  std::string body;
  std::string body_limit;
  std::string format;
  std::string bodies = "none";
  std::string progress = "auto";
  std::string start_at;
  std::string probe = "off";
  probe_settings probes;
  std::vector<std::string> objectives;
  std::vector<std::string> expected;
  std::vector<std::string> fields;
};

void add_drive_options(CLI::App& app, drive_options& drive, raw_options& raw) {
  app.add_option("--connections,-c", drive.connections, "Connections kept open")
      ->capture_default_str()
      ->check(CLI::Range(1u, 100'000u));
  app.add_option("--pipeline", drive.pipeline, "Requests in flight on one connection, at most")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000u));
  app.add_option("--arrivals", raw.arrivals, "Gaps between due times under --rate R")
      ->capture_default_str()
      ->check(CLI::IsMember({"constant", "poisson"}));
  app.add_option("--seed", drive.seed, "Seed of everything that is drawn")->capture_default_str();
  app.add_option("--threads", drive.threads,
                 "Threads; each has a fixed share of the one schedule and of the connections")
      ->capture_default_str()
      ->check(CLI::Range(1u, 256u));
  app.add_option("--requests-per-connection", drive.policy.requests_max,
                 "Requests after which a connection is closed and opened anew; 0 is never")
      ->capture_default_str();
  app.add_flag("--close-by-reset", drive.policy.closes_by_reset,
               "Such connections are closed with RST instead of FIN");
  app.add_option("--connect-timeout", raw.connect_timeout, "For one attempt to connect")
      ->capture_default_str();
  app.add_option("--connect-rate", drive.policy.connects_per_s_max,
                 "Connections opened per second, at most; 0 is as fast as they come")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--source", raw.sources,
                 "Local address to connect from; several are taken in turns")
      ->allow_extra_args(false);
  app.add_option("--timeout", raw.timeout,
                 "For one answer; and after the last due time, for the answers still missing")
      ->capture_default_str();
  app.add_option(
      "--json", drive.outputs.json,
      "Write the results to this file as JSON (schema 1); with /dev/stdout run and replay print "
      "nothing else");
}

void add_histogram_outputs(CLI::App& app, output_paths& outputs) {
  app.add_option("--hgrm", outputs.hgrm, "Write the latencies' percentile distribution (ms)");
  app.add_option("--hlog", outputs.hlog,
                 "Write a HdrHistogram log of the latencies (ns), one line per second");
}

void add_outputs(CLI::App& app, output_paths& outputs, raw_options& raw) {
  app.add_option("--slo", raw.objectives,
                 "What the run has to reach, such as p99<5ms, max<=1s, mean<2ms, rate>=1000 or "
                 "errors<0.1%; as often as wanted. Exit status 4 when one is missed")
      ->allow_extra_args(false);
  add_histogram_outputs(app, outputs);
  app.add_option("--csv", outputs.csv, "Write counts and percentiles, one line per second");
  app.add_option("--html", outputs.html, "Write a page with plots that needs nothing else");
  app.add_option("--openmetrics", outputs.openmetrics,
                 "Write the results as OpenMetrics text, for a push gateway");
}

/// Of what looks for pauses beside the load.
void add_probe(CLI::App& app, raw_options& raw) {
  app.add_option("--probe", raw.probe,
                 "on: look for pauses of the target from outside, with connections of their own, "
                 "whose requests are a load too")
      ->capture_default_str()
      ->check(CLI::IsMember({"on", "off"}));
  app.add_option("--probes", raw.probes.probes, "How many connections look for pauses")
      ->capture_default_str()
      ->check(CLI::Range(1U, probe_settings::probes_max));
  app.add_option("--probe-rate", raw.probes.rate_per_s, "Requests per second of each of them")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 100'000.0));
  app.add_option("--probe-path", raw.probes.path, "What they ask for; any answer is one")
      ->capture_default_str();
}

void finish_probe(drive_options& drive, const raw_options& raw) {
  if (raw.probe != "on") return;
  if (!raw.probes.path.starts_with('/') ||
      raw.probes.path.find_first_of(" \r\n") != std::string::npos) {
    refuse("--probe-path", raw.probes.path, "a path that starts with / and has no space");
  }
  drive.probe = raw.probes;
  drive.probe->timeout_ns = drive.timeout_ns;
}

void add_expectations(CLI::App& app, raw_options& raw) {
  app.add_option("--expect", raw.expected,
                 "[ROUTE=>]WHAT: what answers have to be: status=N, length=N, crc32=HEX or "
                 "body~PATTERN; ROUTE is looked for in \"METHOD TARGET\"; as often as wanted")
      ->allow_extra_args(false);
}

void add_progress(CLI::App& app, raw_options& raw) {
  app.add_option("--progress", raw.progress,
                 "On stderr: one line that is drawn anew each second (auto, on a terminal), or a "
                 "line every five seconds (plain, and auto elsewhere)")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "plain", "off"}));
}

/// For several processes, maybe on several machines, that share one schedule.
void add_part(CLI::App& app, drive_options& drive, raw_options& raw) {
  auto* of = app.add_option("--of", drive.of,
                            "So many processes share the one schedule; their results are added up "
                            "by merge")
                 ->capture_default_str()
                 ->check(CLI::Range(1u, 10'000u));
  app.add_option(
         "--index", drive.index,
         "Which of them this is, from 0: it sends the requests whose number is INDEX modulo "
         "OF. In an indexed job of Kubernetes JOB_COMPLETION_INDEX says it")
      ->envname("JOB_COMPLETION_INDEX")
      ->needs(of);
  app.add_option("--start-at", raw.start_at,
                 "When the schedule begins: seconds since the epoch, or 2026-01-31T12:00:00Z");
}

void add_body_limit(CLI::App& app, raw_options& raw) {
  app.add_option("--body-limit", raw.body_limit,
                 "Bytes after which the site cuts a body (its own --body-limit)");
}

std::uint64_t parse_bytes(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    refuse("--body-limit", text, "a number of bytes");
  }
  return value;
}

/// "512MB", in units of 2^20 bytes.
std::uint64_t parse_mb(const std::string& option, const std::string& text, const std::string& all,
                       const char* expected) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit{end, text.data() + text.size()};
  const std::uint64_t factor = unit == "MB" ? 1 : unit == "GB" ? 1024 : 0;
  if (error != std::errc{} || factor == 0 || value > (1u << 20) / factor) {
    refuse(option, all, expected);
  }
  return value * factor;
}

/// "objects=20,bytes=512,live=128MB": any of them, in any order.
churn_settings parse_churn(const std::string& text) {
  churn_settings out;
  const auto* forms = "objects=N,bytes=N,live=NMB, of which objects times bytes is at most 64 MiB";
  constexpr std::uint64_t garbage_max = 64 << 20;
  const auto number = [&](const std::string& digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || value > garbage_max) {
      refuse("--churn", text, forms);
    }
    return value;
  };
  for (const auto& word : split(text, ',')) {
    const auto equals = std::min(word.find('='), word.size());
    const auto name = word.substr(0, equals);
    const auto value = word.substr(std::min(equals + 1, word.size()));
    if (name == "objects") {
      out.objects = number(value);
    } else if (name == "bytes") {
      out.bytes = number(value);
    } else if (name == "live") {
      out.live_mb = value == "0" ? 0 : parse_mb("--churn", value, text, forms);
    } else {
      refuse("--churn", text, forms);
    }
  }
  if (out.objects * out.bytes > garbage_max) refuse("--churn", text, forms);
  return out;
}

std::uint64_t parse_memory_limit(const std::string& text) {
  const auto mb = parse_mb("--memory-limit", text, text, "a size such as 512MB or 2GB, up to 1TB");
  if (mb == 0) refuse("--memory-limit", text, "at least 1MB");
  return mb << 20;
}

double parse_moment(const std::string& text) {
  const std::string expected = "seconds since the epoch, or a moment such as 2026-01-31T12:00:00Z";
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (end != nullptr && *end == '\0') return static_cast<double>(::timegm(&parts));
  return parse_positive("--start-at", text, text, expected);
}

void finish_part(drive_options& drive, const raw_options& raw) {
  if (drive.index >= drive.of) {
    refuse("--index", std::to_string(drive.index), fmt::format("0 to {}", drive.of - 1));
  }
  if (!raw.start_at.empty()) drive.start_unix_s = parse_moment(raw.start_at);
}

void finish_drive(drive_options& drive, const raw_options& raw) {
  finish_part(drive, raw);
  drive.poisson = raw.arrivals == "poisson";
  drive.timeout_ns = parse_duration("--timeout", raw.timeout, false);
  drive.policy.connect_timeout_ns = parse_duration("--connect-timeout", raw.connect_timeout, false);
  for (const auto& text : raw.sources)
    drive.policy.sources.push_back(parse_source(text));
  finish_probe(drive, raw);
  drive.expected = raw.expected;
  drive.progress = raw.progress == "off"     ? progress_kind::off
                   : raw.progress == "plain" ? progress_kind::plain
                                             : progress_kind::automatic;
  for (const auto& text : raw.objectives)
    drive.objectives.push_back(parse_objective(text));
}

// ---- one function per subcommand ---------------------------------------------------------------

CLI::App* describe_run(CLI::App& app, run_options& out, raw_options& raw) {
  auto* run = app.add_subcommand("run", "Send one request over and over to a URL");
  run->footer(
      "Latency counts from the moment a request was due, not from when it could be sent; the "
      "service time counts from the send. With --rate max a request is due when a connection is "
      "free.\n" +
      std::string{exit_statuses});
  run->add_option("URL", out.url, "http://HOST[:PORT][/PATH]")->required();
  run->add_option("--rate,-r", raw.rate,
                  "Requests per second, max for a closed loop, or a shape: ramp:FROM:TO:DURATION, "
                  "steps:R,R,...:EACH, sine:MEAN:AMPLITUDE:PERIOD, flood:BASE:PEAK:BEFORE:FOR")
      ->default_str("max");
  run->add_option("--duration,-d", raw.duration, "How long requests become due")
      ->default_str("10s");
  run->add_option("--warmup", raw.warmup, "The same load before, unmeasured")
      ->capture_default_str();
  run->add_option("--method", out.method, "Request method")->capture_default_str();
  run->add_option("--header,-H", raw.fields, "NAME:VALUE, as often as wanted")
      ->allow_extra_args(false);
  run->add_option("--body", raw.body, "Request body, or @FILE to read it from a file");
  run->add_option("--pid", out.pid,
                  "Process to sample; without it the one that /debug/runtime of a loopback target "
                  "names")
      ->check(CLI::PositiveNumber);
  add_drive_options(*run, out.drive, raw);
  add_part(*run, out.drive, raw);
  add_probe(*run, raw);
  add_expectations(*run, raw);
  add_progress(*run, raw);
  add_outputs(*run, out.drive.outputs, raw);
  return run;
}

run_options finish_run(run_options out, const raw_options& raw, bool has_body) {
  finish_drive(out.drive, raw);
  out.drive.rate = parse_rate(raw.rate.empty() ? "max" : raw.rate, false, nullptr);
  out.duration_ns =
      parse_duration("--duration", raw.duration.empty() ? "10s" : raw.duration, false);
  out.warmup_ns = parse_duration("--warmup", raw.warmup, true);
  if (!is_token(out.method) || out.method == "CONNECT") {
    refuse("--method", out.method, "a method other than CONNECT");
  }
  for (const auto& field : raw.fields)
    out.fields.push_back(parse_field(field));
  if (has_body) out.body = read_body(raw.body);
  return out;
}

CLI::App* describe_replay(CLI::App& app, replay_options& out, raw_options& raw) {
  auto* replay =
      app.add_subcommand("replay", "Send the requests of an access log or another recording");
  replay->footer(
      "The name says the format: .gor (GoReplay), .json, .jsonl or .ndjson (vegeta's targets), "
      ".har, "
      ".urls or .txt (lines of [WEIGHT] [METHOD] URL); others are access logs in common or "
      "combined "
      "format, as Apache and nginx write them. --keep, --drop and --rewrite take POSIX extended "
      "expressions; the first two are matched with \"METHOD TARGET\".\n"
      "Of a log, methods, targets, referrers "
      "and "
      "user agents go out as logged, bodies are empty. The log's times have whole seconds: the n "
      "lines of one second get n sorted uniform draws from it, a function of --seed and the "
      "second. Unsorted lines are sorted by time, those of one second stay in their order. Lines "
      "that do not parse are counted and reported with their numbers.\n"
      "--check site: status and length of each answer are those of a server that serves the log "
      "with `tacit serve --site`: what a target was logged with most often. --check status: the "
      "status is the one that its own line logged.\n" +
      std::string{exit_statuses});
  replay
      ->add_option("FILE", out.log_path,
                   "The recording; or model:web, model:api or model:danmaku, with :N for so many "
                   "requests (10000), which --seed makes up")
      ->required();
  replay->add_option("--target", out.target, "http://HOST:PORT")->required();
  auto* speed = replay->add_option("--speed", raw.speed, "The file's own times, this much faster")
                    ->default_str("1x");
  replay
      ->add_option("--rate,-r", raw.rate,
                   "The file's order at so many requests per second, or max for a closed loop")
      ->excludes(speed);
  replay->add_option("--repeat", out.repeat, "How often the log is replayed")
      ->capture_default_str()
      ->check(CLI::Range(1u, 1'000'000u));
  replay->add_option("--check", raw.check, "How answers are checked")
      ->capture_default_str()
      ->check(CLI::IsMember({"site", "status", "none"}));
  add_body_limit(*replay, raw);
  replay->add_option("--format", raw.format, "Whatever the name says")
      ->check(CLI::IsMember({"log", "gor", "vegeta", "har", "urls"}));
  replay
      ->add_option(
          "--bodies", raw.bodies,
          "Bodies for the POST, PUT and PATCH of an access log, which has none: as long as "
          "the answer that was logged (logged), N bytes, or N-M drawn with --seed")
      ->capture_default_str();
  replay->add_option("--keep", out.filter.keep, "Send only what matches REGEX, as often as wanted")
      ->allow_extra_args(false);
  replay->add_option("--drop", out.filter.drop, "Leave out what matches REGEX, as often as wanted")
      ->allow_extra_args(false);
  replay
      ->add_option("--rewrite", out.filter.rewrites,
                   "REGEX=>TEXT: what REGEX matches in a target becomes TEXT; \\1 is a group")
      ->allow_extra_args(false);
  replay
      ->add_option("--header,-H", raw.fields,
                   "NAME:VALUE replaces or adds a field, NAME: removes it; as often as wanted")
      ->allow_extra_args(false);
  replay->add_option("--host", out.host, "What Host says, instead of the target's name");
  replay->add_flag(
      "--stream", out.streams,
      "Read the file while it is sent, for one that is larger than memory; requests "
      "are sorted by time among 65,536. Not for .har, lists, --check site, --repeat, --of");
  replay->add_flag("--strict", out.strict, "Send nothing when a line of the file makes no request");
  replay->add_option("--pid", out.pid, "Process to sample, as in run")->check(CLI::PositiveNumber);
  add_drive_options(*replay, out.drive, raw);
  add_probe(*replay, raw);
  add_part(*replay, out.drive, raw);
  add_expectations(*replay, raw);
  add_progress(*replay, raw);
  add_outputs(*replay, out.drive.outputs, raw);
  return replay;
}

std::optional<file_format> format_named(const std::string& name) {
  if (name.empty()) return std::nullopt;
  return name == "gor"      ? file_format::gor
         : name == "vegeta" ? file_format::vegeta
         : name == "har"    ? file_format::har
         : name == "urls"   ? file_format::urls
                            : file_format::log;
}

replay_options finish_replay(replay_options out, const raw_options& raw) {
  finish_drive(out.drive, raw);
  if (raw.rate.empty()) {
    const auto text = raw.speed.empty() ? std::string{"1x"} : raw.speed;
    const auto number = text.ends_with('x') ? text.substr(0, text.size() - 1) : text;
    out.speed = parse_positive("--speed", number, text, "a factor such as 10x");
  } else {
    out.drive.rate = parse_rate(raw.rate, false, nullptr);
  }
  if (out.streams && !out.speed && !out.drive.rate.per_s && !out.drive.rate.profile &&
      out.drive.threads > 1) {
    refuse("--stream", "--rate max", "one thread: the fastest would wait for the slowest");
  }
  if (out.streams && out.drive.of > 1) {
    refuse("--stream", "--of", "one process: each would have to read the whole file");
  }
  for (const auto& field : raw.fields)
    out.filter.fields.push_back(parse_field(field));
  if (out.host.find_first_of("\r\n ") != std::string::npos) refuse("--host", out.host, "a name");
  out.format = format_named(raw.format);
  out.check = raw.check == "site"     ? check_kind::site
              : raw.check == "status" ? check_kind::status
                                      : check_kind::none;
  if (!raw.body_limit.empty()) out.body_bytes_max = parse_bytes(raw.body_limit);
  const auto bodies = parse_body_sizes(raw.bodies);
  if (!bodies) refuse("--bodies", raw.bodies, "none, logged, N or N-M, up to 1048576 bytes");
  out.bodies = *bodies;
  return out;
}

CLI::App* describe_generate(CLI::App& app, generate_options& out) {
  auto* generate = app.add_subcommand("generate", "Write a made-up but realistic access log");
  generate->footer(
      "The same --lines and --seed give the same log, byte for byte: a few hundred targets of "
      "Zipf popularity and log-normal sizes, mixed methods and statuses, arrivals that swell and "
      "ebb over some minutes.");
  generate->add_option("--lines", out.lines, "Requests")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}));
  generate->add_option("--seed", out.seed, "Seed")->capture_default_str();
  generate->add_option("--output,-o", out.output_path, "File to write; standard output without");
  return generate;
}

CLI::App* describe_histogram(CLI::App& app, histogram_options& out) {
  auto* histogram = app.add_subcommand(
      "histogram", "Show .hlog and .hgrm files, of this program and of others, and add them up");
  histogram->footer(
      "A log (HdrHistogram's, V2 compressed encoding) is shown by tag, its intervals added up. A "
      "percentile distribution (.hgrm) is shown as it is; it cannot be added to others.");
  histogram
      ->add_option("FILE", out.paths, "Files; those whose name ends in .hgrm are distributions")
      ->required();
  add_histogram_outputs(*histogram, out.outputs);
  return histogram;
}

CLI::App* describe_capacity(CLI::App& app, capacity_options& out, raw_options& raw) {
  auto* capacity = app.add_subcommand(
      "capacity", "Find the highest rate at which a target still meets the objectives");
  capacity->footer(
      "The rate is doubled until it is missed, then the gap is halved, and the answer is "
      "confirmed. "
      "Every try is an open-loop run with its verdict; a rate counts as missed when it was missed "
      "twice. It says what the limit was: an objective, errors, a target that did not keep up, "
      "with "
      "the CPUs that it used, or the harness itself (exit status 3: the target may hold more). "
      "Exit "
      "status 4: no rate met the objectives.\n" +
      std::string{exit_statuses});
  capacity->add_option("URL", out.url, "http://HOST[:PORT][/PATH]")->required();
  capacity
      ->add_option("--slo", raw.objectives,
                   "What has to be met, such as p99<5ms; as often as wanted")
      ->allow_extra_args(false)
      ->required();
  capacity->add_option("--first", out.first_per_s, "The rate to begin with")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1e6));
  capacity->add_option("--precision", out.precision_percent, "How close the answer is, in percent")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 50.0));
  capacity->add_option("--confirm", out.confirmations, "Tries in which the answer has to be met")
      ->capture_default_str()
      ->check(CLI::Range(1u, 20u));
  capacity->add_option("--duration,-d", raw.duration, "Of one try")->default_str("3s");
  capacity->add_option("--pid", out.pid, "Process to sample, as in run")
      ->check(CLI::PositiveNumber);
  out.drive.connections = 64;
  add_drive_options(*capacity, out.drive, raw);
  return capacity;
}

capacity_options finish_capacity(capacity_options out, const raw_options& raw) {
  finish_drive(out.drive, raw);
  out.duration_ns = parse_duration("--duration", raw.duration.empty() ? "3s" : raw.duration, false);
  return out;
}

CLI::App* describe_merge(CLI::App& app, merge_options& out, raw_options& raw) {
  auto* merge = app.add_subcommand(
      "merge", "Add up the results of processes that shared one schedule (--index, --of)");
  merge->footer(
      "Histograms and counts are added, seconds by the wall clock. Refused are parts of different "
      "schedules and one part twice. INVALID is what any part was INVALID for, a part that is "
      "missing, and starts or clocks that were more than half a second apart; how far the clocks "
      "were apart at most is found by the target's, from Date.\n" +
      std::string{exit_statuses});
  merge->add_option("FILE", out.paths, "What the parts wrote with --json")->required();
  merge->add_option("--json", out.outputs.json,
                    "Write the results to this file as JSON (schema 1)");
  add_outputs(*merge, out.outputs, raw);
  return merge;
}

merge_options finish_merge(merge_options out, const raw_options& raw) {
  for (const auto& text : raw.objectives)
    out.objectives.push_back(parse_objective(text));
  return out;
}

CLI::App* describe_compare(CLI::App& app, compare_options& out, raw_options& raw) {
  auto* compare = app.add_subcommand(
      "compare",
      "Start several servers, press them in turns, and print a table that compares them");
  compare->footer(
      "Contenders: coroutine+arena, coroutine+heap, thread+arena and thread+heap (the tacit binary "
      "in its four modes), stealing and no-stealing (the same, thread per core in the latter), and "
      "those of --contenders. Without NAMEs all of --contenders take part, or the four modes where "
      "it is not given, or the two with --workload skew. A contender whose program is missing is "
      "skipped and "
      "named.\n"
      "Every round gives each contender its turn, A B C D, and every other round backwards. With "
      "--rate auto a round is a "
      "closed-loop pass (throughput), then a pass at one common rate, half of what the slowest "
      "answered in the first round (latency and costs at equal load). With --rate max or R it is "
      "that one pass. With --workload skew one in a hundred requests burns 10 ms of CPU, the "
      "latency "
      "of the others is shown, the paced rate is 60 % of the slowest, and there are 2 workers and "
      "--no-pin unless asked otherwise. A pass over a log sends "
      "every line once; any other lasts --duration.\n"
      "With --log every answer is checked by the rule of replay --check site. Medians over the "
      "rounds are shown; the JSON has every pass. Rate, p50, p99 and CPU per request are compared "
      "in pairs of one round, with intervals of 99 % for all of them together; where an interval "
      "contains \"the same\", no difference is shown. Fewer than five rounds show large ones only. "
      "Where all four modes take part, each figure is split into the effect of threads, the effect "
      "of heap memory and their interaction.\n"
      "A NAME given twice compares a server with itself.\n"
      "Results are compared by blocks of their seconds, lists of results run by run, in pairs "
      "where "
      "they are equally long. What changed on the machine between two runs looks like a difference "
      "of theirs: only turns tell the two apart.\n" +
      std::string{exit_statuses});
  compare->add_option(
      "NAME", out.names,
      "Contenders to compare; or two results of run or replay, A.json B.json, or two "
      "lists of them, A1.json,A2.json,... B1.json,B2.json,...");
  compare
      ->add_option("--contenders", out.contenders_paths,
                   "JSON file that describes contenders; may be given several times")
      ->allow_extra_args(false);
  auto* log = compare->add_option("--log", out.log_path, "Replay this access log");
  compare
      ->add_option("--workload", out.workload,
                   "plaintext, json, bytes[/N], churn, skew, or a path that starts with /; "
                   "without it and --log, a generated log")
      ->excludes(log);
  auto* browser = compare
                      ->add_flag("--browser", out.as_browser,
                                 "Requests as browsers send them: a user agent and ten more "
                                 "fields")
                      ->excludes(log);
  compare->add_option("--agents", out.agents_path, "Access log to take the user agents from")
      ->needs(browser);
  compare->add_option("--rate,-r", raw.rate, "Requests per second, max or auto")
      ->default_str("auto");
  compare->add_option("--rounds", out.rounds, "Rounds")
      ->capture_default_str()
      ->check(CLI::Range(1u, 1'000u));
  compare->add_option("--duration,-d", raw.duration, "Of one pass, where there is no log")
      ->default_str("1s");
  compare
      ->add_option("--flood", out.flood_per_s,
                   "A pass at so many requests per second in each round too, in an open loop; at "
                   "most four fifths of what the contender answers in a closed one")
      ->check(CLI::Range(1.0, 1e9));
  compare
      ->add_option(
          "--churn", raw.churn,
          "With --workload churn: objects=N,bytes=N,live=NMB, the garbage of a request and "
          "what the server keeps")
      ->default_str("objects=20,bytes=512,live=128MB");
  compare->add_option("--memory-limit", raw.memory_limit,
                      "Memory that each contender gets, such as 512MB, in a cgroup of its own; "
                      "where none can be made, the report says so and nothing is limited");
  compare
      ->add_option("--warmup", raw.warmup,
                   "Press each contender for so long after its start, unmeasured: some become "
                   "faster while they run")
      ->default_str("0");
  compare->add_flag("--restart", out.restarts,
                    "Start every contender anew for every round: two processes of one program "
                    "differ a little for as long as they live");
  compare->add_option("--workers", out.workers_asked, "Workers that each contender gets")
      ->default_str("1")
      ->check(CLI::Range(1u, 1'024u));
  compare->add_option("--tacit", out.tacit_path,
                      "The tacit binary; without it the one beside this program");
  compare->add_flag_callback(
      "--pin", [&out] { out.pin_asked = true; },
      "Pin the servers to the first CPUs and the harness to the last; so "
      "unless --workload skew");
  compare->add_flag_callback(
      "--no-pin", [&out] { out.pin_asked = false; }, "Do not pin");
  add_body_limit(*compare, raw);
  out.drive.connections = 64;
  add_drive_options(*compare, out.drive, raw);
  add_probe(*compare, raw);
  return compare;
}

CLI::App* describe_report(CLI::App& app, report_options& out) {
  auto* report = app.add_subcommand(
      "report", "Make tables with intervals of what compare wrote, and see whether they repeat");
  report->footer(
      "Every comparison gives the tables that it has figures for: floods, the same rate for all, "
      "and costs. An interval is of 95 % for its figure alone, over the rounds. --against reads "
      "the "
      "JSON of an earlier report and says which figures' intervals do not overlap; where nothing "
      "has changed, about one in a hundred does not.\n"
      "Exit status: 0 success; 1 errors, or more than one figure in twenty does not agree; 2 "
      "usage; "
      "3 INVALID");
  report->add_option("FILE", out.paths, "What compare wrote with --json")->required();
  report->add_option("--against", out.against_path, "JSON of an earlier report");
  report->add_option("--title", out.title, "Of the page")->capture_default_str();
  report
      ->add_option("--remark", out.remarks, "A line for the head, such as a version; several times")
      ->allow_extra_args(false);
  report->add_option("--json", out.outputs.json, "Write the tables to this file as JSON");
  report->add_option("--html", out.outputs.html,
                     "Write them to this file as a page, with latencies and pauses over time");
  return report;
}

compare_options finish_compare(compare_options out, const raw_options& raw) {
  finish_drive(out.drive, raw);
  out.drive.rate = parse_rate(raw.rate.empty() ? "auto" : raw.rate, true, &out.rate_is_auto);
  out.duration_ns = parse_duration("--duration", raw.duration.empty() ? "1s" : raw.duration, false);
  if (!raw.body_limit.empty()) out.body_bytes_max = parse_bytes(raw.body_limit);
  out.warmup_ns = parse_duration("--warmup", raw.warmup, true);
  if (!raw.memory_limit.empty()) out.memory_bytes_max = parse_memory_limit(raw.memory_limit);
  if (!raw.churn.empty()) {
    if (out.workload != "churn") refuse("--churn", raw.churn, "--workload churn with it");
    out.churn = parse_churn(raw.churn);
  }
  return out;
}

CLI::App* describe_density(CLI::App& app, density_options& out, raw_options& raw) {
  auto* density = app.add_subcommand(
      "density", "Start as many instances of a server as a budget of memory and CPU holds");
  density->footer(
      "The budget is a control group of the kernel's (version 1 or 2, which takes root), each "
      "instance a group within it. First every contender is started alone, in turns, --starts "
      "times: time from its exec to the first answer, memory charged to it idle and after --load "
      "requests over 8 connections. Then its instances are added one by one, until one is killed "
      "for want of memory or does not answer within --answer-within. Those that have started are "
      "all asked once more; those that do not answer then are ended and the rest asked again, "
      "until all answer: so many fit. Contenders are as in compare; a target of their own in their "
      "file wins over --target.\nExit status: 0 all were measured; 1 one could not be, or of one "
      "none fits; 2 wrong usage; 128 + N ended by signal N.");
  density->add_option("NAME", out.names,
                      "Contenders; without them those of --contenders, or "
                      "coroutine+arena");
  density
      ->add_option("--contenders", out.contenders_paths,
                   "JSON file that describes contenders; may be given several times")
      ->allow_extra_args(false);
  density->add_option("--memory", raw.memory, "Of all instances together, such as 512M or 1G")
      ->default_str("512M");
  density->add_option("--cpus", out.cpus, "Of all instances together")
      ->capture_default_str()
      ->check(CLI::Range(0.01, 1'024.0));
  density->add_option("--starts", out.starts, "Starts of each contender, alone")
      ->capture_default_str()
      ->check(CLI::Range(1u, 1'000u));
  density->add_option("--instances-max", out.instances_max, "No more of one contender than these")
      ->capture_default_str()
      ->check(CLI::Range(1u, 20'000u));
  density->add_option("--answer-within", raw.timeout, "What a new instance has to answer in")
      ->default_str("1s");
  density->add_option("--load", out.load_requests, "Requests to an instance that was started alone")
      ->capture_default_str()
      ->check(CLI::Range(1u, 10'000'000u));
  density->add_option("--target", out.target, "What is asked for")->capture_default_str();
  density->add_option("--tacit", out.tacit_path,
                      "The tacit binary; without it the one beside this program");
  density->add_option("--json", out.json_path, "Write the results to this file as JSON (schema 1)");
  return density;
}

std::uint64_t parse_memory(const std::string& text) {
  const std::string expected = "a size such as 512M or 1G, at least 1M";
  const auto unit_at = text.find_first_not_of("0123456789");
  const auto unit = unit_at == std::string::npos ? std::string{} : text.substr(unit_at);
  const double scale = unit == "M" ? 1'048'576 : unit == "G" ? 1'073'741'824 : 0;
  const double number =
      parse_positive("--memory", std::string_view{text}.substr(0, unit_at), text, expected);
  if (scale == 0 || number * scale > 1e15) refuse("--memory", text, expected);
  return static_cast<std::uint64_t>(number * scale);
}

density_options finish_density(density_options out, const raw_options& raw) {
  if (!raw.memory.empty()) out.memory_bytes = parse_memory(raw.memory);
  if (raw.timeout != raw_options{}.timeout) {
    out.answer_ns_max = parse_duration("--answer-within", raw.timeout, false);
  }
  if (!out.target.starts_with('/')) refuse("--target", out.target, "a path that starts with /");
  return out;
}

/// Names what nobody asked for: an option before the words around it, which may be its value.
std::string unexpected(const CLI::App& app) {
  const auto words = app.remaining(true);
  const auto option = std::find_if(words.begin(), words.end(),
                                   [](const auto& word) { return word.starts_with('-'); });
  const auto* form = option == words.end() ? "unexpected argument {}" : "unknown option {}";
  return fmt::format(fmt::runtime(form), option == words.end() ? words.front() : *option) +
         " (tacit-bench --help says what there is)";
}

}  // namespace

std::optional<command> parse_command_line(int argc, const char* const* argv) {
  CLI::App app{"tacit-bench: an HTTP load test that counts latency from when requests were due",
               "tacit-bench"};
  app.set_version_flag("--version", "tacit-bench " TACIT_VERSION);
  app.require_subcommand(1);
  app.footer(exit_statuses);
  run_options run;
  replay_options replay;
  generate_options generate;
  compare_options compare;
  histogram_options histogram;
  merge_options merge;
  capacity_options capacity;
  density_options density;
  raw_options raw_density;
  raw_options raw_capacity;
  raw_options raw_merge;
  raw_options raw;
  raw_options raw_replay;
  raw_options raw_compare;
  auto* run_app = describe_run(app, run, raw);
  auto* replay_app = describe_replay(app, replay, raw_replay);
  auto* generate_app = describe_generate(app, generate);
  auto* histogram_app = describe_histogram(app, histogram);
  auto* capacity_app = describe_capacity(app, capacity, raw_capacity);
  auto* merge_app = describe_merge(app, merge, raw_merge);
  auto* density_app = describe_density(app, density, raw_density);
  describe_compare(app, compare, raw_compare);
  report_options report;
  auto* report_app = describe_report(app, report);
  try {
    app.parse(argc, argv);
    if (run_app->parsed()) return finish_run(run, raw, run_app->count("--body") > 0);
    if (replay_app->parsed()) return finish_replay(replay, raw_replay);
    if (generate_app->parsed()) return generate;
    if (histogram_app->parsed()) return histogram;
    if (capacity_app->parsed()) return finish_capacity(capacity, raw_capacity);
    if (report_app->parsed()) return report;
    if (merge_app->parsed()) return finish_merge(merge, raw_merge);
    if (density_app->parsed()) return finish_density(density, raw_density);
    return finish_compare(compare, raw_compare);
  } catch (const CLI::Success& asked) {  // --help, --version
    app.exit(asked);
    return std::nullopt;
  } catch (const CLI::ExtrasError&) {
    throw base::failure{unexpected(app), true};
  } catch (const CLI::ParseError& wrong) {
    if (argc > 1 && argv[1][0] != '-' && app.get_subcommands().empty()) {
      throw base::failure{
          fmt::format(
              "{}: no such command; there are run, replay, generate, histogram, capacity, density, "
              "merge, compare and report",
              argv[1]),
          true};
    }
    throw base::failure{fmt::format("{} (tacit-bench --help says what there is)", wrong.what()),
                        true};
  }
}

}  // namespace tacit::bench
