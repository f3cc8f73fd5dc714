#pragma once

#include <sys/types.h>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace tacit::support {

/// A program under test: started with arguments, its stdout and stderr captured, stopped at the
/// end.
///
/// Waiting reads both streams, so that the program never blocks on a full pipe. What a stream says
/// beyond 1 MiB is read and dropped.
///
/// Errors:   std::runtime_error, which GoogleTest reports; its text holds what stderr said.
/// Threads:  one; the program dies with the thread that started it.
/// Lifetime: the destructor kills what still runs (by pid) and reaps it.
class process {
 public:
  /// Starts `arguments[0]` without a shell; stdin is empty.
  explicit process(std::vector<std::string> arguments);
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// Waits for a line on stdout that starts with `prefix` and returns what follows the prefix.
  [[nodiscard]] std::string await_line(std::string_view prefix);

  void signal(int number) const;

  /// Waits for the end. The exit status, or minus the number of the signal that ended it.
  int wait();

  /// True while the program has not ended. Does not wait; reads what the streams hold.
  [[nodiscard]] bool running();

  [[nodiscard]] const std::string& output() const noexcept { return output_; }
  [[nodiscard]] const std::string& errors() const noexcept { return errors_; }

 private:
  void start(const std::vector<std::string>& arguments);
  void pump(std::chrono::milliseconds limit);
  void reap(bool block);
  [[noreturn]] void give_up(const std::string& what) const;

  std::string name_;
  pid_t pid_ = -1;
  int pid_fd_ = -1;
  int output_fd_ = -1;
  int error_fd_ = -1;
  bool reaped_ = false;
  int status_ = 0;
  std::string output_;
  std::string errors_;
};

/// What a program left behind that was run to its end.
struct finished {
  int status;
  std::string output;
  std::string errors;
};

/// Runs a program to its end.
[[nodiscard]] finished run(std::vector<std::string> arguments);

}  // namespace tacit::support
