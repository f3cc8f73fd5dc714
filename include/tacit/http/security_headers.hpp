#pragma once

#include <string>

#include <tacit/http/middleware.hpp>

namespace tacit::http {

/// Fields that make browsers refuse what sites rarely mean. One that is empty is not sent, one that
/// the handler has set stays.
struct security_header_options {
  /// Content types are not guessed, so that an upload does not become a script.
  std::string content_type_options = "nosniff";

  /// Everything from the own origin only; no inline scripts, no plug-ins, nobody's frame. What most
  /// pages have to widen.
  std::string content_security_policy =
      "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; "
      "object-src 'none'";

  /// The same as frame-ancestors, for browsers that do not know that.
  std::string frame_options = "DENY";

  /// Other sites learn neither path nor query of where the user came from.
  std::string referrer_policy = "strict-origin-when-cross-origin";

  /// Windows of other origins get no handle to ours.
  std::string opener_policy = "same-origin";

  /// Other sites do not embed what is ours. CORS is not concerned by it.
  std::string resource_policy = "same-origin";

  /// "max-age=31536000" where the site is reached by TLS alone: browsers keep to that for so long,
  /// also when it was a mistake, so it is off. Over plain HTTP they ignore it (RFC 6797
  /// section 8.1).
  std::string strict_transport_security = {};
};

[[nodiscard]] middleware security_headers(const security_header_options& with = {});

}  // namespace tacit::http
