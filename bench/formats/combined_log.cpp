#include "bench/formats/combined_log.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <tacit/base/error.hpp>

#include "bench/durations.hpp"
#include "bench/formats/recorded_traffic.hpp"
#include "bench/schedule.hpp"

namespace tacit::bench::formats {

const char* not_replayable(const base::combined_log_line& line) {
  if (line.method == "CONNECT") return "CONNECT asks for a tunnel and cannot be replayed";
  return line.target.size() > target_bytes_max ? "the target is longer than 16 KiB" : nullptr;
}

namespace {

void read_line(std::string_view line, std::uint64_t number, combined_log& out) {
  base::combined_log_line record;
  const char* wrong = line.empty() ? "the line is empty" : base::parse_combined_log(line, record);
  if (wrong == nullptr) wrong = not_replayable(record);
  if (wrong == nullptr) {
    out.records.push_back(record);
    return;
  }
  out.rejected.add(number, wrong);
}

}  // namespace

combined_log read_combined_log(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  // Reading a folder opens and then fails, so the state after reading decides.
  if (file) text << file.rdbuf();
  if (!file || file.bad() || !text) {
    if (file.is_open() && file.peek() == std::ifstream::traits_type::eof() && !file.bad()) {
      throw base::failure{fmt::format("{}: the log is empty", path)};
    }
    throw base::failure{
        fmt::format("{}: cannot read the log: {}", path, std::strerror(errno == 0 ? EIO : errno))};
  }
  return parse_combined_log_text(std::move(text).str(), path);
}

combined_log parse_combined_log_text(std::string text, const std::string& name) {
  combined_log out;
  out.text = std::make_unique<const std::string>(std::move(text));
  std::string_view rest{*out.text};
  for (std::uint64_t number = 1; !rest.empty(); ++number) {
    const auto end = rest.find('\n');
    auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    read_line(line, number, out);
  }
  if (out.records.empty()) {
    throw base::failure{out.rejected.empty()
                            ? fmt::format("{}: the log is empty", name)
                            : fmt::format("{}: no line is in combined log format; line {}: {}",
                                          name, out.rejected.listed.front().number,
                                          out.rejected.listed.front().reason)};
  }
  std::stable_sort(out.records.begin(), out.records.end(),
                   [](const auto& a, const auto& b) { return a.time_s < b.time_s; });
  return out;
}

std::vector<std::int64_t> spread_times(const std::vector<base::combined_log_line>& records,
                                       std::uint64_t seed) {
  std::vector<std::int64_t> times;
  times.reserve(records.size());
  for (auto first = records.begin(); first != records.end();) {
    const auto last = std::find_if(first, records.end(),
                                   [&](const auto& line) { return line.time_s != first->time_s; });
    const auto second_seed = mix(seed, static_cast<std::uint64_t>(first->time_s));
    const auto begin = static_cast<std::ptrdiff_t>(times.size());
    for (std::int64_t draw = 0; draw < last - first; ++draw) {
      const double within = unit_interval(mix(second_seed, static_cast<std::uint64_t>(draw)));
      times.push_back((first->time_s - records.front().time_s) * second_ns +
                      static_cast<std::int64_t>(within * static_cast<double>(second_ns)));
    }
    std::sort(times.begin() + begin, times.end());
    first = last;
  }
  const auto origin = times.empty() ? 0 : times.front();
  for (auto& time : times)
    time -= origin;
  return times;
}

std::int64_t period_ns(const std::vector<base::combined_log_line>& records) {
  return (records.back().time_s - records.front().time_s + 1) * second_ns;
}

}  // namespace tacit::bench::formats
