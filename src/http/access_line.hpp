#pragma once

#include <chrono>
#include <cstdint>
#include <memory_resource>
#include <string>

#include <tacit/http/context.hpp>

namespace tacit::http {

/// What is logged of an answer besides what its context has.
struct access {
  std::string_view client;  ///< The peer's address; empty if it has none.
  std::int64_t unix_ms = 0;
  std::uint64_t body_bytes = 0;
  std::chrono::microseconds duration{0};
};

/// Appends a line in combined log format. What would end a quoted text, or a line, is escaped as
/// `\xHH`.
void append_combined(std::pmr::string& to, const context& c, const access& what);

/// Appends a line with a JSON object. Bytes that are no UTF-8 are written as U+FFFD.
void append_json(std::pmr::string& to, const context& c, const access& what);

}  // namespace tacit::http
