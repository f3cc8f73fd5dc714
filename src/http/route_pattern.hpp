#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tacit::http {

/// A route's pattern, taken apart: `[host]/segment/{name}/{name...}`.
struct route_pattern {
  enum class kind { literal, one, rest };
  struct segment {
    kind is;
    std::string text;  ///< The literal, decoded as paths are; or the parameter's name.
  };

  std::string text;
  /// In lower case; empty for any host, "*.example.org" where the first label is a parameter.
  std::string host;
  std::vector<segment> path;
  std::vector<std::string> names;  ///< Of the parameters, in order: the host's first.
};

/// More parameters than anybody can keep apart; a match keeps their values in an array of this.
inline constexpr std::size_t parameters_max = 8;

/// Throws std::invalid_argument that names the pattern if it is malformed.
[[nodiscard]] route_pattern parse_pattern(std::string_view text);

/// What the paths that match a pattern are to those that match another one.
enum class relation { disjoint, equal, more_specific, less_specific, overlapping };

[[nodiscard]] relation compare_paths(const route_pattern& a, const route_pattern& b) noexcept;

}  // namespace tacit::http
