#include "http/file_root.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <system_error>

namespace tacit::http {
namespace {

constexpr int read_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

// Linux 5.12; the headers may be older than the kernel.
#ifndef RESOLVE_CACHED
constexpr std::uint64_t resolve_cached = 0x20;
#else
constexpr std::uint64_t resolve_cached = RESOLVE_CACHED;
#endif

}  // namespace

file_root::file_root(const std::string& folder, resolver with)
    : folder_(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
      walks_(with == resolver::walk) {
  if (!folder_) {
    throw std::system_error(errno, std::generic_category(), "cannot serve the folder " + folder);
  }
  // Such file systems never wait, but also do not remember that a name is missing.
  struct statfs kind {};
  is_in_memory_ = ::fstatfs(folder_.get(), &kind) == 0 &&
                  (kind.f_type == TMPFS_MAGIC || kind.f_type == RAMFS_MAGIC);
}

file_root::opened file_root::open(const char* path, lookup how) const noexcept {
  opened result;
  if (is_in_memory_) how = lookup::full;
  if (*path == '\0') path = ".";
  int fd = walks_.load(base::memory_order_relaxed) ? -1 : open_beneath(path, how);
  // EPERM is what the filters of some containers say to calls that they do not know.
  if (fd < 0 && !walks_.load(base::memory_order_relaxed) && (errno == ENOSYS || errno == EPERM)) {
    walks_.store(true, base::memory_order_relaxed);
  }
  if (walks_.load(base::memory_order_relaxed) && fd < 0) {
    errno = EAGAIN;
    if (how == lookup::full) fd = walk(path);
  }
  result.fd = io::unique_fd(fd);
  if (fd < 0 || ::fstat(fd, &result.status) != 0) result.error = errno;
  return result;
}

int file_root::open_beneath(const char* path, lookup how) const noexcept {
  open_how as{};
  as.flags = read_flags;
  as.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (how == lookup::cached) as.resolve |= resolve_cached;
  // EAGAIN says to a full lookup that something was renamed meanwhile. Somebody who renames all the
  // time does not keep us here.
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, folder_.get(), path, &as, sizeof as);
    if (fd >= 0) return static_cast<int>(fd);
    if (how == lookup::cached) {
      if (errno == EINVAL) errno = EAGAIN;  // A kernel that does not know the flag.
      return -1;
    }
    if ((errno != EAGAIN && errno != EINTR) || attempt == 8) return -1;
  }
}

int file_root::walk(const char* path) const noexcept {
  io::unique_fd folder;
  for (;;) {
    const int in = folder ? folder.get() : folder_.get();
    const char* const slash = std::strchr(path, '/');
    if (!slash) return ::openat(in, path, read_flags | O_NOFOLLOW);
    char segment[NAME_MAX + 1];
    const auto size = static_cast<std::size_t>(slash - path);
    if (size > NAME_MAX) {
      errno = ENAMETOOLONG;
      return -1;
    }
    std::memcpy(segment, path, size);
    segment[size] = '\0';
    io::unique_fd next(::openat(in, segment, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next) return -1;
    folder = std::move(next);
    path = *(slash + 1) == '\0' ? "." : slash + 1;
  }
}

}  // namespace tacit::http
