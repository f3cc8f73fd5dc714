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

// As lines are read: nothing is behind a separator at the end.
std::vector<std::string_view> words(std::string_view text, char separator) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return found;
}

bool contains(const std::vector<std::string_view>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
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
  for (const std::string_view line : words(membership, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == line.npos || second == line.npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool wanted =
        version == 2 ? line.starts_with("0::") : contains(words(controllers, ','), controller);
    if (wanted) return std::string(line.substr(second + 1));
  }
  return std::nullopt;
}

// A line reads `id parent device root point options [tags...] - type source superoptions`.
std::vector<mount> mounts_of(std::string_view mountinfo, int version, std::string_view controller) {
  std::vector<mount> found;
  for (const std::string_view line : words(mountinfo, '\n')) {
    // Most mounts are none of groups: those need not be taken apart.
    if (line.find(" cgroup") == line.npos) continue;
    const std::vector<std::string_view> fields = words(line, ' ');
    const auto dash = std::find(fields.begin(), fields.end(), "-");
    if (fields.size() < 6 || std::distance(dash, fields.end()) < 4) continue;
    const bool wanted = version == 2
                            ? dash[1] == "cgroup2"
                            : dash[1] == "cgroup" && contains(words(dash[3], ','), controller);
    if (wanted) found.push_back({unescaped(fields[3]), unescaped(fields[4])});
  }
  return found;
}

// The group's path below the mount, or nullopt if the mount does not show it.
std::optional<std::string> below(const mount& where, const std::string& group) {
  if (contains(words(group, '/'), "..")) return std::nullopt;
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
  const std::string rest = below(chosen, group).value_or("");
  for (const std::string_view name : words(rest, '/')) {
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

std::optional<std::int64_t> whole_number(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace tacit::base
