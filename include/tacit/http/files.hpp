#pragma once

#include <memory>
#include <string>

#include <tacit/http/context.hpp>
#include <tacit/http/file_options.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::http {

class file_root;

/// What answers with the files of a folder on disk, for GET routes as "/{path...}". A folder
/// answers with its index, or 404, and sends to itself with a slash where that is missing.
///
///     app.get("/static/{path...}", http::files("/srv/www"));
///
/// Nothing outside of the folder is served: symbolic links are followed only where they stay
/// inside. The entity tag is made of time of modification and size; it is strong, unless the file
/// was modified in the last two seconds, when it may be again without either showing it. A twin
/// (file_options::twins) that is older than its file is left aside.
///
/// A worker opens files itself as far as the kernel has their names in memory; for what it would
/// have to look up on disk a thread of the blocking pool does it. The bytes are sent by the kernel
/// (sendfile), which may wait for the disk; other workers take over what the worker would have
/// done.
///
/// Threads: any. Errors: the constructor throws std::system_error for a folder that cannot be
/// opened. A file that becomes shorter while it is sent has its connection cut.
class files {
 public:
  explicit files(const std::string& folder, file_options with = {});
  sched::task<> operator()(context& c) const;

 private:
  std::shared_ptr<const file_root> root_;
  std::shared_ptr<const file_options> options_;
};

}  // namespace tacit::http
