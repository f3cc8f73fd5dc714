#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include <tacit/base/error.hpp>
#include <tacit/http/context.hpp>

#include "server/pattern_source.hpp"

namespace tacit::server {

/// A site made from an access log: each target answers with the status and the number of bytes with
/// which it was most often logged, so that a replay of the log moves real sizes.
///
/// The key is the target as logged, query included. Lines of method HEAD count only for targets
/// that have no other; "-" counts as no bytes; of equally frequent answers the lower status, then
/// the smaller one wins.
///
/// Threads: answer() from any thread once loaded.
class site {
 public:
  static constexpr std::uint64_t no_body_limit = std::numeric_limits<std::uint64_t>::max();

  /// Reads a log in combined or common format. Lines that do not parse are counted. Fails if the
  /// file cannot be read or no line parses.
  [[nodiscard]] static std::variant<site, base::failure> load(const std::string& log_file,
                                                              std::uint64_t body_bytes_max);

  void answer(http::context& c, const pattern_source& pattern) const;

  [[nodiscard]] std::size_t targets() const noexcept { return pages_.size(); }
  [[nodiscard]] std::uint64_t unparsed_lines() const noexcept { return unparsed_lines_; }

 private:
  struct page {
    int status = 200;
    std::uint64_t bytes = 0;
  };
  struct transparent_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  std::unordered_map<std::string, page, transparent_hash, std::equal_to<>> pages_;
  std::uint64_t unparsed_lines_ = 0;
};

}  // namespace tacit::server
