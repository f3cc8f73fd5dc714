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

#include "bench/contenders/process.hpp"
#include "bench/endpoint.hpp"

namespace tacit::bench::contenders {

/// How a server that can be compared is started. Texts may contain placeholders:
///
///     {port}     where it has to listen on 127.0.0.1
///     {workers}  how many workers it gets
///     {tacit}    the tacit binary
///     {bin}      the folder of the tacit-bench binary
///     {dir}      the folder of the JSON file that describes it
///     {tmp}      a fresh folder, removed when it has been stopped
///
/// An argument that is just "{workload}" stands for zero or more: `--site LOG` and `--body-limit N`
/// where a log is replayed.
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
  std::filesystem::path origin;  ///< {dir}
};

/// The four cells of Tacit's matrix: threading mode by memory mode.
[[nodiscard]] std::vector<description> built_in();

/// Reads a JSON file of descriptions:
///
///     {"contenders": [{"name": "…", "command": ["…"], "env": {}, "ready_path": "/", "cwd": "…",
///                      "templates": {"{tmp}/x": "{dir}/x.template"}, "serves": ["plaintext"],
///                      "target": "/burn?us=100"}]}
///
/// name and command have to be there. Throws base::failure that names the file and the place.
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

  /// From the moment before it was started to its first answer.
  [[nodiscard]] std::int64_t startup_ns() const noexcept { return startup_ns_; }

  [[nodiscard]] bool has_ended() { return process_->ending().has_value(); }

  /// Stops it and says in words how it ended.
  std::string stop() { return process_->stop(); }

  /// The last line that it printed, for messages.
  [[nodiscard]] std::string last_words() const;

 private:
  void wait_until_ready(const std::string& path, const surroundings& around,
                        const std::atomic<bool>& stop);

  std::string name_;
  temporary_folder folder_;
  endpoint address_;
  std::string authority_;
  std::int64_t startup_ns_ = 0;
  std::unique_ptr<process> process_;
};

/// The program that a description starts; empty when it is not there.
[[nodiscard]] std::filesystem::path program_of(const description& what, const surroundings& around);

}  // namespace tacit::bench::contenders
