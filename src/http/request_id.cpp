#include <tacit/http/request_id.hpp>

#include <algorithm>

#include <tacit/base/quick_random.hpp>

namespace tacit::http {
namespace {

constexpr std::string_view field_name = "X-Request-Id";

constexpr bool may_be_in_id(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

void append_hex(std::pmr::string& to, std::uint64_t number) {
  static constexpr char digits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4)
    to.push_back(digits[(number >> shift) & 15]);
}

bool identify(context& c) {
  const auto sent = c.request.find(field_name);
  if (sent && is_request_id(*sent)) {
    c.request_id = *sent;
    return true;
  }
  c.request_id.reserve(32);
  append_hex(c.request_id, base::quick_random());
  append_hex(c.request_id, base::quick_random());
  return true;
}

}  // namespace

bool is_request_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= request_id_bytes_max &&
         std::all_of(text.begin(), text.end(), may_be_in_id);
}

middleware request_ids() {
  middleware made;
  made.at = stage::request_id;
  made.before = identify;
  made.after = [](context& c) { c.set(field_name, c.request_id); };
  return made;
}

}  // namespace tacit::http
