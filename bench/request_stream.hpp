#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/traffic_source.hpp"

namespace tacit::bench {

/// Some requests of a file that follow each other, as they go over the wire.
struct request_block {
  explicit request_block(std::string authority) : source{std::move(authority)} {}

  std::uint64_t first = 0;  ///< The number of its first request.
  traffic_source source;
  std::vector<std::int64_t> times_ns;  ///< As of file_traffic; empty where the file has none.

  [[nodiscard]] bool has(std::uint64_t index) const noexcept {
    return index - first < source.size();
  }
  [[nodiscard]] request at(std::uint64_t index) const noexcept { return source.at(index - first); }
};

/// Where the blocks of a stream come from.
class block_reader {
 public:
  virtual ~block_reader() = default;
  /// The next block, with at least one request; nullptr at the end. From one thread.
  [[nodiscard]] virtual std::shared_ptr<request_block> next() = 0;
};

/// The requests of a file that is read while they are sent, so that it may be larger than memory.
///
/// A thread of its own reads so many blocks ahead of the slowest taker. Every taker gets every
/// block, in order; a block lives as long as somebody has it.
///
/// Threads:  next() from any, for one taker by one.
class request_stream {
 public:
  request_stream(std::unique_ptr<block_reader> from, unsigned takers, std::size_t blocks_ahead = 8);
  ~request_stream();
  request_stream(const request_stream&) = delete;
  request_stream& operator=(const request_stream&) = delete;

  /// The block after the one that this taker got last; waits until it is read. nullptr at the end.
  [[nodiscard]] std::shared_ptr<const request_block> next(unsigned taker);

 private:
  void read();

  const std::unique_ptr<block_reader> from_;
  const std::size_t blocks_ahead_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<std::shared_ptr<const request_block>> window_;
  std::uint64_t window_begin_ = 0;    // how many blocks were before it
  std::vector<std::uint64_t> taken_;  // by each taker
  bool is_read_ = false;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace tacit::bench
