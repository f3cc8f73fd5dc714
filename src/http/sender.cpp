#include "http/sender.hpp"

#include <algorithm>
#include <array>

#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>

#include "http/file_sender.hpp"

namespace tacit::http {
namespace {

// About 50 us of copying; then the connections of the same worker have their turn.
constexpr std::size_t turn_bytes_max = 512 * 1024;

// How much of a file leaves together with what waits, which costs less than two writes.
constexpr std::uint64_t joined_bytes_max = 4096;

}  // namespace

// What one write takes: what waits, and what comes behind it.
class sender::pieces {
 public:
  explicit pieces(const output& waiting) noexcept : waiting_(waiting.pending().size()) {
    if (waiting_ != 0) add(waiting.pending());
  }
  void add(std::string_view bytes) noexcept { all_[count_++] = {bytes.data(), bytes.size()}; }
  [[nodiscard]] bool is_full() const noexcept { return count_ == all_.size(); }
  [[nodiscard]] std::span<const io::const_buffer> all() const noexcept {
    return {all_.data(), count_};
  }
  /// How much of what was written had been waiting.
  [[nodiscard]] std::size_t waiting_of(std::size_t written) const noexcept {
    return std::min(waiting_, written);
  }

 private:
  std::array<io::const_buffer, 16> all_;
  std::size_t count_ = 0;
  std::size_t waiting_;
};

bool sender::flush_now() {
  if (waiting_.empty()) return true;
  const io::const_buffer pending(waiting_.pending().data(), waiting_.pending().size());
  const io::transfer written = peer_.try_write({&pending, 1});
  note(written, false);
  waiting_.consume(written.bytes);
  return waiting_.empty();
}

base::error_code sender::note(const io::transfer& written, bool is_too_slow) {
  service_.count.sent_bytes.add(written.bytes);
  error_ = written.error;
  if (!error_ && is_too_slow) error_ = base::errc::timed_out;
  if (error_ == base::errc::timed_out) {
    service_.count.timeouts.add();
    // With a proper end the kernel would keep what was not taken, megabytes of it, for as long as
    // the peer pleases.
    peer_.cut();
  }
  return error_;
}

sched::task<base::error_code> sender::send_all(payload body) {
  progress_window progress(service_.current_limits().write_timeout,
                           service_.current_limits().write_bytes_per_s_min);
  std::uint64_t offset = 0;
  while (!error_ && (!waiting_.empty() || offset < body.size)) {
    if (const auto extent = body.extent(offset)) {
      if (co_await send_file(*extent, progress)) break;
      offset += extent->bytes;
      continue;
    }
    pieces message(waiting_);
    const std::uint64_t turn_end = std::min(body.size, offset + turn_bytes_max);
    for (std::uint64_t at = offset; !message.is_full() && at < turn_end;) {
      if (at != offset && body.extent(at)) break;
      const std::string_view slice = body.slice(at, turn_end - at);
      message.add(slice);
      at += slice.size();
    }
    const auto since = sched::this_worker::coarse_now();
    io::transfer written = peer_.try_write(message.all());
    const bool waits = !written.error && written.bytes == 0;
    if (waits) written = co_await peer_.write_some(message.all(), progress.patience());
    if (waits || !peer_.suspends()) {
      progress.waited(sched::this_worker::coarse_now() - since, written.bytes);
    }
    if (note(written, progress.is_too_slow())) break;
    const std::size_t from_waiting = message.waiting_of(written.bytes);
    waiting_.consume(from_waiting);
    offset += written.bytes - from_waiting;
    if (offset < body.size || !sched::this_worker::spend_budget()) co_await sched::yield();
  }
  co_return error_;
}

sched::task<base::error_code> sender::send_file(file_extent from, progress_window& progress) {
  file_extent first = from;
  first.bytes = waiting_.empty()
                    ? 0
                    : std::min({from.bytes, joined_bytes_max, std::uint64_t{waiting_.room()}});
  if (!append_extent(waiting_, first)) {
    error_ = base::errc::end_of_stream;
  } else if (flush_now() || !co_await flush()) {
    from.offset += first.bytes;
    from.bytes -= first.bytes;
    error_ = co_await send_extent(service_, peer_, from, progress);
  }
  if (error_) peer_.cut();
  co_return error_;
}

}  // namespace tacit::http
