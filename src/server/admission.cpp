#include "server/admission.hpp"

#include <sys/socket.h>

#include <string>
#include <string_view>

#include <tacit/observe/log.hpp>

namespace tacit::server {
namespace {

constexpr std::string_view refusal =
    "HTTP/1.1 503 Service Unavailable\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 42\r\n"
    "Retry-After: 1\r\n"
    "Connection: close\r\n"
    "\r\n"
    "The server has no room for a connection.\r\n";

observe::counter refusals(observe::metrics& in, const char* reason) {
  return in.add_counter("tacit_connections_refused_total",
                        "Connections answered 503 at once, by the limit that was reached.",
                        std::string("reason=\"") + reason + "\"");
}

}  // namespace

admission::admission(const http::service& service, const http::connection_set& connections,
                     observe::metrics& metrics, std::size_t connection_bytes)
    : service_(service), connections_(connections), connection_bytes_(connection_bytes) {
  accepted_ = metrics.add_counter("tacit_connections_accepted_total", "Connections accepted.");
  exhausted_ = metrics.add_counter("tacit_accept_failures_total",
                                   "Times there was no descriptor or memory for a connection.");
  too_many_.text = "limits.connections_max is reached";
  too_many_.count = refusals(metrics, "connections_max");
  too_many_of_peer_.text = "a peer has reached limits.connections_per_peer_max";
  too_many_of_peer_.count = refusals(metrics, "connections_per_peer_max");
  no_thread_.text = "limits.threads_max is reached, or the system gives no further thread";
  no_thread_.count = refusals(metrics, "threads");
  no_descriptor_.text = "the process is out of descriptors";
  no_descriptor_.count = refusals(metrics, "descriptors");
  no_memory_.text = "the memory budget is used up";
  no_memory_.count = refusals(metrics, "memory");
  no_memory_.was_logged = true;  // Whoever keeps the budget tells, with figures.
}

std::optional<admission::ticket> admission::admit(io::accepted& one) {
  if (connections_.size() >= service_.current_limits().connections_max) {
    refuse(std::move(one.fd), too_many_);
    return std::nullopt;
  }
  if (!service_.budget.begin(connection_bytes_)) {
    service_.count.shed_for_memory.add();
    refuse(std::move(one.fd), no_memory_);
    return std::nullopt;
  }
  if (!one.network) {
    accepted_.add();
    return ticket();
  }
  if (!enter(*one.network)) {
    refuse(std::move(one.fd), too_many_of_peer_);
    return std::nullopt;
  }
  accepted_.add();
  return ticket(*this, *one.network);
}

// Connections are counted also without a cap, so that one that is set later finds them.
bool admission::enter(std::uint64_t network) {
  const std::uint32_t most = service_.current_limits().connections_per_peer_max;
  const std::lock_guard lock(mutex_);
  std::uint32_t& open = open_[network];
  if (most != 0 && open >= most) return false;
  ++open;
  return true;
}

void admission::leave(std::uint64_t network) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(network);
  if (--found->second == 0) open_.erase(found);
}

// What the peer has sent is read first, as far as it is there: closing with unread bytes makes the
// kernel send a reset. Logged once per reason, so that an overload does not fill the log.
void admission::refuse(io::unique_fd fd, reason& why) noexcept {
  why.count.add();
  char ignored[4096];
  static_cast<void>(::recv(fd.get(), ignored, sizeof ignored, MSG_DONTWAIT));
  static_cast<void>(::send(fd.get(), refusal.data(), refusal.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  ::shutdown(fd.get(), SHUT_WR);
  if (why.was_logged.exchange(true, base::memory_order_relaxed)) return;
  observe::log(observe::severity::warning, std::string("connections are refused: ") + why.text +
                                               "; tacit_connections_refused_total counts them");
}

}  // namespace tacit::server
