#pragma once

#include <cstdint>

#include <tacit/http/method.hpp>

namespace tacit::http {

/// Some of the methods.
class method_set {
 public:
  constexpr void add(method each) noexcept { bits_ |= bit(each); }
  constexpr void add(method_set others) noexcept { bits_ |= others.bits_; }
  [[nodiscard]] constexpr bool contains(method each) const noexcept {
    return (bits_ & bit(each)) != 0;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }

  /// Appends the names, as the field Allow lists them (RFC 9110 section 10.2.1). What `other`
  /// stands for has no name and is left out.
  template <class String>
  void append_names(String& to) const {
    bool is_first = true;
    for (std::size_t i = 0; i + 1 < method_count; ++i) {
      const auto each = static_cast<method>(i);
      if (!contains(each)) continue;
      if (!is_first) to.append(", ");
      to.append(to_string(each));
      is_first = false;
    }
  }

 private:
  static constexpr std::uint16_t bit(method each) noexcept {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(each));
  }
  std::uint16_t bits_ = 0;
};

}  // namespace tacit::http
