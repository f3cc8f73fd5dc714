#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tacit/base/atomic.hpp>

namespace tacit::http {

/// What a request was labelled with.
struct labelled_request {
  std::string line;              ///< Method and target, cut to request_label::line_bytes_max.
  std::uint64_t connection = 0;  ///< Counts the connections of the process from 1.
  std::uint32_t request = 0;     ///< Counts the requests of the connection from 1.

  /// "GET /items/42 (connection 7, request 12)". What is no printable ASCII is shown as '?'.
  [[nodiscard]] std::string to_string() const;
};

/// Which request a connection serves, for whoever asks meanwhile by the number that begin() gave:
/// the listing of live coroutines, and reports of stalls. One per connection.
///
/// The label itself is in memory that is never returned, so that a number that was read somewhere
/// can be looked up at any time. A number is never used twice while its connection is open, and one
/// that has ended is not found.
///
/// Threads:   begin() and end() by whoever runs the connection; find() from any thread.
/// Lifetime:  destroyed with its connection; then its numbers are not found any more.
class request_label {
 public:
  static constexpr std::size_t line_bytes_max = 48;

  /// Throws bad_alloc. Takes a lock.
  request_label();
  ~request_label();
  request_label(const request_label&) = delete;
  request_label& operator=(const request_label&) = delete;

  /// The next request begins: its method and target, as they stand in the input, and how many
  /// bytes of the input may be read from there on (copying a fixed number is faster). Costs some
  /// 5 ns. Gives its number, which is never 0.
  std::uint64_t begin(std::string_view line, std::size_t readable) noexcept;

  /// The request has been answered.
  void end() noexcept;

  /// What the connection does and did, for any thread while this lives.
  struct summary {
    std::uint64_t connection = 0;  ///< As in labelled_request.
    std::uint32_t requests = 0;    ///< That it has begun.
    std::optional<labelled_request> current;
  };
  [[nodiscard]] summary summarize() const;

  /// Nothing if there is no such request, or it has ended.
  [[nodiscard]] static std::optional<labelled_request> find(std::uint64_t number);

  struct slot;

 private:
  slot& slot_;
  base::atomic<std::uint32_t> requests_;  // Written by whoever runs the connection.
};

}  // namespace tacit::http
