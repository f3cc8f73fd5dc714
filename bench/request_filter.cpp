#include "bench/request_filter.hpp"

#include <fmt/format.h>
#include <strings.h>
#include <algorithm>
#include <array>
#include <tacit/base/error.hpp>

namespace tacit::bench {
namespace {

using matches = std::array<::regmatch_t, 10>;

std::string expanded(const std::string& text, const std::string& from, const matches& found) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_group =
        text[at] == '\\' && at + 1 < text.size() && text[at + 1] >= '0' && text[at + 1] <= '9';
    if (!is_group) {
      out += text[at];
      continue;
    }
    const auto& group = found[static_cast<std::size_t>(text[++at] - '0')];
    if (group.rm_so >= 0) {
      out += from.substr(static_cast<std::size_t>(group.rm_so),
                         static_cast<std::size_t>(group.rm_eo - group.rm_so));
    }
  }
  return out;
}

void replace_first(const ::regex_t& what, const std::string& text, std::string& in) {
  matches found{};
  if (::regexec(&what, in.c_str(), found.size(), found.data(), 0) != 0) return;
  const auto put = expanded(text, in, found);
  in.replace(static_cast<std::size_t>(found[0].rm_so),
             static_cast<std::size_t>(found[0].rm_eo - found[0].rm_so), put);
}

}  // namespace

request_filter::request_filter(const filter_options& options) : fields_{options.fields} {
  for (const auto& text : options.keep)
    keep_.push_back(compile_expression(text, "--keep"));
  for (const auto& text : options.drop)
    drop_.push_back(compile_expression(text, "--drop"));
  for (const auto& text : options.rewrites) {
    const auto arrow = text.find("=>");
    if (arrow == std::string::npos) {
      throw base::failure{fmt::format("--rewrite: {}: expected REGEX=>TEXT", text), true};
    }
    rewrites_.emplace_back(compile_expression(text.substr(0, arrow), "--rewrite"),
                           text.substr(arrow + 2));
  }
}

bool request_filter::matches_any(const std::vector<expression>& any, const std::string& text) {
  return std::any_of(any.begin(), any.end(), [&](const auto& one) { return is_found(one, text); });
}

bool request_filter::apply(formats::recorded_request& to) const {
  if (!keep_.empty() || !drop_.empty()) {
    const auto line = to.method + " " + to.target;
    if (!keep_.empty() && !matches_any(keep_, line)) return false;
    if (matches_any(drop_, line)) return false;
  }
  for (const auto& [what, text] : rewrites_)
    replace_first(*what, text, to.target);
  for (const auto& [name, value] : fields_) {
    std::erase_if(to.fields, [&name = name](const auto& field) {
      return ::strcasecmp(field.first.c_str(), name.c_str()) == 0;
    });
    if (!value.empty()) to.fields.emplace_back(name, value);
  }
  return formats::not_sendable(to) == nullptr;
}

}  // namespace tacit::bench
