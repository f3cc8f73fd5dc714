#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <tacit/http/middleware.hpp>

namespace tacit::http {

/// Which scripts of other origins may use what is answered (the Fetch standard, CORS protocol).
struct cors_options {
  /// As browsers send them: "https://app.example". "*" is any.
  std::vector<std::string> origins = {};

  /// Beyond GET, HEAD and POST, which need no leave.
  std::vector<std::string> methods = {"PUT", "PATCH", "DELETE"};

  /// Request fields that scripts may set beyond the ordinary ones.
  std::vector<std::string> request_fields = {"Content-Type", "Authorization"};

  /// Answer fields that scripts may read beyond the ordinary ones.
  std::vector<std::string> exposed_fields = {};

  /// Whether cookies and the like come along. Not with the origin "*".
  bool credentials = false;

  /// For how long browsers remember a preflight. Chromium remembers for two hours at most.
  std::chrono::seconds max_age{7200};

  friend bool operator==(const cors_options&, const cors_options&) = default;
};

/// Answers preflights, and lets scripts of the origins read the answers. For other origins nothing
/// is added: then the browser keeps the answer from the script. It does not refuse requests, which
/// anybody but a browser can send without an Origin.
///
/// Throws std::invalid_argument if "*" is among the origins and credentials are wanted: any site
/// could then act for the user.
[[nodiscard]] middleware cors(const cors_options& with);

}  // namespace tacit::http
