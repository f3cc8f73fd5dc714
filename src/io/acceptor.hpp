#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include <tacit/io/unique_fd.hpp>

namespace tacit::io {

/// A connection as it was accepted.
struct accepted {
  unique_fd fd;

  /// Whom it is counted for: the IPv4 address, or the /64 of an IPv6 address, of which one host
  /// usually has all. Nothing for a peer without an address.
  std::optional<std::uint64_t> network;
};

/// Takes connections from a listening socket, and gets over a lack of descriptors.
///
/// While descriptors are lacking, waiting and looking again is all that serves those who wait in
/// the backlog; the pause doubles up to a bound. From the second time in a row on, they are taken
/// by way of a descriptor that is kept for this, and refused: then they know, and can go elsewhere.
///
/// Threads: one. Lifetime: the listening socket, which does not block, stays open meanwhile.
class acceptor {
 public:
  enum class outcome {
    taken,
    none,       ///< Nobody waits, or this one has gone again.
    exhausted,  ///< No descriptors or memory: go on after get_over().
  };

  static constexpr std::chrono::milliseconds pause_min{10};
  static constexpr std::chrono::milliseconds pause_max{640};

  /// `flags` as for accept4(2).
  acceptor(int listening, int flags);

  [[nodiscard]] outcome take(accepted& into);

  /// After `exhausted`. Gives those whom it sheds to `refuse`, and returns how long to pause before
  /// the next take().
  std::chrono::milliseconds get_over(const std::function<void(unique_fd)>& refuse);

 private:
  unique_fd accept_one(accepted* into);

  const int listening_;
  const int flags_;
  unique_fd spare_;
  std::chrono::milliseconds pause_{0};  // The last one; 0 after a success.
};

}  // namespace tacit::io
