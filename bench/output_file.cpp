#include "bench/output_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <tacit/base/error.hpp>

namespace tacit::bench {
namespace {

std::string temporary_for(const std::string& path) {
  return fmt::format("{}.{}.partial", path, ::getpid());
}

/// A terminal, a pipe, /dev/stdout: renaming would put a file in its place.
bool is_special(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode);
}

}  // namespace

void write_file(const std::string& path, const std::string& content) {
  if (is_special(path)) {
    std::ofstream file{path, std::ios::binary};
    if (!(file << content).flush()) throw base::failure{fmt::format("{}: cannot write", path)};
    return;
  }
  const auto temporary = temporary_for(path);
  std::ofstream file{temporary, std::ios::binary};
  file << content;
  file.close();
  if (!file || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    throw base::failure{fmt::format("{}: cannot write: {}", path, std::strerror(error))};
  }
}

void check_writable(const std::string& path) {
  if (path.empty()) return;
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) {
    throw base::failure{fmt::format("{}: cannot write: it is a folder", path)};
  }
  if (is_special(path)) return;
  const auto temporary = temporary_for(path);
  const bool can_write = std::ofstream{temporary}.good();
  const int error = errno;
  ::unlink(temporary.c_str());
  if (!can_write) {
    throw base::failure{fmt::format("{}: cannot write: {}", path, std::strerror(error))};
  }
}

}  // namespace tacit::bench
