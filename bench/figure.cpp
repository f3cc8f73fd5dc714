#include "bench/figure.hpp"

#include <algorithm>
#include <string_view>

namespace tacit::bench {
namespace {

std::optional<double> value_of(const pass& from, const figure& which) {
  const nlohmann::ordered_json::json_pointer where{which.pointer};
  if (!from.document.contains(where)) return std::nullopt;
  const auto& value = from.document.at(where);
  return value.is_number() ? std::optional{value.get<double>()} : std::nullopt;
}

bool has_kind(const std::vector<pass>& round, std::string_view kind) {
  return std::any_of(round.begin(), round.end(), [&](const auto& p) { return p.kind == kind; });
}

}  // namespace

std::optional<double> value_in(const std::vector<pass>& round, const figure& which,
                               bool with_disturbed) {
  // A comparison with one kind of pass has no other one to offer.
  const bool takes_any = round.size() == 1 || std::string_view{which.kind} == "highest" ||
                         !has_kind(round, which.kind);
  std::optional<double> out;
  for (const auto& p : round) {
    if ((!takes_any && p.kind != which.kind) || (p.is_disturbed() && !with_disturbed)) continue;
    const auto value = value_of(p, which);
    if (value) out = out ? std::max(*out, *value) : *value;
  }
  return out;
}

series over_rounds(const competitor& who, const figure& which) {
  series out;
  for (const bool with_disturbed : {false, true}) {
    for (const auto& round : who.rounds) {
      if (const auto value = value_in(round, which, with_disturbed)) out.values.push_back(*value);
    }
    if (!out.empty()) break;
  }
  return out;
}

paired_values over_common_rounds(const std::vector<const competitor*>& all, const figure& which) {
  paired_values out{std::vector<std::vector<double>>(all.size())};
  std::size_t rounds = all.empty() ? 0 : all.front()->rounds.size();
  for (const auto* who : all)
    rounds = std::min(rounds, who->rounds.size());
  for (const bool with_disturbed : {false, true}) {
    for (std::size_t round = 0; round < rounds; ++round) {
      std::vector<double> values;
      for (const auto* who : all) {
        if (const auto value = value_in(who->rounds[round], which, with_disturbed))
          values.push_back(*value);
      }
      if (values.size() < all.size()) continue;
      for (std::size_t i = 0; i < all.size(); ++i)
        out.of[i].push_back(values[i]);
    }
    if (!out.of.empty() && !out.of.front().empty()) break;
  }
  return out;
}

}  // namespace tacit::bench
