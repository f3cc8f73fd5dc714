#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include <tacit/base/atomic.hpp>
#include <tacit/http/service.hpp>
#include <tacit/observe/metrics.hpp>

#include "http/connection_set.hpp"
#include "io/acceptor.hpp"

namespace tacit::server {

/// Decides which connections are taken, and tells those that are not: 503 with Retry-After in one
/// write that does not wait, then the end. Nobody is lingered for, since that would cost what the
/// cap is to save; a peer that is still sending then may see a reset in place of the answer.
///
/// Threads:  any. Costs a lock per connection, nothing per request.
/// Lifetime: outlives its tickets.
class admission {
 public:
  /// An accepted connection's place in the counts; it is free again when this is destroyed.
  class ticket {
   public:
    ticket() = default;
    ticket(ticket&& other) noexcept
        : issuer_(std::exchange(other.issuer_, nullptr)), network_(other.network_) {}
    ticket& operator=(ticket&&) = delete;
    ~ticket() {
      if (issuer_) issuer_->leave(network_);
    }

   private:
    friend class admission;
    ticket(admission& issuer, std::uint64_t network) noexcept
        : issuer_(&issuer), network_(network) {}
    admission* issuer_ = nullptr;
    std::uint64_t network_ = 0;
  };

  /// `connection_bytes` is what a connection takes at least.
  admission(const http::service& service, const http::connection_set& connections,
            observe::metrics& metrics, std::size_t connection_bytes = 0);

  /// Nothing if a cap was reached; then `one` has been refused.
  [[nodiscard]] std::optional<ticket> admit(io::accepted& one);

  void refuse_for_threads(io::unique_fd fd) noexcept { refuse(std::move(fd), no_thread_); }
  void refuse_for_descriptors(io::unique_fd fd) noexcept { refuse(std::move(fd), no_descriptor_); }

  /// Memory is so short that not even a refusal is to be sent: let them wait in the backlog.
  [[nodiscard]] bool is_paused() const noexcept {
    return service_.budget.pressure() == memory::memory_pressure::critical;
  }

  /// An accept failed since there was no descriptor or memory for it.
  void count_exhausted() noexcept { exhausted_.add(); }

  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_.value(); }

 private:
  // Why a connection is refused, and whether the log has told.
  struct reason {
    const char* text = nullptr;
    observe::counter count;
    base::atomic<bool> was_logged{false};
  };

  void refuse(io::unique_fd fd, reason& why) noexcept;
  bool enter(std::uint64_t network);
  void leave(std::uint64_t network) noexcept;

  const http::service& service_;
  const http::connection_set& connections_;
  observe::counter accepted_;
  observe::counter exhausted_;
  const std::size_t connection_bytes_;
  reason too_many_, too_many_of_peer_, no_thread_, no_descriptor_, no_memory_;

  base::mutex mutex_;
  // Connections per network. Guarded by mutex_, and no larger than the number of connections.
  std::unordered_map<std::uint64_t, std::uint32_t> open_;
};

}  // namespace tacit::server
