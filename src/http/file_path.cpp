#include "http/file_path.hpp"

#include <memory_resource>
#include <string>

namespace tacit::http {
namespace {

bool is_file_name(std::string_view segment, bool with_dotfiles) noexcept {
  if (segment.empty() || segment == "." || segment == "..") return false;
  return with_dotfiles || segment[0] != '.';
}

}  // namespace

// A backslash is an ordinary character here, but whoever asks for one takes this for a system where
// it is not, and browsers take it for a slash in a Location.
bool is_file_path(std::string_view path, bool with_dotfiles) noexcept {
  if (path.find_first_of(std::string_view("\\\0", 2)) != std::string_view::npos) return false;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (!is_file_name(path.substr(0, slash), with_dotfiles)) return false;
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return true;
}

void redirect_to_folder(context& c) {
  // Two slashes in front would name another host.
  if (c.request.path.starts_with("//")) return c.problem(404);
  std::pmr::string target(c.request.path, &c.arena());
  target += '/';
  if (!c.request.query.empty()) target.append("?").append(c.request.query);
  c.problem(301);
  c.set("Location", target);
}

}  // namespace tacit::http
