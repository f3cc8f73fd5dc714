#include <tacit/memory/memory_limit.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace tacit::memory {
namespace {

using std::filesystem::path;

// v1 writes the largest number of whole pages that fits where there is no limit.
constexpr std::int64_t unlimited_from = std::int64_t{1} << 60;

// v2 writes `max` where there is no limit.
std::optional<std::uint64_t> read_bytes(const path& file) noexcept {
  std::array<char, 64> buffer;
  const auto number = base::whole_number(base::read_first_line(file, buffer));
  if (!number || *number < 0 || *number >= unlimited_from) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::uint64_t bytes_behind(std::string_view statistics, std::string_view name) noexcept {
  const std::int64_t bytes = base::number_behind(statistics, name).value_or(0);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0));
}

}  // namespace

memory_limit_watch::group::group(const base::cgroup_folder& folder)
    : limit(folder.path / (folder.version == 1 ? "memory.limit_in_bytes" : "memory.max")),
      charged(folder.path / (folder.version == 1 ? "memory.usage_in_bytes" : "memory.current")),
      statistics(folder.path / "memory.stat"),
      version(folder.version) {}

memory_limit_watch::memory_limit_watch(base::cgroup_finder groups) : finder_(std::move(groups)) {
  find_groups();
  read();
}

void memory_limit_watch::find_groups() {
  const auto folders = finder_.folders_of("memory");
  groups_ = std::vector<group>(folders.begin(), folders.end());
}

bool memory_limit_watch::changed() {
  if (finder_.moved()) find_groups();
  return read();
}

bool memory_limit_watch::read() {
  bool has_changed = false;
  const group* tightest = nullptr;
  for (group& each : groups_) {
    auto bytes = read_bytes(each.limit);
    if (bytes == 0U) bytes.reset();
    has_changed = std::exchange(each.limit_bytes, bytes) != bytes || has_changed;
    if (bytes && (!tightest || *bytes < *tightest->limit_bytes)) tightest = &each;
  }
  if (!tightest) {
    has_changed = has_changed || current_;
    current_.reset();
  } else if (!current_ || current_->bytes != *tightest->limit_bytes ||
             current_->file != tightest->limit.native()) {
    current_ = {*tightest->limit_bytes, tightest->limit.native(), tightest->version};
    has_changed = true;
  }
  return has_changed;
}

// The innermost of those that are seen.
const memory_limit_watch::group& memory_limit_watch::own(int version) const noexcept {
  return *std::find_if(groups_.rbegin(), groups_.rend(),
                       [version](const group& each) { return each.version == version; });
}

// Pages of tmpfs are in the lists of anonymous memory, so the lists of files hold what can go.
std::optional<std::uint64_t> memory_limit_watch::group::used_bytes(std::uint64_t exact_from) const {
  const auto all = read_bytes(charged);
  if (!all || *all < exact_from) return all;
  std::array<char, 8192> buffer;
  const std::string_view text = base::read_small_file(statistics, buffer);
  const bool is_v1 = version == 1;
  const std::uint64_t of_files =
      bytes_behind(text, is_v1 ? "total_inactive_file" : "inactive_file") +
      bytes_behind(text, is_v1 ? "total_active_file" : "active_file");
  return *all - std::min(*all, of_files);
}

std::optional<memory_share> memory_limit_watch::share(std::uint64_t exact_from) const {
  std::optional<memory_share> smallest;
  for (const group& each : groups_) {
    if (!each.limit_bytes) continue;
    const group& mine = own(each.version);
    const bool is_shared = &each != &mine;
    const auto used = mine.used_bytes(is_shared ? 0 : exact_from);
    if (!used) continue;
    memory_share of{*used, *each.limit_bytes, 0, each.limit.native()};
    if (is_shared) {
      const std::uint64_t all = each.used_bytes(0).value_or(0);
      const std::uint64_t others = all - std::min(all, *used);
      of.neighbours_bytes = std::min(of.bytes, others + std::min(others, of.bytes / 32));
      of.bytes -= of.neighbours_bytes;
    }
    if (!smallest || of.bytes < smallest->bytes) smallest = of;
  }
  return smallest;
}

// `size resident shared ...` in pages.
std::uint64_t resident_bytes(const path& statm) noexcept {
  std::array<char, 256> buffer;
  std::string_view line = base::read_first_line(statm, buffer);
  base::take_word(line, ' ');
  const std::int64_t resident = base::whole_number(base::take_word(line, ' ')).value_or(0);
  const std::int64_t shared = base::whole_number(base::take_word(line, ' ')).value_or(0);
  if (shared > resident) return 0;
  return static_cast<std::uint64_t>(resident - shared) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace tacit::memory
