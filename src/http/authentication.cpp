#include <tacit/http/authentication.hpp>

#include <memory>
#include <optional>
#include <stdexcept>

#include "http/base64.hpp"

namespace tacit::http {
namespace {

void check_realm(const std::string& realm) {
  if (realm.find_first_of("\"\\\r\n") != std::string::npos) {
    throw std::invalid_argument("the realm '" + realm + "' has a quote, a backslash or a line end");
  }
}

// What follows the scheme's name in the field Authorization; nullopt for another scheme.
std::optional<std::string_view> credentials(const request& of, std::string_view scheme) {
  const auto field = of.find("Authorization");
  if (!field || field->size() <= scheme.size() || (*field)[scheme.size()] != ' ' ||
      !equals_ignoring_case(field->substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  std::string_view rest = field->substr(scheme.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest;
}

bool refuse(context& c, std::string_view challenge) {
  c.response.fields.clear();
  c.problem(401);
  c.set("WWW-Authenticate", challenge);
  return false;
}

// RFC 6750 section 2.1.
bool is_token(std::string_view text) noexcept {
  const std::size_t end = text.find_last_not_of('=');
  return end != std::string_view::npos &&
         text.substr(0, end + 1)
                 .find_first_not_of(
                     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/") ==
             std::string_view::npos;
}

// RFC 6750 section 3: a request without a token learns of no error.
struct bearer_challenges {
  explicit bearer_challenges(const std::string& realm)
      : plain("Bearer realm=\"" + realm + "\""), invalid(plain + ", error=\"invalid_token\"") {}
  std::string plain, invalid;
};

sched::task<bool> ask(const waiting_bearer_check& is_known, const bearer_challenges& challenges,
                      context& c) {
  const auto token = credentials(c.request, "Bearer");
  if (!token) co_return refuse(c, challenges.plain);
  bool known = is_token(*token);
  if (known) known = co_await is_known(c, *token);
  co_return known || refuse(c, challenges.invalid);
}

}  // namespace

bool equals_in_constant_time(std::string_view given, std::string_view secret) noexcept {
  // Volatile, or the compiler might leave the loop early.
  volatile unsigned char differs = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = secret.empty() ? '\0' : secret[i % secret.size()];
    differs = static_cast<unsigned char>(differs | (given[i] ^ other));
  }
  return differs == 0;
}

middleware basic_auth(const std::string& realm, basic_check is_known) {
  check_realm(realm);
  middleware made;
  made.at = stage::authentication;
  made.before = [challenge = "Basic realm=\"" + realm + "\", charset=\"UTF-8\"",
                 is_known = std::move(is_known)](context& c) {
    const auto sent = credentials(c.request, "Basic");
    std::pmr::string pair(&c.arena());
    if (!sent || !decode_base64(*sent, pair)) return refuse(c, challenge);
    const std::size_t colon = pair.find(':');
    if (colon == std::pmr::string::npos) return refuse(c, challenge);
    const std::string_view text = pair;
    return is_known(c, {text.substr(0, colon), text.substr(colon + 1)}) || refuse(c, challenge);
  };
  return made;
}

middleware basic_auth(const std::string& realm, std::string user, std::string password) {
  return basic_auth(realm, [user = std::move(user), password = std::move(password)](
                               context&, basic_credentials sent) {
    // Both, whatever the first one says.
    const bool is_user = equals_in_constant_time(sent.user, user);
    const bool is_password = equals_in_constant_time(sent.password, password);
    return is_user && is_password;
  });
}

middleware bearer_auth(const std::string& realm, bearer_check is_known) {
  check_realm(realm);
  middleware made;
  made.at = stage::authentication;
  made.before = [challenges = bearer_challenges(realm),
                 is_known = std::move(is_known)](context& c) {
    const auto token = credentials(c.request, "Bearer");
    if (!token) return refuse(c, challenges.plain);
    return (is_token(*token) && is_known(c, *token)) || refuse(c, challenges.invalid);
  };
  return made;
}

middleware bearer_auth_waiting(const std::string& realm, waiting_bearer_check is_known) {
  check_realm(realm);
  middleware made;
  made.at = stage::authentication;
  made.before_waiting = [challenges = bearer_challenges(realm), is_known = std::move(is_known)](
                            context& c) { return ask(is_known, challenges, c); };
  return made;
}

}  // namespace tacit::http
