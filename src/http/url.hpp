#pragma once

#include <optional>
#include <string_view>

#include <tacit/http/connector.hpp>

namespace tacit::http {

/// A url of http or https, taken apart (RFC 9110 section 4.2). Views into its text.
struct url {
  http::origin origin;
  std::string_view authority;  ///< What Host says.
  std::string_view target;     ///< Path and query; may begin with '?', or be empty.

  /// nullopt unless `text` is such a url: with a host, without a user, and without characters that
  /// would have to be encoded.
  [[nodiscard]] static std::optional<url> parse(std::string_view text);
};

}  // namespace tacit::http
