#pragma once

#include <string_view>

#include <tacit/http/content_coding.hpp>
#include <tacit/http/context.hpp>
#include <tacit/http/file_options.hpp>

namespace tacit::http {

/// Whether a decoded path may name a file: relative, without empty, "." and ".." segments, NUL and
/// backslash, and without hidden names unless those are served. A slash at its end is allowed; the
/// empty path is the root.
[[nodiscard]] bool is_file_path(std::string_view path, bool with_dotfiles) noexcept;

/// Sends the client to the same target with a slash behind the path, so that relative links in an
/// index lead into the folder.
void redirect_to_folder(context& c);

/// What the name of a twin ends in: ".br".
[[nodiscard]] constexpr std::string_view twin_suffix(content_coding coding) noexcept {
  constexpr std::string_view suffixes[content_coding_count] = {"", ".gz", ".zst", ".br"};
  return suffixes[static_cast<std::size_t>(coding)];
}

}  // namespace tacit::http
