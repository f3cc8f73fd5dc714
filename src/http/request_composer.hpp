#pragma once

#include <string>

#include <tacit/base/error.hpp>
#include <tacit/http/client.hpp>
#include <tacit/http/connector.hpp>

namespace tacit::http {

/// A request as it goes over the wire, but for its body.
struct composed_request {
  explicit composed_request(std::pmr::memory_resource& memory) : head(&memory) {}

  http::origin origin;
  std::pmr::string head;
};

/// errc::malformed for what would not be one request on the wire, errc::wrong_use for what a client
/// does not send or says itself.
[[nodiscard]] base::error_code compose(const client_request& request, const client_options& options,
                                       composed_request& into);

}  // namespace tacit::http
