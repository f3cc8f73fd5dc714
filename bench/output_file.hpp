#pragma once

#include <string>

namespace tacit::bench {

/// Writes a whole file or none: to a temporary beside it, renamed at the end. What is no file, such
/// as /dev/stdout, is written to as it is. Throws base::failure.
void write_file(const std::string& path, const std::string& content);

/// Throws base::failure if write_file(path) is bound to fail, so that a long run is not for
/// nothing.
void check_writable(const std::string& path);

}  // namespace tacit::bench
