#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace tacit::support {

/// What a peer sends, and what it gets for it.
struct conformance_case {
  std::string name;  ///< As behaviour, with underscores.
  std::string sent;
  /// The answers in order, a word each: the status, "!" behind it if the connection is closed after
  /// it by the server, and behind a colon, where it matters, the body. Empty if there is none.
  std::vector<std::string> answers;

  /// For GoogleTest, which would print its bytes.
  friend void PrintTo(const conformance_case& one, std::ostream* out) { *out << one.name; }
};

/// The rules of HTTP/1.1 (RFC 9110, RFC 9112), one case each, against the routes of `served`.
/// A request that must be answered follows where the connection is to go on, and one that must not
/// where it is to be closed.
[[nodiscard]] const std::vector<conformance_case>& conformance_cases();

}  // namespace tacit::support
