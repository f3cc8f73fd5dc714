#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/expression.hpp"
#include "bench/formats/recorded_traffic.hpp"

namespace tacit::bench {

/// Which requests of a file are sent, and what is changed in them.
struct filter_options {
  std::vector<std::string> keep;      ///< Expressions; one of them must match, if there are any.
  std::vector<std::string> drop;      ///< Expressions; none of them may match.
  std::vector<std::string> rewrites;  ///< REGEX=>TEXT for the target, one after the other.
  /// Replace fields of this name, or are added; an empty value removes them.
  std::vector<std::pair<std::string, std::string>> fields;
};

/// Decides about recorded requests, and rewrites them. Expressions are POSIX extended ones; what is
/// kept or dropped is matched as "METHOD TARGET". \0 to \9 in a rewrite's text are what the
/// expression and its groups matched.
class request_filter {
 public:
  /// Throws base::failure (usage) for an expression that is none.
  explicit request_filter(const filter_options& options);

  /// Returns false when the request is left out.
  [[nodiscard]] bool apply(formats::recorded_request& to) const;

 private:
  [[nodiscard]] static bool matches_any(const std::vector<expression>& any,
                                        const std::string& text);

  std::vector<expression> keep_;
  std::vector<expression> drop_;
  std::vector<std::pair<expression, std::string>> rewrites_;
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace tacit::bench
