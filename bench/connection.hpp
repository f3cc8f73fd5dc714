#pragma once

#include <sys/socket.h>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/request_stream.hpp"
#include "bench/response_parser.hpp"

namespace tacit::bench {

/// A request between being assigned to a connection and being answered.
struct in_flight {
  std::uint64_t index = 0;  ///< In the walk of the traffic source.
  std::int64_t due_ns = 0;
  std::int64_t sent_ns = 0;       ///< The last time; 0 before the first.
  std::int64_t slot_free_ns = 0;  ///< Since when the slot that it took had been free.
  bool was_lost = false;          ///< Once already, with a connection that ended unannounced.
  std::shared_ptr<const request_block> block = {};  ///< That it belongs to, if it is streamed.
};

/// A first-in first-out queue of fixed capacity that never allocates after its construction.
template <class T>
class fixed_queue {
 public:
  explicit fixed_queue(std::size_t capacity) : slots_(capacity) {}
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T& front() noexcept { return slots_[first_]; }
  [[nodiscard]] T& operator[](std::size_t at) noexcept { return slots_[wrap(first_ + at)]; }
  void push(const T& value) noexcept { slots_[wrap(first_ + size_++)] = value; }
  void pop() noexcept {
    first_ = wrap(first_ + 1);
    --size_;
  }
  void clear() noexcept { size_ = 0; }

 private:
  [[nodiscard]] std::size_t wrap(std::size_t at) const noexcept {
    return at >= slots_.size() ? at - slots_.size() : at;
  }

  std::vector<T> slots_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

/// How connections are opened and closed.
struct connection_policy {
  std::uint64_t requests_max =
      0;  ///< After so many a connection is closed and opened anew; 0: never.
  bool closes_by_reset = false;  ///< Closes with RST instead of FIN.
  std::int64_t connect_timeout_ns = 10'000'000'000;
  double connects_per_s_max = 0;  ///< Of all threads together; 0: as fast as they come.
  std::vector<sockaddr_storage> sources = {};  ///< Local addresses, taken in turns; empty: any.
};

/// One socket to the target: what is in flight on it, oldest first, and the bytes on their way.
/// Plain state; `connections` owns it and does everything with it.
struct connection {
  explicit connection(unsigned pipeline) : flying(pipeline), free_since(pipeline) {}

  enum class phase { closed, connecting, open };

  int fd = -1;
  phase state = phase::closed;
  std::uint32_t watched = 0;  ///< The epoll events asked for.

  fixed_queue<in_flight> flying;  ///< Sent or about to be, in the order of their answers.
  std::size_t unsent = 0;         ///< How many at the end of `flying` are in `out` and not stamped.
  fixed_queue<std::int64_t> free_since;  ///< One time for each free slot.
  std::vector<in_flight> again;          ///< To be sent first once the connection is open again.

  std::string out;  ///< Bytes to send; the first `out_sent` are gone.
  std::size_t out_sent = 0;
  bool is_dirty = false;       ///< Stands in the list of those to flush.
  bool is_ready = false;       ///< Stands in the list of those with a free slot.
  std::uint64_t assigned = 0;  ///< Requests since it was opened.
  std::int64_t connecting_since_ns = 0;
  bool is_queued = false;  ///< Waits for its turn to connect, at `retry_at_ns`.

  response_parser parser;
  body_digest digest;   ///< Of the answer that is being read, where a rule is about its body.
  std::string carried;  ///< Received and not yet parsed: the head of a header or chunk line.

  std::int64_t retry_at_ns = 0;  ///< When a closed connection tries again.
  std::int64_t backoff_ns = 0;
};

}  // namespace tacit::bench
