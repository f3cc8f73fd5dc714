#pragma once

#include <span>
#include <string_view>

#include <tacit/http/context.hpp>
#include <tacit/http/file_options.hpp>

namespace tacit::http {

/// A file whose bytes are in the binary's read-only data.
struct embedded_file {
  std::string_view path;  ///< Relative to the embedded folder, with slashes.
  std::string_view etag;  ///< From the content, with its quotes.
  std::string_view bytes;
};

/// A folder in the binary: files by path, sorted. Twins made at build time (app.js.gz) are files as
/// any other.
///
/// In CMake, `tacit_embed(my_program assets)` makes one of the folder `assets`, to be had with
/// `#include <tacit_embedded/assets.hpp>` as `tacit_embedded::assets`.
struct embedded_tree {
  std::span<const embedded_file> files;

  /// By binary search; nullptr if there is none.
  [[nodiscard]] const embedded_file* find(std::string_view path) const noexcept;

  /// Whether there are files below `path`, which is empty or has no slash at its end.
  [[nodiscard]] bool has_folder(std::string_view path) const noexcept;
};

/// What answers with the files of `tree`, for GET routes as "/{path...}". A folder answers with its
/// index, or 404, and sends to itself with a slash where that is missing. There is no
/// Last-Modified: a build has no date, so that it can be repeated.
///
///     app.get("/{path...}", http::embedded_files(tacit_embedded::assets));
///
/// Threads: any. Lifetime: the tree outlives the handler.
class embedded_files {
 public:
  explicit embedded_files(const embedded_tree& tree, file_options with = {});
  void operator()(context& c) const;

 private:
  embedded_tree tree_;
  file_options options_;
};

}  // namespace tacit::http
