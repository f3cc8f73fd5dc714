#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <tacit/http/request.hpp>

namespace tacit::http {

/// What tells one state of a resource from another (RFC 9110 section 8.8).
struct validators {
  /// An entity tag as it is sent, `"abc"` or `W/"abc"`; empty if there is none.
  std::string_view etag;

  /// Seconds since 1970.
  std::optional<std::int64_t> last_modified;
};

/// Whether two entity tags are the same: in the strong comparison weak ones never are.
[[nodiscard]] bool same_strongly(std::string_view a, std::string_view b) noexcept;
[[nodiscard]] bool same_weakly(std::string_view a, std::string_view b) noexcept;

enum class precondition {
  holds,         ///< Go on.
  not_modified,  ///< Answer 304: the client has it already.
  failed         ///< Answer 412: it is not what the client took it for.
};

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since, in the order of
/// RFC 9110 section 13.2.2, for a resource that exists. To be called when the answer would be a
/// success. Dates that cannot be read are ignored; what follows a malformed entity tag in a list
/// is, too.
[[nodiscard]] precondition check_preconditions(const request& asked, const validators& present);

/// Whether a Range field is to be honoured: there is no If-Range, or what it names is what is there
/// now (RFC 9110 section 13.1.5). A date counts only once the second that it names is over.
[[nodiscard]] bool if_range_holds(const request& asked, const validators& present);

}  // namespace tacit::http
