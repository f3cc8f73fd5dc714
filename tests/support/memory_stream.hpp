#pragma once

#include <deque>
#include <string>
#include <string_view>

#include <tacit/io/stream.hpp>

namespace tacit::support {

/// A peer in memory: gives scripted pieces, one per read, then the end; keeps what is written.
///
/// Nothing suspends, so a connection over it runs to its end in one call.
class memory_stream final : public io::stream {
 public:
  explicit memory_stream(std::deque<std::string> pieces) : pieces_(std::move(pieces)) {}

  /// After the last piece a read reports `last` instead of the end of the stream.
  void end_with(base::error_code last) { last_ = last; }

  /// Each write takes at most this many bytes.
  void take_at_most(std::size_t bytes) { write_max_ = bytes; }

  [[nodiscard]] const std::string& written() const noexcept { return written_; }
  [[nodiscard]] bool was_cut() const noexcept { return was_cut_; }
  [[nodiscard]] int writes() const noexcept { return writes_; }

  io::transfer try_write(std::span<const io::const_buffer> buffers) override {
    ++writes_;
    std::size_t left = write_max_;
    std::size_t taken = 0;
    for (const auto& each : buffers) {
      const std::size_t bytes = std::min(left, each.size());
      written_.append(static_cast<const char*>(each.data()), bytes);
      left -= bytes;
      taken += bytes;
    }
    return {{}, taken};
  }
  void stop_reading() noexcept override { pieces_.clear(); }
  void finish_writing() noexcept override {}
  void abort() noexcept override { pieces_.clear(); }
  void cut() noexcept override {
    abort();
    was_cut_ = true;
  }

 private:
  bool start_read(std::span<char> into, duration, io::completion& done) override {
    if (pieces_.empty()) {
      done.error = last_;
      return true;
    }
    std::string& piece = pieces_.front();
    const std::size_t bytes = std::min(into.size(), piece.size());
    piece.copy(into.data(), bytes);
    done.bytes = bytes;
    if (bytes == piece.size()) {
      pieces_.pop_front();
    } else {
      piece.erase(0, bytes);
    }
    return true;
  }
  bool start_write(std::span<const io::const_buffer> buffers, duration,
                   io::completion& done) override {
    done.bytes = try_write(buffers).bytes;
    return true;
  }

  std::deque<std::string> pieces_;
  std::string written_;
  base::error_code last_ = base::errc::end_of_stream;
  std::size_t write_max_ = static_cast<std::size_t>(-1);
  int writes_ = 0;
  bool was_cut_ = false;
};

}  // namespace tacit::support
