#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tacit/http/limits.hpp>

#include "http/parser.hpp"

namespace tacit::fuzz {

/// What was read of one request: plain copies, comparable.
struct message {
  std::string method, target, path, query, authority, body;
  int version = 0;
  bool keep_alive = false;
  bool expects_continue = false;
  std::vector<std::string> fields, trailers;  ///< "name:value" each.
  std::size_t end = 0;                        ///< Where the next one begins.

  friend bool operator==(const message&, const message&) = default;
};

/// What was read of a connection, until it ended or something was refused.
struct reading {
  std::vector<message> messages;
  int refused_with = 0;
  std::string reason;

  friend bool operator==(const reading&, const reading&) = default;
};

enum class body_mode { gathered, by_piece };

/// Reads what arrives in stretches that end at `cuts`, in ascending order, and at the end.
[[nodiscard]] reading read_all(std::string_view bytes, std::span<const std::size_t> cuts,
                               const http::limits& bounds, body_mode mode = body_mode::gathered);

/// Requires that every way to cut `bytes` in two, and bytes one by one, is read as `whole` was.
/// Where there are too many ways, some of them.
void require_same_at_every_cut(std::string_view bytes, const http::limits& bounds,
                               const reading& whole, body_mode mode = body_mode::gathered);

/// A request in the plainest form that says the same.
[[nodiscard]] std::string write(const message& of);

/// A body in chunks as the grammar of RFC 9112 section 7.1 has it. Written without a look at the
/// parser under test.
struct chunked_body {
  std::string text;
  bool has_extensions = false;
  bool has_trailers = false;
  std::size_t end = 0;
};

/// Nullopt if `bytes` does not begin with a complete one.
[[nodiscard]] std::optional<chunked_body> decode_chunks(std::string_view bytes);

/// Limits that small inputs reach.
[[nodiscard]] http::limits small_limits();

}  // namespace tacit::fuzz
