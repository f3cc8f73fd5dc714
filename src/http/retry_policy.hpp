#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include <tacit/base/atomic.hpp>
#include <tacit/base/error.hpp>
#include <tacit/http/client.hpp>

namespace tacit::http {

/// How one try to get an answer went.
struct try_outcome {
  base::error_code error;
  bool has_sent = false;      ///< Something of the request may have reached the peer.
  bool has_heard = false;     ///< Something of an answer has come.
  bool is_on_reused = false;  ///< The connection had been idle before.
};

/// Whether and when a request is sent again. Threads: any.
class retry_policy {
 public:
  explicit retry_policy(const retry_options& options) noexcept : options_(options) {}

  /// For each request: adds to what may be sent again.
  void count_request() noexcept;

  /// Whether one more may be sent again now, and takes it.
  [[nodiscard]] bool spend() noexcept;

  /// Whether sending again after `outcome` can do no harm, and may do good.
  [[nodiscard]] static bool may_repeat(const client_request& request,
                                       const try_outcome& outcome) noexcept;

  /// The pause after `tries` tries.
  [[nodiscard]] std::chrono::milliseconds pause(std::uint32_t tries) const noexcept;

  /// How long the peer asks to wait, if that is to be honoured. `retry_after` is the field's value.
  [[nodiscard]] std::optional<std::chrono::milliseconds> wanted_pause(
      const client_request& request, int status, std::string_view retry_after) const noexcept;

 private:
  static constexpr std::int64_t whole = 1000;  // One retry; so the share is kept in thousandths.
  static constexpr std::int64_t credit_max = 10 * whole;

  const retry_options& options_;
  base::atomic<std::int64_t> credit_{credit_max};
};

}  // namespace tacit::http
