#include "bench/results.hpp"

#include "bench/histogram_files.hpp"
#include "bench/openmetrics.hpp"
#include "bench/output_file.hpp"
#include "bench/page.hpp"

namespace tacit::bench {

nlohmann::ordered_json whole_document(const outcome& result, const run_title& title,
                                      const run_plan& plan, const nlohmann::ordered_json& more) {
  nlohmann::ordered_json out = {
      {"kind", title.kind}, {"target", title.target}, {"load", title.load}};
  if (!more.is_null()) out.update(more);
  out.update(to_json(result));
  out["plan"] = to_json(plan);
  out["recording"] = recording_json(result);
  return out;
}

void write_results(const outcome& result, const run_title& title, const run_plan& plan,
                   const nlohmann::ordered_json& more, const output_paths& outputs) {
  if (!outputs.json.empty()) {
    write_file(outputs.json, whole_document(result, title, plan, more).dump(2) + "\n");
  }
  if (!outputs.openmetrics.empty()) write_file(outputs.openmetrics, to_openmetrics(result));
  if (!outputs.html.empty()) write_file(outputs.html, to_page(result, title));
  write_recorded(result.phase, outputs);
}

}  // namespace tacit::bench
