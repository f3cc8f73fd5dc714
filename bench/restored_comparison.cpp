#include "bench/restored_comparison.hpp"

#include <fmt/format.h>
#include <fstream>
#include <tacit/base/error.hpp>

namespace tacit::bench {
namespace {

using json = nlohmann::ordered_json;

pass pass_of(const std::string& kind, const json& document) {
  pass out;
  out.kind = kind;
  out.document = document;
  set_figures(out);
  for (const auto& [name, count] : document.at("errors").items())
    out.errors += count.get<std::uint64_t>();
  const bool is_disturbed = document.value("disturbed", false);
  for (const auto& reason : document.at("invalid_reasons"))
    out.invalid_reasons.push_back({reason.get<std::string>(), is_disturbed});
  return out;
}

competitor competitor_of(const json& document) {
  competitor out{document.at("name").get<std::string>(), {}};
  for (const auto& round : document.at("rounds")) {
    out.rounds.emplace_back();
    for (const auto& [kind, one] : round.items())
      out.rounds.back().push_back(pass_of(kind, one));
  }
  return out;
}

template <class T>
void read_if_known(const json& from, const char* key, T& into) {
  const auto found = from.find(key);
  if (found != from.end() && !found->is_null()) into = found->get<typename T::value_type>();
}

}  // namespace

stored_contest restored_comparison(const json& document, const std::string& name) {
  try {
    if (document.value("kind", "") != "compare") {
      throw base::failure{fmt::format("{}: not the JSON of compare", name)};
    }
    stored_contest out;
    out.what.workload = document.at("workload").get<std::string>();
    out.what.load = document.at("load").get<std::string>();
    out.what.skipped = document.at("skipped").get<std::vector<std::string>>();
    out.what.notes = document.at("notes").get<std::vector<std::string>>();
    out.what.seed = document.value("seed", std::uint64_t{1});
    read_if_known(document, "paced_rate_per_s", out.what.paced_rate_per_s);
    read_if_known(document, "flood_per_s", out.what.flood_per_s);
    for (const auto& one : document.at("contenders"))
      out.what.competitors.push_back(competitor_of(one));
    out.machine = document.value("machine", json::object());
    out.invalid_reasons = document.at("invalid_reasons").get<std::vector<std::string>>();
    return out;
  } catch (const json::exception& wrong) {
    throw base::failure{fmt::format("{}: not the JSON of compare: {}", name, wrong.what())};
  }
}

stored_contest read_comparison(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw base::failure{fmt::format("{}: cannot read", path)};
  const auto document = json::parse(file, nullptr, false);
  if (document.is_discarded()) throw base::failure{fmt::format("{}: not JSON", path)};
  return restored_comparison(document, path);
}

}  // namespace tacit::bench
