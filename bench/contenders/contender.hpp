#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/contenders/control_group.hpp"
#include "bench/contenders/process.hpp"
#include "bench/endpoint.hpp"
#include "bench/formats/gc_log.hpp"

namespace tacit::bench::contenders {

/// Where a contender's runtime tells of its own pauses: a file, or a path that it answers.
struct pause_log_source {
  std::optional<formats::gc_log_format> format;  ///< nullopt: it does not.
  std::string file;
  std::string path;
};

/// How a server that can be compared is started. Texts may contain placeholders:
///
///     {port}     where it has to listen on 127.0.0.1
///     {workers}  how many workers it gets
///     {tacit}    the tacit binary
///     {bin}      the folder of the tacit-bench binary
///     {dir}      the folder of the JSON file that describes it
///     {tmp}      a fresh folder, removed when it has been stopped
///     {live_mb}  size of the live set that the churn workload wants, in MB; else 0
///     {memory_mb}  the limit of its memory in MB; without one, the machine's memory
///     {heap_mb}  three quarters of that: what a collector may use, so that the rest of its runtime
///                has room below the limit
///
/// An argument that is just "{workload}" stands for zero or more: `--site LOG` and `--body-limit N`
/// where a log is replayed, `--churn-live-mb N` for the churn workload.
struct description {
  std::string name;
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;
  std::string ready_path = "/";  ///< Answers 200 once it is ready.
  std::string folder;            ///< To start it in; empty: anywhere.
  /// Files to fill the placeholders into: the copy, and what it is copied from.
  std::map<std::string, std::string> templates;
  /// The workloads that it can serve; empty: all.
  std::vector<std::string> serves;
  std::string target;  ///< Asked of it instead of the workload's fixed request; empty: that one.
  std::vector<std::string> needs;     ///< Files without which it cannot take part.
  std::vector<std::string> works_if;  ///< A command that ends with 0 where it can; empty: it can.
  pause_log_source pause_log;
  std::filesystem::path origin;  ///< {dir}
};

/// The four cells of Tacit's matrix: threading mode by memory mode.
[[nodiscard]] std::vector<description> built_in();

/// Reads a JSON file of descriptions:
///
///     {"contenders": [{"name": "…", "command": ["…"], "env": {}, "ready_path": "/", "cwd": "…",
///                      "templates": {"{tmp}/x": "{dir}/x.template"}, "serves": ["plaintext"],
///                      "target": "/burn?us=100", "needs": ["{bin}/x"], "works_if": ["x", "-v"],
///                      "pause_log": {"format": "go_gctrace", "file": "{tmp}/output"}}]}
///
/// What a contender prints is in {tmp}/output. `pause_log` has a file, or a path that it is asked
/// for, and one of the formats of gc_log_format. name and command have to be there. Throws
/// base::failure that names the file and the place.
[[nodiscard]] std::vector<description> read_descriptions(const std::string& path);

/// The built-in contenders and those of these files, by name: the names asked for, else those of
/// the files, else `otherwise`. A name given twice is two contenders. Throws base::failure that
/// says which names there are.
[[nodiscard]] std::vector<description> choose(std::vector<std::string> names,
                                              const std::vector<std::string>& paths,
                                              const std::vector<std::string>& otherwise);

/// What the placeholders stand for in one comparison.
struct surroundings {
  std::filesystem::path tacit;
  std::filesystem::path bin;
  unsigned workers = 1;
  std::vector<std::string> workload_arguments;
  std::vector<int> cpus;
  std::vector<std::filesystem::path> groups = {};  ///< Control groups that it joins.
  std::chrono::microseconds ready_poll = std::chrono::milliseconds{10};
  std::chrono::milliseconds ready_within = std::chrono::seconds{10};
  std::uint64_t live_mb = 0;
  std::optional<std::uint64_t> memory_bytes_max;  ///< Of each; nullopt: no limit.
};

/// A started contender, ready to answer. Stops with this object at the latest.
class contender {
 public:
  /// Starts it and waits until it answers. Throws base::failure when it does not.
  contender(const description& what, const surroundings& around, const std::atomic<bool>& stop);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const endpoint& address() const noexcept { return address_; }
  [[nodiscard]] const std::string& authority() const noexcept { return authority_; }
  [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }

  /// From its exec to its first answer.
  [[nodiscard]] std::int64_t startup_ns() const noexcept { return startup_ns_; }

  [[nodiscard]] bool has_ended() { return process_->ending().has_value(); }

  /// Kills it without a word, and does not wait.
  void kill() noexcept { process_->kill(); }

  /// Stops it and says in words how it ended.
  std::string stop() { return process_->stop(); }

  /// What its runtime says about its pauses so far; nullopt where it does not say.
  [[nodiscard]] std::optional<formats::gc_log> pause_log() const;

  /// The group that limits its memory; null where it has no limit.
  [[nodiscard]] const control_group* group() const noexcept { return group_.get(); }

  /// The last line that it printed, for messages.
  [[nodiscard]] std::string last_words() const;

 private:
  void wait_until_ready(const std::string& path, const surroundings& around,
                        const std::atomic<bool>& stop);

  std::string name_;
  temporary_folder folder_;
  endpoint address_;
  std::string authority_;
  pause_log_source pause_log_;  // With its placeholders filled.
  std::int64_t startup_ns_ = 0;
  std::unique_ptr<control_group> group_;
  std::unique_ptr<process> process_;  // Gone before its group.
};

/// What is missing for a contender to start, in words; empty when nothing is.
[[nodiscard]] std::string missing_for(const description& what, const surroundings& around);

}  // namespace tacit::bench::contenders
