#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tacit::bench::formats {

/// A line of a file that could not be used, and why.
struct rejected_line {
  std::uint64_t number = 0;  ///< Counted from 1.
  std::string reason;
};

/// The lines of a file that could not be used: all counted, the first listed_max listed.
struct rejections {
  static constexpr std::size_t listed_max = 1'000;

  std::uint64_t count = 0;
  std::vector<rejected_line> listed;

  void add(std::uint64_t number, std::string reason) {
    if (count++ < listed_max) listed.push_back({number, std::move(reason)});
  }
  [[nodiscard]] bool empty() const noexcept { return count == 0; }
};

}  // namespace tacit::bench::formats
