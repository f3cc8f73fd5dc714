#include "http/accept_encoding.hpp"

#include "http/answer_fields.hpp"

namespace tacit::http {
namespace {

constexpr int unset = -1;

// A weight in thousandths (RFC 9110 section 12.4.2); 0 for what is none.
int parse_weight(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  int value = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return 0;
  int unit = 100;
  for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') return 0;
    value += (text[i] - '0') * unit;
  }
  return value > 1000 ? 0 : value;
}

struct preference {
  std::string_view coding;
  int weight = 1000;
};

preference parse_element(std::string_view element) noexcept {
  preference parsed;
  const std::size_t semicolon = element.find(';');
  parsed.coding = element.substr(0, semicolon);
  while (parsed.coding.ends_with(' ') || parsed.coding.ends_with('\t'))
    parsed.coding.remove_suffix(1);
  if (semicolon == std::string_view::npos) return parsed;
  std::string_view rest = element.substr(semicolon + 1);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  const bool is_weight = rest.starts_with("q=") || rest.starts_with("Q=");
  parsed.weight = is_weight ? parse_weight(rest.substr(2)) : 0;
  return parsed;
}

struct weights {
  std::array<int, coding_count + 1> of{unset, unset, unset, unset};
  int any = unset;

  void set(const preference& said) noexcept {
    if (said.coding == "*") any = said.weight;
    for (std::size_t i = 0; i < of.size(); ++i) {
      const auto coding = static_cast<content_coding>(i);
      const bool is_old_name =
          coding == content_coding::gzip && equals_ignoring_case(said.coding, "x-gzip");
      if (is_old_name || equals_ignoring_case(said.coding, to_string(coding))) {
        of[i] = said.weight;
      }
    }
  }
  [[nodiscard]] int get(std::size_t i) const noexcept { return of[i] != unset ? of[i] : any; }
};

}  // namespace

content_coding choose_coding(const request& asked,
                             const std::array<bool, coding_count>& offered) noexcept {
  weights said;
  for (const field& each : asked.fields) {
    if (!equals_ignoring_case(each.name, "Accept-Encoding")) continue;
    each_of_list(each.value, [&](std::string_view element) {
      said.set(parse_element(element));
      return true;
    });
  }
  // Identity is welcome unless it is said otherwise, but not preferred unless that is said.
  constexpr auto identity = static_cast<std::size_t>(content_coding::identity);
  content_coding best = content_coding::identity;
  int best_weight = std::max(said.of[identity] - 1, 0);
  for (std::size_t i = 0; i < coding_count; ++i) {
    if (!offered[i] || said.get(i) <= best_weight) continue;
    best = static_cast<content_coding>(i);
    best_weight = said.get(i);
  }
  return best;
}

}  // namespace tacit::http
