#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include <tacit/http/response.hpp>

namespace tacit::server {

/// A body of any length that repeats one block of text: what /bytes/{n} and a site made from a log
/// answer with. The block is large enough that a gathering write moves a megabyte.
class pattern_source final : public http::body_source {
 public:
  pattern_source();
  [[nodiscard]] std::string_view slice(std::uint64_t offset,
                                       std::uint64_t bytes_max) const noexcept override;

 private:
  static constexpr std::size_t block_bytes = 64 * 1024;

  // Written when it is first asked for: at the start that would be a tenth of the time.
  std::unique_ptr<char[]> block_;
  mutable std::once_flag is_written_;
};

}  // namespace tacit::server
