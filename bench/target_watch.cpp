#include "bench/target_watch.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bench/connections.hpp"

namespace tacit::bench {
namespace {

constexpr std::int64_t period_ns_shortest = 500'000;
// A look may take so much of the time until the next one: 2 %.
constexpr std::int64_t periods_per_look = 50;
// Asking each thread for its switches costs more than the rest of a look.
constexpr std::size_t asked_threads_max = 16;

/// A file of /proc that stays open: reading it again asks the kernel again.
class kept_file {
 public:
  explicit kept_file(const std::string& path) : fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC)} {}
  ~kept_file() {
    if (fd_ >= 0) ::close(fd_);
  }
  kept_file(kept_file&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  kept_file(const kept_file&) = delete;
  kept_file& operator=(const kept_file&) = delete;
  kept_file& operator=(kept_file&&) = delete;

  /// Empty when it cannot be read (any more).
  [[nodiscard]] std::string_view read(std::array<char, 4096>& buffer) const {
    const auto n = fd_ < 0 ? -1 : ::pread(fd_, buffer.data(), buffer.size(), 0);
    return n > 0 ? std::string_view{buffer.data(), static_cast<std::size_t>(n)}
                 : std::string_view{};
  }

 private:
  int fd_;
};

std::uint64_t number_in(std::string_view text) {
  const auto first = text.find_first_of("0123456789");
  std::uint64_t out = 0;
  if (first != std::string_view::npos) {
    std::from_chars(text.data() + first, text.data() + text.size(), out);
  }
  return out;
}

std::uint64_t number_after(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  return at == std::string_view::npos ? 0 : number_in(text.substr(at + key.size()));
}

/// The words of a line, at most N.
template <std::size_t N>
std::array<std::string_view, N> words_of(std::string_view text) {
  std::array<std::string_view, N> out;
  for (auto& word : out) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) break;
    const auto end = std::min(text.find(' ', first), text.size());
    word = text.substr(first, end - first);
    text.remove_prefix(end);
  }
  return out;
}

/// Where the time is told for which a process was throttled, and in what unit.
struct throttle_source {
  std::string path;
  std::string_view key;
  std::int64_t unit_ns = 1;
};

throttle_source throttle_source_of(pid_t pid) {
  std::array<char, 4096> buffer;
  auto text = kept_file{fmt::format("/proc/{}/cgroup", pid)}.read(buffer);
  throttle_source out;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const auto folder = line.substr(std::min(line.rfind(':') + 1, line.size()));
    if (line.starts_with("0::")) {
      out = {fmt::format("/sys/fs/cgroup{}/cpu.stat", folder), "throttled_usec", 1'000};
    } else if (line.find(":cpu:") != line.npos || line.find(":cpu,") != line.npos) {
      return {fmt::format("/sys/fs/cgroup/cpu{}/cpu.stat", folder), "throttled_time", 1};
    }
  }
  return out;
}

}  // namespace

/// What is read at each look.
class target_files {
 public:
  explicit target_files(pid_t pid)
      : pid_{pid},
        stat_{fmt::format("/proc/{}/stat", pid)},
        throttle_{throttle_source_of(pid)},
        cpu_stat_{throttle_.path} {
    ::clock_getcpuclockid(pid, &clock_);
  }

  /// nullopt when the process is not there any more.
  std::optional<target_look> look() {
    target_look out;
    const auto stat = stat_.read(buffer_);
    const auto close = stat.rfind(')');
    if (close == std::string_view::npos) return std::nullopt;
    const auto fields = words_of<18>(stat.substr(close + 1));  // the first is the third of proc(5)
    out.is_stopped = fields[0] == "T" || fields[0] == "t";
    out.minor_faults = number_in(fields[7]);
    out.major_faults = number_in(fields[9]);
    if (const auto threads = number_in(fields[17]); threads != threads_.size()) find_threads();
    for (const auto& [id, files] : threads_)
      add_thread(files, out);
    out.throttled_ns =
        static_cast<std::int64_t>(number_after(cpu_stat_.read(buffer_), throttle_.key) *
                                  static_cast<std::uint64_t>(throttle_.unit_ns));
    timespec used{};
    ::clock_gettime(clock_, &used);
    out.cpu_ns = used.tv_sec * 1'000'000'000LL + used.tv_nsec;
    out.at_ns = now_ns();
    return out;
  }

 private:
  struct thread_files {
    kept_file schedstat;
    kept_file status;
  };

  void find_threads() {
    const auto folder = fmt::format("/proc/{}/task", pid_);
    const std::unique_ptr<DIR, int (*)(DIR*)> tasks{::opendir(folder.c_str()), ::closedir};
    std::map<std::string, thread_files> found;
    while (const dirent* entry = tasks ? ::readdir(tasks.get()) : nullptr) {
      const std::string id{entry->d_name};
      if (id.starts_with('.')) continue;
      if (auto known = threads_.extract(id)) {
        found.insert(std::move(known));
      } else {
        found.try_emplace(id, thread_files{kept_file{folder + "/" + id + "/schedstat"},
                                           kept_file{folder + "/" + id + "/status"}});
      }
    }
    threads_ = std::move(found);
  }

  void add_thread(const thread_files& files, target_look& out) {
    const auto schedstat = words_of<3>(files.schedstat.read(buffer_));
    out.run_delay_ns += static_cast<std::int64_t>(number_in(schedstat[1]));
    out.switches += number_in(schedstat[2]);
    if (threads_.size() > asked_threads_max) return;
    out.involuntary_switches +=
        number_after(files.status.read(buffer_), "\nnonvoluntary_ctxt_switches:");
  }

  const pid_t pid_;
  const kept_file stat_;
  const throttle_source throttle_;
  const kept_file cpu_stat_;
  clockid_t clock_ = CLOCK_REALTIME;
  std::map<std::string, thread_files> threads_;
  std::array<char, 4096> buffer_;
};

std::vector<int> cpus_of(pid_t pid) {
  cpu_set_t set;
  std::vector<int> out;
  if (::sched_getaffinity(pid, sizeof set, &set) != 0) return out;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) out.push_back(cpu);
  }
  return out;
}

std::int64_t thread_cpu_ns() noexcept {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return used.tv_sec * 1'000'000'000LL + used.tv_nsec;
}

// ---- looking -----------------------------------------------------------------------------------

target_watch::target_watch(pid_t pid)
    : files_{std::make_unique<target_files>(pid)},
      period_ns_min_{period_ns_shortest},
      thread_{[this](const std::stop_token& stop) { watch(stop); }} {}

target_watch::~target_watch() {
  stop();
}

void target_watch::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void target_watch::watch(const std::stop_token& stop) {
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  while (!stop.stop_requested()) {
    const auto before = thread_cpu_ns();
    const auto look = files_->look();
    if (!look) break;
    keep(*look);
    const auto took = thread_cpu_ns() - before;
    const auto period = std::max(period_ns_min_, took * periods_per_look);
    const timespec pause{period / 1'000'000'000, period % 1'000'000'000};
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
  }
  if (const auto last = files_->look()) keep(*last);
  own_cpu_ns_ = thread_cpu_ns();
}

void target_watch::keep(const target_look& look) {
  looks_.push_back(look);
  if (looks_.size() < looks_max) return;
  for (std::size_t i = 0; i < looks_max / 2; ++i)
    looks_[i] = looks_[2 * i];
  looks_.resize(looks_max / 2);
  period_ns_min_ *= 2;
}

// ---- what it says about a pause ----------------------------------------------------------------

namespace {

/// For how much of the pause its state was "stopped", if it was between two looks that say so, or
/// since the look before.
std::int64_t stopped_in(const interval& pause, const std::vector<target_look>& looks) {
  std::int64_t out = 0;
  for (std::size_t i = 0; i < looks.size() && looks[i].at_ns < pause.end_ns; ++i) {
    if (!looks[i].is_stopped || looks[i].at_ns < pause.start_ns) continue;
    const auto until = i + 1 < looks.size() ? looks[i + 1].at_ns : pause.end_ns;
    const auto since = i > 0 && !looks[i - 1].is_stopped ? looks[i - 1].at_ns : looks[i].at_ns;
    out += std::min(until, pause.end_ns) - std::max(since, pause.start_ns);
  }
  return std::min(out, pause.length_ns());
}

pause_cause cause_of(const pause_annotation& about, std::int64_t length_ns) {
  // Where most of the stretch lies outside the pause, it says nothing about the pause.
  if (about.stopped_ns * 2 >= length_ns) return pause_cause::stopped;
  if (about.looked_ns > 4 * length_ns) return pause_cause::unknown;
  if (std::max(about.scheduled_out_ns, about.throttled_ns) * 2 >= length_ns) {
    return pause_cause::scheduled_out;
  }
  return about.cpu_ns * 2 >= about.looked_ns ? pause_cause::computing : pause_cause::waiting;
}

}  // namespace

pause_annotation annotate(const interval& pause, const std::vector<target_look>& looks,
                          unsigned cpus) {
  const auto after = std::partition_point(
      looks.begin(), looks.end(), [&](const auto& one) { return one.at_ns < pause.end_ns; });
  const auto inside = std::partition_point(
      looks.begin(), looks.end(), [&](const auto& one) { return one.at_ns <= pause.start_ns; });
  if (after == looks.end() || inside == looks.begin()) return {};
  const auto& first = *(inside - 1);
  // Threads that end take their counts with them.
  const auto grown = [](auto to, auto from) { return to > from ? to - from : decltype(to){0}; };
  pause_annotation out;
  out.looked_ns = after->at_ns - first.at_ns;
  out.cpu_ns = grown(after->cpu_ns, first.cpu_ns);
  out.throttled_ns = std::min(pause.length_ns(), grown(after->throttled_ns, first.throttled_ns));
  out.minor_faults = grown(after->minor_faults, first.minor_faults);
  out.major_faults = grown(after->major_faults, first.major_faults);
  out.switches = grown(after->switches, first.switches);
  out.involuntary_switches = grown(after->involuntary_switches, first.involuntary_switches);
  // A thread that waits for another one of the target is not scheduled out with it.
  const auto unused = std::max<std::int64_t>(0, out.looked_ns * std::max(cpus, 1U) - out.cpu_ns);
  out.scheduled_out_ns =
      std::min({pause.length_ns(), grown(after->run_delay_ns, first.run_delay_ns), unused});
  out.stopped_ns = stopped_in(pause, {inside - 1, after + 1});
  out.cause = cause_of(out, pause.length_ns());
  return out;
}

}  // namespace tacit::bench
