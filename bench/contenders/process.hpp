#pragma once

#include <sys/types.h>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tacit::bench::contenders {

/// A fresh folder for temporary files, removed with everything in it by the destructor.
class temporary_folder {
 public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// How to start a program.
struct program {
  std::vector<std::string> command;  ///< The program, found along PATH, and its arguments.
  std::map<std::string, std::string> environment;  ///< Added to that of this process.
  std::filesystem::path folder;                    ///< To start in; empty: where this process is.
  std::filesystem::path log;                       ///< Takes what it prints.
  std::vector<int> cpus;                           ///< To run on; empty: anywhere.
  /// The control groups that it joins before it runs: files that it writes "0" to.
  std::vector<std::filesystem::path> groups = {};
};

/// Where a program is that `name` starts; empty when there is none. Looks along PATH and in the
/// sbin folders, which are not on everybody's PATH.
[[nodiscard]] std::filesystem::path find_program(const std::string& name);

/// A running program in a process group of its own. It ends with this object at the latest, and
/// with this process even if that is killed.
///
/// Threads:  from the thread that made it; the kernel ties the child's life to that thread.
class process {
 public:
  /// Throws base::failure when it cannot be started.
  explicit process(const program& what);
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// When it began: right before its exec. What it takes to fork and to enter control groups, which
  /// can be more than the program's own start, is over by then.
  [[nodiscard]] std::int64_t begun_ns() const noexcept { return begun_ns_; }

  /// Waits for its end, for so long at most, and says whether it has come.
  bool has_ended_within(int milliseconds);

  /// In words how it ended; nullopt while it runs.
  [[nodiscard]] std::optional<std::string> ending();

  /// Kills the group without a word, and does not wait: for one that is of no more use.
  void kill() noexcept;

  /// Asks it to end (SIGTERM), waits a few seconds, then kills the group. Returns ending().
  std::string stop();

 private:
  pid_t pid_ = -1;
  int pid_fd_ = -1;
  std::int64_t begun_ns_ = 0;
  std::optional<int> status_;
};

/// Which CPUs the servers and the harness get.
struct cpu_plan {
  std::vector<int> servers;
  std::vector<int> harness;
};

/// The servers get the first `workers` CPUs of those allowed, the harness the last one, which is
/// left to it. With a single CPU, or more workers than that leaves, they share.
[[nodiscard]] cpu_plan plan_cpus(unsigned workers);

/// Restricts the calling thread, and those it starts, to these CPUs. Does nothing for none.
void run_on(const std::vector<int>& cpus);

/// Has the calling thread go before ordinary ones where they share a CPU. False where that is not
/// permitted.
bool go_first() noexcept;

/// A TCP port of 127.0.0.1 that nobody listened on a moment ago. Throws base::failure.
[[nodiscard]] int free_port();

}  // namespace tacit::bench::contenders
