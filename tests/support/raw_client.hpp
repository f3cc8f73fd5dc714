#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tacit::support {

/// One HTTP response as it came over the wire.
struct response {
  int status = 0;
  std::string version;  ///< "HTTP/1.1"
  std::string reason;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  /// The value of a field, names compared without case; nullopt where it is absent. A field that is
  /// there twice is a mistake of the server and throws.
  [[nodiscard]] std::optional<std::string> field(std::string_view name) const;
};

/// A blocking connection to 127.0.0.1 that sends exactly the bytes it is given.
///
/// Every wait ends: what has not come within `patience` (see patience.hpp) throws.
///
/// Errors:  std::runtime_error, with what was received so far.
/// Threads: one.
class raw_client {
 public:
  explicit raw_client(std::uint16_t port);
  raw_client(raw_client&& other) noexcept;
  raw_client& operator=(raw_client&&) = delete;
  ~raw_client();

  /// Sends all of `bytes`, unless the peer closes meanwhile: its answer tells then why it did.
  void send(std::string_view bytes);

  /// Sends `bytes` cut at the given offsets (ascending). The next piece leaves only when the peer
  /// has read the one before.
  void send_in_pieces(std::string_view bytes, std::span<const std::size_t> cuts);

  /// Returns once the peer's program has read from its socket all that was sent.
  void await_read() const;

  /// Says that nothing more will be sent (a half close).
  void finish_sending();

  /// Reads one response. `to_head`: it answers a HEAD request, so that it has no body.
  [[nodiscard]] response read_response(bool to_head = false);

  /// Reads whole responses until the peer closes; one that is cut short throws.
  [[nodiscard]] std::vector<response> read_responses();

  /// send() and read_response().
  [[nodiscard]] response exchange(std::string_view bytes);

  /// Reads up to the end of `mark`: for answers that are not over.
  std::string read_through(std::string_view mark) { return take_through(mark); }

  /// Reads until the peer closes. A connection that the peer resets ends here too.
  [[nodiscard]] std::string read_to_end();

  /// True if the peer closes without a further byte.
  [[nodiscard]] bool closed_by_peer() { return read_to_end().empty(); }

  /// True if the connection ends with a reset, behind whatever was sent before it.
  [[nodiscard]] bool reset_by_peer();

  /// Takes at most `most` bytes of what has come off the socket and forgets them; 0 if nothing has
  /// come, or nothing ever will. Does not wait: this is how a peer reads that takes its time.
  std::size_t discard(std::size_t most);

  /// True if at least one byte has come, or the peer has closed. Does not wait.
  [[nodiscard]] bool readable() const;

 private:
  std::size_t receive();
  std::string take(std::size_t count);
  std::string take_through(std::string_view mark);
  std::string take_chunks();
  std::string take_body(const response& head);
  [[noreturn]] void give_up(const std::string& what) const;

  int fd_ = -1;
  bool was_reset_ = false;  // Seen by discard().
  std::string received_;    ///< Came in, not yet taken by a response.
};

}  // namespace tacit::support
