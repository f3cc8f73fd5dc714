#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tacit::bench::formats {

/// Base64 with padding (RFC 4648 section 4).
[[nodiscard]] std::string to_base64(std::string_view bytes);

/// The bytes of a base64 text with padding; nullopt when it is none.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace tacit::bench::formats
