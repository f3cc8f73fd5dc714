#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <tacit/http/middleware.hpp>
#include <tacit/observe/metrics.hpp>

namespace tacit::http {

struct traffic_recorder_options {
  std::string file;  ///< Appended to.

  /// What may wait to be written. Requests that find no room are dropped and counted, as is one
  /// that is longer than a sixteenth of this.
  std::size_t waiting_bytes_max = 32 << 20;
};

/// Records requests in GoReplay's format (`.gor`), which `tacit-bench replay` sends again.
///
/// A request is recorded once it has been answered, with the time at which its head had come. A
/// thread of its own writes, so no request waits for the file. Left out are the fields that frame a
/// message, since the body is recorded decoded, and those that carry a secret: Authorization,
/// Proxy-Authorization and Cookie. Of a body that a handler took piece by piece there is nothing
/// left to record: such a request is recorded without.
///
/// Threads:   recorded() and dropped() from any.
/// Lifetime:  what the middleware needs is shared with it. The file is complete once both are gone.
/// Errors:    the constructor throws std::system_error if the file cannot be opened. What cannot be
///            written later counts as dropped.
class traffic_recorder {
 public:
  explicit traffic_recorder(const traffic_recorder_options& with);

  [[nodiscard]] middleware around() const;

  /// tacit_recorded_requests_total and tacit_recording_dropped_total.
  void add_to(observe::metrics& in) const;

  [[nodiscard]] std::uint64_t recorded() const noexcept;
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  class recording;
  std::shared_ptr<recording> shared_;
};

}  // namespace tacit::http
