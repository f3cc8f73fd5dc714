#include <tacit/memory/memory_limit.hpp>

#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <string_view>
#include <utility>

namespace tacit::memory {
namespace {

using std::filesystem::path;

// v1 writes the largest number of whole pages that fits where there is no limit.
constexpr std::int64_t unlimited_from = std::int64_t{1} << 60;

const char* limit_file(int version) noexcept {
  return version == 1 ? "memory.limit_in_bytes" : "memory.max";
}

// v2 writes `max` where there is no limit.
std::optional<std::uint64_t> read_bytes(const path& file) {
  const auto number = base::whole_number(base::read_first_line(file));
  if (!number || *number < 0 || *number >= unlimited_from) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

// Lines read `name bytes`.
std::uint64_t sum_of(const std::string& statistics, std::string_view first,
                     std::string_view second) {
  std::uint64_t sum = 0;
  std::istringstream in(statistics);
  std::string name;
  for (std::uint64_t bytes = 0; in >> name >> bytes;) {
    if (name == first || name == second) sum += bytes;
  }
  return sum;
}

}  // namespace

memory_limit_watch::memory_limit_watch(path root)
    : groups_(std::move(root)), folders_(groups_.folders_of("memory")) {
  current_ = read();
}

bool memory_limit_watch::changed() {
  if (groups_.moved()) folders_ = groups_.folders_of("memory");
  auto now = read();
  if (now == current_) return false;
  current_ = std::move(now);
  return true;
}

std::optional<memory_limit> memory_limit_watch::read() {
  std::optional<memory_limit> tightest;
  for (const base::cgroup_folder& group : folders_) {
    const path file = group.path / limit_file(group.version);
    const auto bytes = read_bytes(file);
    if (!bytes || *bytes == 0 || (tightest && tightest->bytes <= *bytes)) continue;
    tightest = {*bytes, file.string(), group.version};
    limiting_ = group;
  }
  return tightest;
}

std::optional<std::uint64_t> memory_limit_watch::charged_bytes() const {
  if (!current_) return std::nullopt;
  return read_bytes(limiting_.path /
                    (limiting_.version == 1 ? "memory.usage_in_bytes" : "memory.current"));
}

// Pages of tmpfs are in the lists of anonymous memory, so the lists of files hold what can go.
std::optional<std::uint64_t> memory_limit_watch::used_bytes() const {
  const auto charged = charged_bytes();
  if (!charged) return std::nullopt;
  const std::string statistics = base::read_small_file(limiting_.path / "memory.stat");
  const bool is_v1 = limiting_.version == 1;
  const std::uint64_t of_files = sum_of(statistics, is_v1 ? "total_inactive_file" : "inactive_file",
                                        is_v1 ? "total_active_file" : "active_file");
  return *charged - std::min(*charged, of_files);
}

// `size resident shared ...` in pages.
std::uint64_t resident_bytes(const path& root) {
  std::istringstream in(base::read_first_line(root / "proc/self/statm"));
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;
  if (!(in >> size >> resident >> shared) || shared > resident) return 0;
  return (resident - shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace tacit::memory
