#include <tacit/http/request.hpp>

#include <algorithm>
#include <iterator>

namespace tacit::http {
namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

bool is_barred_from_trailers(std::string_view name) noexcept {
  constexpr std::string_view barred[] = {
      "Content-Length", "Transfer-Encoding", "Host",         "Connection", "TE", "Upgrade",
      "Expect",         "Max-Forwards",      "Authorization"};
  return std::any_of(std::begin(barred), std::end(barred),
                     [&](std::string_view each) { return equals_ignoring_case(each, name); });
}

std::optional<std::string_view> request::find(std::string_view name) const noexcept {
  for (const field& each : fields) {
    if (equals_ignoring_case(each.name, name)) return each.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> request::query_value(std::string_view name) const noexcept {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    return equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
  }
  return std::nullopt;
}

}  // namespace tacit::http
