#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tacit::http {

/// Numbers texts in the order in which they are added, and finds them again.
///
/// Its hash is fast and not secret: for texts that the program chooses, not the peer.
class text_index {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  [[nodiscard]] std::uint32_t find(std::string_view text) const noexcept;

  /// The number that it has already, or the next one.
  std::uint32_t add(std::string_view text);

 private:
  [[nodiscard]] std::size_t place(std::string_view text) const noexcept;
  void hash_all();

  std::vector<std::string> texts_;
  std::vector<std::uint32_t> slots_;  // Once they are many; a power of two.
  int shift_ = 0;
};

}  // namespace tacit::http
