#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <vector>

#include <tacit/http/method.hpp>

namespace tacit::http {

/// A header field as sent; names compare without regard to case.
struct field {
  std::string_view name;
  std::string_view value;  ///< Without the white space around it.
};

[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Fields that frame or route a message, and hence have no place behind it (RFC 9110
/// section 6.5.1).
[[nodiscard]] bool is_barred_from_trailers(std::string_view name) noexcept;

/// A request. All views are valid until it has been answered.
struct request {
  explicit request(std::pmr::memory_resource& memory) : fields(&memory), trailers(&memory) {}

  http::method method = http::method::get;
  std::string_view method_name;
  std::string_view target;  ///< As sent.
  /// Host and port that the request is for, as sent: of an absolute target, else of the Host field.
  std::string_view authority;
  std::string_view path;   ///< Of the target, not decoded. "*" for the asterisk form.
  std::string_view query;  ///< Behind the '?', not decoded.
  int version = 11;        ///< 10 or 11.
  bool keep_alive = true;  ///< What the peer asks for (RFC 9112 section 9.3).
  std::pmr::vector<field> fields;
  /// The whole body in a plain handler. A coroutine handler asks for it: context::read_body().
  std::string_view body;
  std::pmr::vector<field> trailers;  ///< What came behind a chunked body, once that was read.

  /// The first field of that name, or nullopt.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

  /// The value of `name` in the query, not decoded; empty for a name without '='.
  [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const noexcept;
};

}  // namespace tacit::http
