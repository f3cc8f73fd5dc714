#pragma once

#include <memory>
#include <optional>

#include <tacit/base/atomic.hpp>
#include <tacit/http/body_encoder.hpp>
#include <tacit/http/compression.hpp>
#include <tacit/http/content_coding.hpp>

namespace tacit::http {

/// The compressors of one middleware: made when they are needed, kept for the next answer, some
/// near each worker.
///
/// Threads: any. Lifetime: outlives what it has lent.
class compressors {
 public:
  /// Throws std::invalid_argument for a level that does not exist.
  explicit compressors(const compression_options& with);
  ~compressors();

  /// The first of `wanted` that is offered; identity always is.
  [[nodiscard]] content_coding choose(const coding_preference& wanted) const noexcept;

  /// For a body of so many bytes, if that is known. Null if too many are in use, or there is no
  /// memory for one.
  [[nodiscard]] encoder_lease start(content_coding coding,
                                    std::optional<std::size_t> body_bytes) noexcept;

 private:
  struct pools;
  std::array<bool, content_coding_count> offered_{};
  std::unique_ptr<pools> pools_;
  const std::size_t lent_max_;
  base::atomic<std::size_t> lent_{0};
};

}  // namespace tacit::http
