#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tacit/http/middleware.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::http {

/// Compares in a time that depends on the length of `given` alone, so that a peer cannot find a
/// secret byte by byte.
[[nodiscard]] bool equals_in_constant_time(std::string_view given,
                                           std::string_view secret) noexcept;

struct basic_credentials {
  std::string_view user;
  std::string_view password;
};

/// Whether a peer is known. The views are valid during the call. A lookup of the password should
/// compare by equals_in_constant_time(), or by a password hash.
using basic_check = std::function<bool(context&, basic_credentials)>;
using bearer_check = std::function<bool(context&, std::string_view token)>;
/// The same where that must be asked for. The token is valid until the request is answered.
using waiting_bearer_check = std::function<sched::task<bool>(context&, std::string_view token)>;

/// Lets requests in whose Basic credentials (RFC 7617) `is_known` accepts; others are answered 401.
/// Passwords go over the wire as they are: for TLS only.
[[nodiscard]] middleware basic_auth(const std::string& realm, basic_check is_known);

/// The same with one user, whose password is compared in constant time.
[[nodiscard]] middleware basic_auth(const std::string& realm, std::string user,
                                    std::string password);

/// Lets requests in whose bearer token (RFC 6750) `is_known` accepts; others are answered 401.
[[nodiscard]] middleware bearer_auth(const std::string& realm, bearer_check is_known);
[[nodiscard]] middleware bearer_auth_waiting(const std::string& realm,
                                             waiting_bearer_check is_known);

}  // namespace tacit::http
