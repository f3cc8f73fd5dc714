#pragma once

#include <cstddef>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <tacit/base/clock.hpp>
#include <tacit/base/error.hpp>
#include <tacit/http/client.hpp>
#include <tacit/http/exchange.hpp>
#include <tacit/io/stream.hpp>
#include <tacit/sched/task.hpp>

#include "http/client_pool.hpp"
#include "http/response_parser.hpp"

namespace tacit::http {

/// One request and its answer over one connection.
///
/// When the answer has come to its end the connection is given back; if it cannot be used again, or
/// if this is destroyed before, it is closed.
///
/// Errors: after one nothing further is possible.
class client_exchange {
 public:
  /// `lease` has its connection. Without a limit `deadline` is steady_time::max().
  client_exchange(client_lease lease, const client_options& options, bool is_head,
                  base::steady_time deadline, std::pmr::memory_resource& memory);

  /// Sends the request. No error if the peer stops taking it: it may have answered early, and then
  /// receive_head() tells.
  sched::task<base::error_code> send(std::string_view head, std::string_view body);

  /// Receives the head into `head`; fields and the like are then in parsed(). Interim answers are
  /// passed over.
  sched::task<base::error_code> receive_head(std::pmr::vector<char>& head);

  /// The next piece of the body, valid until the next call. Empty at the end: then parsed() has the
  /// trailers.
  sched::task<body_read> read_piece();

  /// As read_piece(), copied into `into`, which is not empty. No bytes at the end.
  sched::task<io::transfer> read_some(std::span<char> into);

  [[nodiscard]] response_parser& parsed() noexcept { return *parser_; }
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }
  [[nodiscard]] bool is_on_reused() const noexcept { return is_on_reused_; }

  /// Whether the peer may have got something of the request.
  [[nodiscard]] bool has_sent() const noexcept { return sent_bytes_ != 0; }
  /// Whether something of the answer has come.
  [[nodiscard]] bool has_heard() const noexcept { return has_heard_; }

 private:
  [[nodiscard]] io::stream& peer() const noexcept { return *lease_.connection->stream; }
  [[nodiscard]] io::stream::duration time_left() const noexcept;
  [[nodiscard]] std::string_view received() const noexcept;
  sched::task<base::error_code> receive();
  sched::task<base::error_code> receive_one_head(std::pmr::vector<char>& head);
  [[nodiscard]] base::error_code broken(base::error_code by) const noexcept;
  void fail(base::error_code why) noexcept;
  void finish() noexcept;

  client_lease lease_;
  const client_options& options_;
  std::pmr::memory_resource& memory_;
  const bool is_head_;
  const base::steady_time deadline_;
  const bool is_on_reused_;
  std::optional<response_parser> parser_;
  std::string_view pending_;  // Of read_some().
  base::error_code error_;    // Of the body.
  std::size_t sent_bytes_ = 0;
  bool has_sent_all_ = false;
  bool has_heard_ = false;
  bool is_over_ = false;
};

}  // namespace tacit::http
