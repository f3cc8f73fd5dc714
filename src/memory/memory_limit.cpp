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

// The next word of a text, or nothing at its end.
std::string_view take_word(std::string_view& text) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(" \n"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \n"));
  text.remove_prefix(word.size());
  return word;
}

// Lines read `name bytes`.
std::uint64_t sum_of(std::string_view statistics, std::string_view first,
                     std::string_view second) noexcept {
  std::int64_t sum = 0;
  while (!statistics.empty()) {
    const std::string_view name = take_word(statistics);
    const auto bytes = base::whole_number(take_word(statistics));
    if (name == first || name == second) sum += std::max<std::int64_t>(bytes.value_or(0), 0);
  }
  return static_cast<std::uint64_t>(sum);
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
  std::optional<std::uint64_t> tightest;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const auto bytes = read_bytes(groups_[i].limit);
    if (!bytes || *bytes == 0 || (tightest && *tightest <= *bytes)) continue;
    tightest = bytes;
    limiting_ = i;
  }
  if (!tightest) {
    const bool was_limited = current_.has_value();
    current_.reset();
    return was_limited;
  }
  const group& from = groups_[limiting_];
  if (current_ && current_->bytes == *tightest && current_->file == from.limit.native()) {
    return false;
  }
  current_ = {*tightest, from.limit.native(), from.version};
  return true;
}

std::optional<std::uint64_t> memory_limit_watch::charged_bytes() const {
  if (!current_) return std::nullopt;
  return read_bytes(groups_[limiting_].charged);
}

// Pages of tmpfs are in the lists of anonymous memory, so the lists of files hold what can go.
std::optional<std::uint64_t> memory_limit_watch::used_bytes() const {
  const auto charged = charged_bytes();
  if (!charged) return std::nullopt;
  const group& limiting = groups_[limiting_];
  std::array<char, 8192> buffer;
  const std::string_view statistics = base::read_small_file(limiting.statistics, buffer);
  const bool is_v1 = limiting.version == 1;
  const std::uint64_t of_files = sum_of(statistics, is_v1 ? "total_inactive_file" : "inactive_file",
                                        is_v1 ? "total_active_file" : "active_file");
  return *charged - std::min(*charged, of_files);
}

// `size resident shared ...` in pages.
std::uint64_t resident_bytes(const path& statm) noexcept {
  std::array<char, 256> buffer;
  std::string_view line = base::read_first_line(statm, buffer);
  take_word(line);
  const std::int64_t resident = base::whole_number(take_word(line)).value_or(0);
  const std::int64_t shared = base::whole_number(take_word(line)).value_or(0);
  if (shared > resident) return 0;
  return static_cast<std::uint64_t>(resident - shared) *
         static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace tacit::memory
