#pragma once

#include <string_view>

namespace tacit::http {

/// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" for the present second (RFC 9110 section 6.6.1),
/// formatted once a second and thread. Valid until the thread's next call.
[[nodiscard]] std::string_view date_field() noexcept;

}  // namespace tacit::http
