#pragma once

#include <memory_resource>
#include <string>
#include <string_view>

namespace tacit::http {

/// Decodes base64 with padding (RFC 4648 section 4), strictly: one text for each value. False if it
/// is malformed.
[[nodiscard]] bool decode_base64(std::string_view text, std::pmr::string& into);

}  // namespace tacit::http
