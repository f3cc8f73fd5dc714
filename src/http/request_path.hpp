#pragma once

#include <memory_resource>
#include <string>
#include <string_view>

namespace tacit::http {

/// A path whose segments are decoded. '/' separates segments; a slash that came encoded is
/// `encoded_slash` here, so that decoding never makes a separator.
struct request_path {
  static constexpr char encoded_slash = '\0';

  std::string_view text;
  bool is_view = true;  ///< Nothing was encoded: `text` is the path as sent.
};

/// Decodes a path, once. Nullptr, or why it is refused:
///
///   - a '%' without two hex digits (RFC 3986 section 2.1),
///   - an encoded NUL, at which much software ends a name,
///   - a segment "." or "..", encoded or not. Clients remove these before they send (RFC 3986
///     section 5.2.4); who does not wants to leave the part of the tree that a route, or a proxy
///     in front, meant. A segment that becomes "../x" by decoding is refused too.
///
/// `room` holds the decoded text where that differs from `path`. Precondition: no NUL in `path`,
/// which the parser sees to.
[[nodiscard]] const char* decode_path(std::string_view path, std::pmr::string& room,
                                      request_path& into);

/// Whether a segment other than the last is empty, as in "a//b" or "/a". Such a path equals none
/// without it (RFC 3986 section 6.2.2 does not merge slashes), and is handed to nobody who may take
/// it for one, or for an absolute path.
[[nodiscard]] bool has_empty_segment(std::string_view rest) noexcept;

}  // namespace tacit::http
