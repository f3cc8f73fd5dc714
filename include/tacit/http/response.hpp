#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tacit/http/body_encoder.hpp>
#include <tacit/http/request.hpp>

namespace tacit::http {

/// A stretch of an open file.
struct file_extent {
  int fd = -1;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// A response body that is produced while it is written, so that it needs no memory of its size.
///
/// Lifetime: outlives the answer. Threads: slice() is called by the connection that answers.
class body_source {
 public:
  /// Some of the bytes from `offset` on, at least one and at most `bytes_max`. They stay valid
  /// until the answer is written.
  [[nodiscard]] virtual std::string_view slice(std::uint64_t offset,
                                               std::uint64_t bytes_max) const noexcept = 0;

  /// Where the bytes from `offset` on lie in a file, at least one and at most `bytes_max` of them:
  /// the kernel sends them from there, and slice() is not asked for them. The file stays open until
  /// the answer is written; if it turns out to be shorter, the connection is cut. nullopt: slice()
  /// has them.
  [[nodiscard]] virtual std::optional<file_extent> extent(
      std::uint64_t /*offset*/, std::uint64_t /*bytes_max*/) const noexcept {
    return std::nullopt;
  }

 protected:
  ~body_source() = default;
};

/// An answer as the handler leaves it.
struct response {
  explicit response(std::pmr::memory_resource& memory)
      : content_type(&memory), fields(&memory), trailers(&memory), body(&memory) {}

  int status = 200;
  std::pmr::string content_type;  ///< Sent unless empty.
  /// Further fields, name and value; Date, Server, Content-Length and Connection are not among
  /// them.
  std::pmr::vector<std::pair<std::pmr::string, std::pmr::string>> fields;
  /// Sent behind a streamed body, if that goes in chunks.
  std::pmr::vector<std::pair<std::pmr::string, std::pmr::string>> trailers;
  std::pmr::string body;

  const body_source* source = nullptr;  ///< If set, the body is `source_bytes` of it instead.
  std::uint64_t source_bytes = 0;
  std::shared_ptr<const body_source>
      source_owner;  ///< Keeps the source, unless somebody else does.

  /// If set, the bytes of a streamed body go through it, and its length is not known beforehand.
  encoder_lease encoder;
  bool is_streamed = false;  ///< The body is written piece by piece, after the head.

  /// Whether nothing has been set yet.
  [[nodiscard]] bool is_untouched() const noexcept {
    return status == 200 && content_type.empty() && body.empty() && !source && fields.empty();
  }

  [[nodiscard]] std::uint64_t content_length() const noexcept {
    return source ? source_bytes : body.size();
  }
};

}  // namespace tacit::http
