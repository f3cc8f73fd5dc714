#include "bench/sampler.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <condition_variable>
#include <ctime>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string_view>
#include <tacit/base/error.hpp>
#include <vector>

#include "bench/connections.hpp"
#include "bench/fetch.hpp"

namespace tacit::bench {
namespace {

constexpr auto peak_interval = std::chrono::milliseconds{100};
constexpr std::int64_t runtime_timeout_ns = 2'000'000'000;

/// A whole small file of /proc; empty when it cannot be read. No stream: a thread-per-connection
/// target has hundreds of these files.
std::string_view read_small(const std::string& path, std::array<char, 8192>& buffer) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const auto n = ::read(fd, buffer.data(), buffer.size());
  ::close(fd);
  return n > 0 ? std::string_view{buffer.data(), static_cast<std::size_t>(n)} : std::string_view{};
}

std::uint64_t number_at(std::string_view text) {
  const auto first = text.find_first_of("0123456789");
  std::uint64_t out = 0;
  if (first != std::string_view::npos) {
    std::from_chars(text.data() + first, text.data() + text.size(), out);
  }
  return out;
}

/// The number after `key` in a "key:  number" listing; 0 when it is not there.
std::uint64_t number_after(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  return at == std::string_view::npos ? 0 : number_at(text.substr(at + key.size()));
}

/// The numbers of /proc/PID/stat from the third field on; the second may contain anything.
std::vector<std::uint64_t> stat_fields(std::string_view text) {
  std::vector<std::uint64_t> fields;
  const auto close = text.rfind(')');
  for (auto at = close; at < text.size(); at = text.find(' ', at + 1))
    fields.push_back(at == close ? 0 : number_at(text.substr(at, text.find(' ', at + 1) - at)));
  return fields;  // fields[k] is field k + 2 of proc(5)
}

/// The precise CPU clock of another process; stat's ticks are 10 ms wide.
std::int64_t cpu_clock_ns(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return -1;
  return used.tv_sec * 1'000'000'000LL + used.tv_nsec;
}

void add_threads(pid_t pid, process_sample& out) {
  const auto folder = fmt::format("/proc/{}/task", pid);
  const std::unique_ptr<DIR, int (*)(DIR*)> tasks{::opendir(folder.c_str()), ::closedir};
  if (!tasks) return;
  std::array<char, 8192> buffer;
  while (const dirent* entry = ::readdir(tasks.get())) {
    if (entry->d_name[0] == '.') continue;
    const auto task = folder + "/" + entry->d_name;
    const auto schedstat = read_small(task + "/schedstat", buffer);
    const auto delay = schedstat.find(' ');
    if (delay != std::string_view::npos) {
      out.run_delay_ns += static_cast<std::int64_t>(number_at(schedstat.substr(delay)));
    }
    const auto status = read_small(task + "/status", buffer);
    out.voluntary_switches += number_after(status, "\nvoluntary_ctxt_switches:");
    out.involuntary_switches += number_after(status, "\nnonvoluntary_ctxt_switches:");
  }
}

}  // namespace

std::optional<process_sample> sample_process(pid_t pid) {
  std::array<char, 8192> buffer;
  process_sample out;
  const auto fields = stat_fields(read_small(fmt::format("/proc/{}/stat", pid), buffer));
  if (fields.size() < 23) return std::nullopt;
  out.minor_faults = fields[8];
  out.major_faults = fields[10];
  out.threads = static_cast<unsigned>(fields[18]);
  out.cpu_ns = cpu_clock_ns(pid);
  if (out.cpu_ns < 0) {
    out.cpu_ns = static_cast<std::int64_t>(fields[12] + fields[13]) * 1'000'000'000LL /
                 ::sysconf(_SC_CLK_TCK);
  }
  const auto status = read_small(fmt::format("/proc/{}/status", pid), buffer);
  out.rss_bytes = number_after(status, "\nVmRSS:") * 1024;
  out.rss_peak_bytes = number_after(status, "\nVmHWM:") * 1024;
  add_threads(pid, out);
  out.at_ns = now_ns();
  return out;
}

process_sample operator-(const process_sample& after, const process_sample& before) {
  // Living threads only: a thread that ended between the samples must not make a sum negative.
  const auto less = [](auto a, auto b) { return a > b ? a - b : 0; };
  process_sample out = after;
  out.at_ns = less(after.at_ns, before.at_ns);
  out.cpu_ns = less(after.cpu_ns, before.cpu_ns);
  out.run_delay_ns = less(after.run_delay_ns, before.run_delay_ns);
  out.voluntary_switches = less(after.voluntary_switches, before.voluntary_switches);
  out.involuntary_switches = less(after.involuntary_switches, before.involuntary_switches);
  out.minor_faults = less(after.minor_faults, before.minor_faults);
  out.major_faults = less(after.major_faults, before.major_faults);
  return out;
}

namespace {

std::optional<std::int64_t> number_at(const nlohmann::json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_number() ? std::optional{found->get<std::int64_t>()}
                                                   : std::nullopt;
}

/// Over all workers; nullopt where there are none, as in thread mode.
std::optional<std::int64_t> steals_in(const nlohmann::json& from) {
  const auto workers = from.find("workers");
  if (workers == from.end() || !workers->is_array() || workers->empty()) return std::nullopt;
  std::int64_t sum = 0;
  for (const auto& worker : *workers)
    sum += number_at(worker, "steals").value_or(0) + number_at(worker, "polls_stolen").value_or(0);
  return sum;
}

using counter = std::optional<std::int64_t> runtime_sample::*;
constexpr std::array counters{&runtime_sample::requests, &runtime_sample::steals,
                              &runtime_sample::collections, &runtime_sample::wait_ns};

/// What `after` counted more than `before`; levels are those of `after`.
runtime_sample since(const runtime_sample& before, const runtime_sample& after) {
  runtime_sample out = after;
  out.allocations -= before.allocations;
  out.allocated_bytes -= before.allocated_bytes;
  for (const counter which : counters) {
    if (out.*which && before.*which) *(out.*which) -= *(before.*which);
  }
  return out;
}

}  // namespace

std::optional<runtime_sample> sample_runtime(const endpoint& from, const std::string& authority) {
  const auto got = fetch(from, authority, "/debug/runtime", runtime_timeout_ns);
  if (got.status != 200) return std::nullopt;
  const auto json = nlohmann::json::parse(got.body, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    runtime_sample out;
    out.pid = json.at("pid").get<pid_t>();
    out.mode = json.at("mode").get<std::string>();
    out.memory = json.at("memory").get<std::string>();
    out.requests = number_at(json, "requests");
    out.allocations = json.at("allocations").get<std::int64_t>();
    out.allocated_bytes = json.at("allocated_bytes").get<std::int64_t>();
    out.tasks = number_at(json, "tasks");
    out.steals = steals_in(json);
    out.collections = number_at(json, "collections");
    out.wait_ns = number_at(json, "wait_ns");
    return out;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

// ---- peaks -------------------------------------------------------------------------------------

std::optional<int> shared_cpu(pid_t with) {
  cpu_set_t ours;
  cpu_set_t theirs;
  if (with == 0 || ::sched_getaffinity(0, sizeof ours, &ours) != 0 ||
      ::sched_getaffinity(with, sizeof theirs, &theirs) != 0) {
    return std::nullopt;
  }
  if (CPU_COUNT(&ours) != 1 || CPU_EQUAL(&ours, &theirs) == 0) return std::nullopt;
  int cpu = 0;
  while (CPU_ISSET(cpu, &ours) == 0)
    ++cpu;
  return cpu;
}

peak_watch::peak_watch(pid_t pid)
    : pid_{pid}, thread_{[this](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any waiting;
        std::unique_lock lock{mutex};
        do {
          look();
        } while (
            !waiting.wait_for(lock, stop, peak_interval, [&] { return stop.stop_requested(); }));
      }} {}

void peak_watch::look() {
  std::array<char, 8192> buffer;
  const auto status = read_small(fmt::format("/proc/{}/status", pid_), buffer);
  const auto rss = number_after(status, "\nVmRSS:") * 1024;
  const auto threads = static_cast<unsigned>(number_after(status, "\nThreads:"));
  rss_bytes_ = std::max<std::uint64_t>(rss_bytes_, rss);
  threads_ = std::max<unsigned>(threads_, threads);
  note(rss);
}

void peak_watch::note(std::uint64_t rss) {
  if (looks_++ % looks_per_moment_ != 0) return;
  const auto cpu = cpu_clock_ns(pid_);
  if (cpu < 0) return;
  moments_.push_back({now_ns(), cpu, rss});
  if (moments_.size() < moments_max) return;
  for (std::size_t i = 0; i < moments_max / 2; ++i)
    moments_[i] = moments_[2 * i];
  moments_.resize(moments_max / 2);
  looks_per_moment_ *= 2;
}

void peak_watch::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

// ---- around a phase ----------------------------------------------------------------------------

sampler::sampler(const endpoint& target, std::string authority, pid_t pid)
    : target_{target}, authority_{std::move(authority)}, pid_{pid} {
  if (pid != 0 && !sample_process(pid)) {
    throw base::failure{
        fmt::format("--pid {}: there is no such process, or it cannot be read", pid)};
  }
  if (!target.is_loopback()) return;
  const auto runtime = sample_runtime(target_, authority_);
  has_runtime_ = runtime.has_value() && (pid == 0 || pid == runtime->pid);
  if (pid_ == 0 && runtime) pid_ = runtime->pid;
}

void sampler::start() {
  if (has_runtime_) {
    const auto first = sample_runtime(target_, authority_);
    runtime_before_ = sample_runtime(target_, authority_);
    if (first && runtime_before_) asking_ = since(*first, *runtime_before_);
  }
  if (pid_ != 0) {
    peaks_.emplace(pid_);
    server_before_ = sample_process(pid_);
  }
  harness_before_ = sample_process(::getpid()).value_or(process_sample{});
}

cost sampler::finish() {
  cost out;
  out.harness = sample_process(::getpid()).value_or(process_sample{}) - harness_before_;
  if (peaks_) {
    const auto after = sample_process(pid_);
    peaks_->stop();
    out.over_time = peaks_->moments();
    if (after && server_before_) out.server = *after - *server_before_;
    out.server_rss_peak_bytes = std::max(peaks_->rss_bytes(), after ? after->rss_bytes : 0);
    out.server_threads_peak = std::max(peaks_->threads(), after ? after->threads : 0);
    peaks_.reset();
  }
  if (!runtime_before_) return out;
  const auto after = sample_runtime(target_, authority_);
  if (after && after->pid == runtime_before_->pid) {
    out.runtime = since(asking_, since(*runtime_before_, *after));
  }
  return out;
}

}  // namespace tacit::bench
