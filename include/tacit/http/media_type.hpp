#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace tacit::http {

/// What a file is, by the end of its name.
struct media_type {
  std::string_view name = "application/octet-stream";

  /// Whether it is worth compressing: false for what is compressed already.
  bool is_compressible = false;
};

/// The type of a file with that name or path: "application/octet-stream" where its extension says
/// nothing. Upper and lower case are the same.
[[nodiscard]] media_type media_type_of(std::string_view path) noexcept;

/// Types of a program's own, in front of the known ones.
///
/// Threads: set up first, then read by all. Lifetime: types it gives are valid as long as it is,
/// and as it is not changed.
class media_types {
 public:
  /// `extension` without its dot, as in set("mjs", "text/javascript", true).
  void set(std::string_view extension, std::string_view type, bool is_compressible = false);

  [[nodiscard]] media_type of(std::string_view path) const;

 private:
  struct own_type {
    std::string name;
    bool is_compressible;
  };
  std::map<std::string, own_type, std::less<>> own_;
};

}  // namespace tacit::http
