#include <tacit/http/security_headers.hpp>

#include <utility>
#include <vector>

#include "http/answer_fields.hpp"

namespace tacit::http {

middleware security_headers(const security_header_options& with) {
  std::vector<std::pair<std::string, std::string>> fields = {
      {"X-Content-Type-Options", with.content_type_options},
      {"Content-Security-Policy", with.content_security_policy},
      {"X-Frame-Options", with.frame_options},
      {"Referrer-Policy", with.referrer_policy},
      {"Cross-Origin-Opener-Policy", with.opener_policy},
      {"Cross-Origin-Resource-Policy", with.resource_policy},
      {"Strict-Transport-Security", with.strict_transport_security}};
  std::erase_if(fields, [](const auto& each) { return each.second.empty(); });
  middleware made;
  made.at = stage::security_headers;
  made.after = [fields = std::move(fields)](context& c) {
    for (const auto& [name, value] : fields)
      set_if_absent(c, name, value);
  };
  return made;
}

}  // namespace tacit::http
