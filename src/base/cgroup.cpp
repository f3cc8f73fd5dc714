#include <tacit/base/cgroup.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace tacit::base {
namespace {

using std::filesystem::path;

struct mount {
  std::string root;   // The group that is mounted, as /proc/self/cgroup would name it.
  std::string point;  // Where it is mounted.
};

bool contains(std::string_view list, char separator, std::string_view wanted) noexcept {
  while (!list.empty()) {
    if (take_word(list, separator) == wanted) return true;
  }
  return false;
}

// Reads on until there is an `end`, or to the end of the file.
std::string_view read_until(const path& file, std::span<char> buffer,
                            std::optional<char> end) noexcept {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::string_view text(buffer.data(), 0);
  while (text.size() < buffer.size()) {
    const ssize_t count = ::read(fd, buffer.data() + text.size(), buffer.size() - text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text = {buffer.data(), text.size() + static_cast<std::size_t>(count)};
    if (end && text.find(*end) != text.npos) break;
  }
  ::close(fd);
  return text;
}

// Mountinfo writes blanks, tabs, newlines and backslashes as three octal digits.
std::string unescaped(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(i + 1, 3);
    if (text[i] == '\\' && digits.size() == 3 &&
        std::all_of(digits.begin(), digits.end(), is_octal)) {
      plain += static_cast<char>((digits[0] - '0') * 64 + (digits[1] - '0') * 8 + digits[2] - '0');
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// A line reads `id:controllers:path`; v2 has no controllers in it.
std::optional<std::string> group_of(std::string_view membership, int version,
                                    std::string_view controller) {
  while (!membership.empty()) {
    std::string_view path = take_word(membership, '\n');
    const std::string_view id = take_word(path, ':');
    const std::string_view controllers = take_word(path, ':');
    const bool is_wanted =
        version == 2 ? id == "0" && controllers.empty() : contains(controllers, ',', controller);
    if (is_wanted && !path.empty()) return std::string(path);
  }
  return std::nullopt;
}

// A line reads `id parent device root point options [tags...] - type source superoptions`. Most
// mounts are none of groups: of those no more is looked at than the type.
std::vector<mount> mounts_of(std::string_view mountinfo, int version, std::string_view controller) {
  constexpr std::string_view dash = " - ";
  std::vector<mount> found;
  while (!mountinfo.empty()) {
    std::string_view line = take_word(mountinfo, '\n');
    std::string_view system = line.substr(std::min(line.find(dash), line.size()));
    system.remove_prefix(std::min(dash.size(), system.size()));
    if (take_word(system, ' ') != (version == 2 ? "cgroup2" : "cgroup")) continue;
    take_word(system, ' ');  // The source.
    if (system.empty() || (version == 1 && !contains(system, ',', controller))) continue;
    for (int skipped = 0; skipped < 3; ++skipped)
      take_word(line, ' ');
    const std::string_view root = take_word(line, ' ');
    found.push_back({unescaped(root), unescaped(take_word(line, ' '))});
  }
  return found;
}

// The group's path below the mount, or nullopt if the mount does not show it.
std::optional<std::string> below(const mount& where, const std::string& group) {
  if (contains(group, '/', "..")) return std::nullopt;
  const std::string root = where.root == "/" ? "" : where.root;
  if (group.compare(0, root.size(), root) != 0) return std::nullopt;
  const std::string rest = group.substr(root.size());
  if (!rest.empty() && rest.front() != '/') return std::nullopt;
  return rest;
}

// The group's folder and each one above it, up to the mount.
std::vector<path> folders_of_group(const std::vector<mount>& mounts, const std::string& group) {
  if (mounts.empty()) return {};
  const auto shows_group = [&](const mount& each) { return below(each, group).has_value(); };
  const auto shown = std::find_if(mounts.begin(), mounts.end(), shows_group);
  const mount& chosen = shown == mounts.end() ? mounts.front() : *shown;
  std::vector<path> folders{chosen.point};
  const std::string below_it = below(chosen, group).value_or("");
  for (std::string_view rest = below_it; !rest.empty();) {
    const std::string_view name = take_word(rest, '/');
    if (!name.empty()) folders.push_back(folders.back() / name);
  }
  return folders;
}

}  // namespace

cgroup_finder::cgroup_finder(path root)
    : root_(std::move(root)),
      membership_file_(root_ / "proc/self/cgroup"),
      membership_(read_small_file(membership_file_)),
      mountinfo_(read_small_file(root_ / "proc/self/mountinfo")) {}

bool cgroup_finder::moved() {
  // A line for each hierarchy. What is longer than this is compared as far as it goes.
  std::array<char, 8192> buffer;
  const std::string_view now = read_small_file(membership_file_, buffer);
  if (now == std::string_view(membership_).substr(0, buffer.size())) return false;
  membership_ = read_small_file(membership_file_);
  // It may have come with other mounts.
  mountinfo_ = read_small_file(root_ / "proc/self/mountinfo");
  return true;
}

std::vector<cgroup_folder> cgroup_finder::folders_of(std::string_view controller) const {
  std::vector<cgroup_folder> found;
  for (const int version : {1, 2}) {
    const auto group = group_of(membership_, version, controller);
    if (!group) continue;
    for (const path& folder : folders_of_group(mounts_of(mountinfo_, version, controller), *group))
      found.push_back({root_ / folder.relative_path(), version});
  }
  return found;
}

std::string_view take_word(std::string_view& text, char separator) noexcept {
  const std::string_view word = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

std::string read_small_file(const path& file) {
  std::string text(4096, '\0');
  for (;;) {
    const std::size_t size = read_small_file(file, std::span<char>(text)).size();
    const bool is_whole = size < text.size();
    text.resize(is_whole ? size : 2 * text.size());
    if (is_whole) return text;
  }
}

std::string_view read_small_file(const path& file, std::span<char> buffer) noexcept {
  return read_until(file, buffer, std::nullopt);
}

std::string_view read_first_line(const path& file, std::span<char> buffer) noexcept {
  const std::string_view text = read_until(file, buffer, '\n');
  return text.substr(0, text.find('\n'));
}

std::optional<std::int64_t> number_behind(std::string_view text, std::string_view name) noexcept {
  while (!text.empty()) {
    std::string_view line = take_word(text, '\n');
    if (take_word(line, ' ') == name) return whole_number(line);
  }
  return std::nullopt;
}

std::optional<std::int64_t> whole_number(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace tacit::base
