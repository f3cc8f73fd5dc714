#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <tacit/base/error.hpp>
#include <tacit/io/unique_fd.hpp>

namespace tacit::server {

/// How this program was started, as far as that can be done again.
struct program_image {
  std::string path;  ///< Names a file, not an inode: whoever is put there is run.
  std::vector<std::string> arguments;

  /// `executable` as own_executable() found it. The path is the first argument if that is an
  /// absolute one, so that a symbolic link is followed anew, else that of the executable.
  [[nodiscard]] static program_image of(const std::string& executable);

  /// Call it early: afterwards the file may have been moved.
  [[nodiscard]] static std::string own_executable();
};

/// A process that takes a server's listening socket over.
///
/// It gets the socket as systemd would give it (LISTEN_FDS), and one end of a pipe, into which it
/// writes a byte once it serves. A process that ends without closes the pipe by that.
///
/// Threads:  one. Lifetime: the destructor kills one that is not ready yet; later ones live on.
class successor {
 public:
  /// The number of the descriptor to write to.
  static constexpr const char* ready_variable = "TACIT_UPGRADE_FD";
  /// What the listening socket was opened for, as in the settings. A successor that is told to
  /// listen elsewhere opens its own. Not set if the socket was itself inherited from systemd.
  static constexpr const char* listen_variable = "TACIT_UPGRADE_LISTEN";

  enum class state { starting, ready, failed };

  [[nodiscard]] static std::variant<successor, base::failure> start(
      const program_image& image, int listening, const std::optional<std::string>& configured,
      std::chrono::steady_clock::time_point deadline);

  successor(successor&& other) noexcept;
  successor& operator=(successor&&) = delete;
  ~successor();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// Becomes readable when look() has something to see.
  [[nodiscard]] int fd() const noexcept { return ready_.get(); }
  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept {
    return deadline_;
  }

  /// Whether it serves by now. On `failed` it has been ended, and why_failed() says how.
  [[nodiscard]] state look(std::chrono::steady_clock::time_point now);
  [[nodiscard]] const std::string& why_failed() const noexcept { return why_failed_; }

 private:
  successor(pid_t pid, io::unique_fd ready, std::chrono::steady_clock::time_point deadline) noexcept
      : pid_(pid), ready_(std::move(ready)), deadline_(deadline) {}
  void end_it() noexcept;

  pid_t pid_ = -1;
  io::unique_fd ready_;
  std::chrono::steady_clock::time_point deadline_;
  state state_ = state::starting;
  std::string why_failed_;
};

}  // namespace tacit::server
