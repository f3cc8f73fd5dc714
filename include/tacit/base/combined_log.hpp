#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tacit::base {

/// One line of an access log in the combined (or common) log format, as Apache and nginx write it:
///
///     client ident user [time] "method target protocol" status bytes "referrer" "user agent"
///
/// The views point into the line that was parsed. Escapes inside quotes stay as logged.
struct combined_log_line {
  std::string_view client;
  std::int64_t time_s = 0;  ///< Seconds since 1970 UTC; the format has no finer resolution.
  std::string_view method;
  std::string_view target;
  std::string_view protocol;  ///< "HTTP/1.1"; empty for an HTTP/0.9 request line.
  int status = 0;
  std::optional<std::uint64_t> bytes;  ///< Body bytes sent; nullopt where "-" was logged.
  std::string_view referrer;           ///< Empty where "-" was logged, or the format is common.
  std::string_view user_agent;         ///< As referrer.
};

/// Parses one line, without its line end. Returns nullptr and fills `out`, or returns a static
/// sentence that says what is wrong with the line and leaves `out` unspecified.
///
/// The request line must be a token, a target without spaces, and a protocol that starts with
/// "HTTP/" (which only a GET may lack); anything else (such as the raw bytes of a TLS hello) is
/// refused, never guessed. Fields that a server was told to add after the user agent are ignored.
[[nodiscard]] const char* parse_combined_log(std::string_view line, combined_log_line& out);

}  // namespace tacit::base
