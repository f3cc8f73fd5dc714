#pragma once

#include <optional>
#include <string_view>

#include <tacit/http/service.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/sched/task.hpp>

#include "http/progress_window.hpp"
#include "http/response_writer.hpp"

namespace tacit::http {

/// What goes to one peer: answers wait in a block until they are sent together.
///
/// Threads: one at a time. Lifetime: outlived by service and stream.
/// Errors:  once a send has failed, all later ones fail at once with the same error.
/// Cancel:  by the scope of who awaits, which counts as a failure.
class sender {
 public:
  sender(const service& of, io::stream& peer) noexcept : service_(of), peer_(peer) {}

  /// What waits. Appending to it is how to write.
  [[nodiscard]] output& waiting() noexcept { return waiting_; }

  /// Sends what the peer takes now. False if something is left, or the stream is broken: flush()
  /// tells.
  bool flush_now();

  /// Sends what waits.
  sched::task<base::error_code> flush() { return send_all({}); }

  /// Sends what waits, and then `bytes`, without copying them.
  sched::task<base::error_code> send(std::string_view bytes) {
    return send_all({bytes, nullptr, bytes.size()});
  }

  /// Sends what waits, and then `bytes` bytes of `from`; what lies in a file, from there. If such a
  /// part fails, because the file is shorter say, the stream is cut.
  sched::task<base::error_code> send(const body_source& from, std::uint64_t bytes) {
    return send_all({{}, &from, bytes});
  }

  [[nodiscard]] bool is_broken() const noexcept { return static_cast<bool>(error_); }

 private:
  class pieces;
  struct payload {
    std::string_view bytes;
    const body_source* source = nullptr;
    std::uint64_t size = 0;
    [[nodiscard]] std::string_view slice(std::uint64_t at, std::uint64_t bytes_max) const noexcept {
      return source ? source->slice(at, bytes_max) : bytes.substr(at, bytes_max);
    }
    [[nodiscard]] std::optional<file_extent> extent(std::uint64_t at) const noexcept {
      return source && at < size ? source->extent(at, size - at) : std::nullopt;
    }
  };

  sched::task<base::error_code> send_all(payload body);
  sched::task<base::error_code> send_file(file_extent from, progress_window& progress);
  base::error_code note(const io::transfer& written, bool is_too_slow);

  const service& service_;
  io::stream& peer_;
  output waiting_;
  base::error_code error_;
};

}  // namespace tacit::http
