#include "e2e/memory_group.hpp"

#include <unistd.h>

#include <fstream>
#include <system_error>
#include <vector>

#include <tacit/base/cgroup.hpp>

namespace tacit::e2e {
namespace {

bool write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file);
  out << text << std::flush;
  return out.good();
}

bool join(const std::filesystem::path& folder) {
  return write(folder / "cgroup.procs", std::to_string(::getpid()));
}

}  // namespace

std::variant<std::unique_ptr<memory_group>, std::string> memory_group::make(
    std::uint64_t limit_bytes) {
  const std::vector<base::cgroup_folder> folders = base::cgroup_finder().folders_of("memory");
  std::string why = "no cgroup with a memory controller can be seen";
  // v1's come first, and where both are mounted the controller is in one of them only.
  for (auto each = folders.rbegin(); each != folders.rend(); ++each) {
    std::unique_ptr<memory_group> made(new memory_group(
        each->path, each->path / ("tacit-test-" + std::to_string(::getpid())), each->version));
    std::error_code ec;
    std::filesystem::create_directory(made->folder_, ec);
    if (ec) {
      why = "no cgroup can be made in " + each->path.string() + ": " + ec.message();
    } else if (!std::filesystem::exists(made->limit_file()) || !made->set_limit(limit_bytes)) {
      why = "the memory of cgroups in " + each->path.string() + " cannot be limited";
    } else if (!join(made->folder_) || !join(made->home_)) {
      why = "this process cannot be moved to a cgroup in " + each->path.string();
    } else {
      return made;
    }
  }
  return why;
}

memory_group::~memory_group() {
  std::error_code ignored;
  std::filesystem::remove(folder_, ignored);
}

std::filesystem::path memory_group::limit_file() const {
  return folder_ / (version_ == 1 ? "memory.limit_in_bytes" : "memory.max");
}

bool memory_group::set_limit(std::uint64_t bytes) const {
  return write(limit_file(), std::to_string(bytes));
}

std::uint64_t memory_group::charged_bytes() const {
  std::ifstream in(folder_ / (version_ == 1 ? "memory.usage_in_bytes" : "memory.current"));
  std::uint64_t bytes = 0;
  in >> bytes;
  return bytes;
}

memory_group::inside::inside(const memory_group& group) : group_(group) {
  static_cast<void>(join(group_.folder_));
}

memory_group::inside::~inside() {
  static_cast<void>(join(group_.home_));
}

}  // namespace tacit::e2e
