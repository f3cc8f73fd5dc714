#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

#include <tacit/base/atomic.hpp>
#include <tacit/io/unique_fd.hpp>

namespace tacit::http {

/// A folder on disk, and what can be opened in it: nothing outside, whatever the path and whatever
/// symbolic links there are.
///
/// The kernel resolves paths with openat2(RESOLVE_BENEATH), so there is no moment between a check
/// and its use. Where it has no openat2 (before Linux 5.6, or a container that forbids it), each
/// segment is opened in turn, and symbolic links are not followed at all.
///
/// Threads: any.
class file_root {
 public:
  enum class resolver { openat2_if_there, walk };
  enum class lookup {
    cached,  ///< Only what the kernel knows without asking the disk; else EAGAIN.
    full     ///< May block.
  };

  struct opened {
    io::unique_fd fd;
    int error = 0;  ///< As errno; ELOOP or EXDEV for what leads out of the folder.
    struct stat status {};

    [[nodiscard]] bool is_file() const noexcept { return !error && S_ISREG(status.st_mode); }
    [[nodiscard]] bool is_folder() const noexcept { return !error && S_ISDIR(status.st_mode); }
  };

  /// Throws std::system_error, which names the folder, if it cannot be opened.
  explicit file_root(const std::string& folder, resolver with = resolver::openat2_if_there);

  /// Opens what is at `path`, relative and without ".." segments, for reading. Never waits for
  /// anybody but the disk: not for the other end of a named pipe.
  [[nodiscard]] opened open(const char* path, lookup how) const noexcept;

 private:
  [[nodiscard]] int open_beneath(const char* path, lookup how) const noexcept;
  [[nodiscard]] int walk(const char* path) const noexcept;

  io::unique_fd folder_;
  bool is_in_memory_ = false;
  mutable base::atomic<bool> walks_;
};

}  // namespace tacit::http
