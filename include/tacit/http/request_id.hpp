#pragma once

#include <cstddef>
#include <string_view>

#include <tacit/http/middleware.hpp>

namespace tacit::http {

inline constexpr std::size_t request_id_bytes_max = 64;

/// Whether a peer may choose this as the id of its request: letters, digits, '-', '_' and '.', not
/// too long. Anything else could forge lines in the logs of whoever writes it there.
[[nodiscard]] bool is_request_id(std::string_view text) noexcept;

/// Gives each request an id: that of its field X-Request-Id if it is one, or 128 random bits in
/// hexadecimal. It is in context::request_id, in the answer, and in what is logged for the request.
[[nodiscard]] middleware request_ids();

}  // namespace tacit::http
