#include <tacit/http/cors.hpp>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "http/answer_fields.hpp"

namespace tacit::http {
namespace {

std::string joined(const std::vector<std::string>& all) {
  std::string list;
  for (const auto& each : all)
    list += (list.empty() ? "" : ", ") + each;
  return list;
}

// The fields' values, as they are sent.
struct policy {
  explicit policy(const cors_options& from)
      : origins(from.origins),
        any_origin(std::find(origins.begin(), origins.end(), "*") != origins.end()),
        credentials(from.credentials),
        methods(joined(from.methods)),
        request_fields(joined(from.request_fields)),
        exposed_fields(joined(from.exposed_fields)),
        max_age(std::to_string(from.max_age.count())) {}

  [[nodiscard]] bool lets(std::string_view origin) const {
    return any_origin || std::find(origins.begin(), origins.end(), origin) != origins.end();
  }

  std::vector<std::string> origins;
  bool any_origin;
  bool credentials;
  std::string methods, request_fields, exposed_fields, max_age;
};

// The answer to a preflight says what may come, whatever the handler would; so it has none.
bool answer_preflight(const policy& by, context& c) {
  if (c.request.method != method::options) return true;
  const auto origin = c.request.find("Origin");
  if (!origin || !c.request.find("Access-Control-Request-Method")) return true;
  c.response.fields.clear();  // What an OPTIONS without Origin would have had.
  c.body({}, {});
  c.status(204);
  add_vary(c, "Access-Control-Request-Method");
  add_vary(c, "Access-Control-Request-Headers");
  if (!by.lets(*origin)) return false;
  c.set("Access-Control-Allow-Methods", by.methods);
  if (!by.request_fields.empty()) c.set("Access-Control-Allow-Headers", by.request_fields);
  c.set("Access-Control-Max-Age", by.max_age);
  return false;
}

void let_read(const policy& by, context& c) {
  // Also without an Origin: a cache must not give that answer to a script.
  if (!by.any_origin) add_vary(c, "Origin");
  const auto origin = c.request.find("Origin");
  if (!origin || !by.lets(*origin)) return;
  set_if_absent(c, "Access-Control-Allow-Origin", by.any_origin ? "*" : *origin);
  if (by.credentials) set_if_absent(c, "Access-Control-Allow-Credentials", "true");
  if (!by.exposed_fields.empty() && c.request.method != method::options) {
    set_if_absent(c, "Access-Control-Expose-Headers", by.exposed_fields);
  }
}

}  // namespace

middleware cors(const cors_options& with) {
  const auto rules = std::make_shared<const policy>(with);
  if (rules->any_origin && rules->credentials) {
    throw std::invalid_argument("CORS: the origin '*' cannot have credentials; name the origins");
  }
  middleware made;
  made.at = stage::cors;
  made.before = [rules](context& c) { return answer_preflight(*rules, c); };
  made.after = [rules](context& c) { let_read(*rules, c); };
  return made;
}

}  // namespace tacit::http
