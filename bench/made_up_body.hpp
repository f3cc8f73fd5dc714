#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace tacit::bench {

/// Text of exactly so many bytes, a function of its arguments: words of letters, without line ends.
[[nodiscard]] std::string made_up_body(std::uint64_t seed, std::size_t bytes);

/// How long the bodies are that a log's requests get, since the log has none.
struct body_sizes {
  enum class kind { empty, logged, drawn };

  kind how = kind::empty;
  std::uint64_t bytes_min = 0;  ///< Of those that are drawn.
  std::uint64_t bytes_max = 0;

  friend bool operator==(const body_sizes&, const body_sizes&) = default;

  /// `logged` is what the line says about the length of the answer.
  [[nodiscard]] std::size_t of(std::uint64_t line, std::uint64_t logged,
                               std::uint64_t seed) const noexcept;
};

/// Longer bodies are cut to this: all requests of a replay are held in memory.
inline constexpr std::size_t made_up_body_bytes_max = 1 << 20;

/// `none`, `logged`, `N` or `N-M`; nullopt for anything else.
[[nodiscard]] std::optional<body_sizes> parse_body_sizes(const std::string& text);

}  // namespace tacit::bench
