#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <tacit/http/request.hpp>

namespace tacit::http {

/// How the bytes of a representation are coded (RFC 9110 section 8.4.1).
enum class content_coding : std::uint8_t { identity, gzip, zstd, brotli };

inline constexpr std::size_t content_coding_count = 4;

/// As it stands in Content-Encoding and Accept-Encoding.
[[nodiscard]] constexpr std::string_view to_string(content_coding value) noexcept {
  constexpr std::string_view names[content_coding_count] = {"identity", "gzip", "zstd", "br"};
  return names[static_cast<std::size_t>(value)];
}

/// Which of those that are liked as much comes first; identity is last without being named.
using coding_ranking = std::array<content_coding, content_coding_count - 1>;

/// For what was compressed beforehand, at leisure.
inline constexpr coding_ranking smallest_first = {content_coding::brotli, content_coding::zstd,
                                                  content_coding::gzip};

/// For what is compressed while the client waits.
inline constexpr coding_ranking fastest_first = {content_coding::zstd, content_coding::brotli,
                                                 content_coding::gzip};

/// Codings, best first.
class coding_preference {
 public:
  /// What the request's Accept-Encoding fields admit, ordered by weight, and equals by `ranking`.
  /// Without the field nothing but identity is admitted: all clients that know codings say so.
  /// Identity is last where it is refused, and not left out: an answer that the client did not ask
  /// for is better than none (RFC 9110 section 12.5.3 allows it).
  coding_preference(const request& asked, const coding_ranking& ranking) noexcept;

  [[nodiscard]] const content_coding* begin() const noexcept { return order_.data(); }
  [[nodiscard]] const content_coding* end() const noexcept { return order_.data() + count_; }

 private:
  std::array<content_coding, content_coding_count> order_{};
  std::size_t count_ = 0;
};

}  // namespace tacit::http
