#include "bench/formats/gc_log.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace tacit::bench::formats {
namespace {

using nlohmann::json;

constexpr std::array names{std::pair{gc_log_format::go_gctrace, "go_gctrace"},
                           std::pair{gc_log_format::jvm_unified, "jvm_unified"},
                           std::pair{gc_log_format::tacit, "tacit"}};

// Go cuts the start of a cycle to whole milliseconds, and counts from a moment before its first
// line; the JVM cuts lengths to microseconds, and stamps a line a little after what it tells.
constexpr std::int64_t go_uncertainty_ns = 1'000'000;
constexpr std::int64_t go_cut_ns = 1'000'000;
constexpr std::int64_t jvm_uncertainty_ns = 100'000;
constexpr std::int64_t jvm_uptime_uncertainty_ns = 1'000'000;

// ---- words of a line ---------------------------------------------------------------------------

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool take_text(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

template <class T>
std::optional<T> take_number(std::string_view& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// A number of so many nanoseconds each; nullopt for what no clock can show.
std::optional<std::int64_t> take_duration(std::string_view& text, double unit_ns) {
  const auto value = take_number<double>(text);
  if (!value || !(*value >= 0) || *value * unit_ns > 1e18) return std::nullopt;
  return std::llround(*value * unit_ns);
}

void skip_to(std::string_view& text, std::string_view word) {
  const auto at = text.find(word);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at);
}

// ---- Go ----------------------------------------------------------------------------------------

/// gc 6 @0.112s 3%: 0.026+0.39+0.10 ms clock, ...: a stop to end sweeping, concurrent marking, a
/// stop to end marking.
bool read_gctrace(std::string_view line, std::int64_t origin_ns, std::vector<logged_pause>& into) {
  if (!take_text(line, "gc ")) return true;
  const auto cycle = take_number<std::uint64_t>(line);
  if (!cycle || !take_text(line, " @")) return false;
  const auto start = take_duration(line, 1e9);
  if (!start || !take_text(line, "s ")) return false;
  skip_to(line, ": ");
  if (!take_text(line, ": ")) return false;
  const auto sweep = take_duration(line, 1e6);
  if (!sweep || !take_text(line, "+")) return false;
  const auto mark = take_duration(line, 1e6);
  if (!mark || !take_text(line, "+")) return false;
  const auto end = take_duration(line, 1e6);
  if (!end || !take_text(line, " ms clock")) return false;
  // In the middle of the millisecond that it was cut to.
  const auto start_ns = origin_ns + *start + go_cut_ns / 2;
  into.push_back({start_ns, *sweep, "Go STW sweep termination", true, false, cycle});
  into.push_back({start_ns + *sweep + *mark, *end, "Go STW mark termination", true, false, cycle});
  return true;
}

gc_log parse_go(std::string_view text, std::int64_t started_ns) {
  gc_log out;
  out.collector = "Go";
  out.uncertainty_ns = go_uncertainty_ns;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    auto line = next_line(text);
    if (!read_gctrace(line, started_ns, out.pauses)) {
      out.rejected.add(number, "no line of gctrace that can be read");
    } else if (take_text(line, "clock_monotonic_ns=")) {
      started_ns = take_number<std::int64_t>(line).value_or(started_ns);
    }
  }
  return out;
}

// ---- the JVM -----------------------------------------------------------------------------------

/// Reads a JVM's log line by line. A collection tells of the pauses of its phases, the safepoint
/// around them, told of behind them, how long the threads really stood.
class jvm_reader {
 public:
  explicit jvm_reader(std::int64_t started_ns) : started_ns_{started_ns} {
    out_.uncertainty_ns = jvm_uncertainty_ns;
  }

  void read(std::string_view line, std::uint64_t number) {
    if (line.empty()) return;
    const auto stamp = take_decorations(line);
    if (!stamp) return out_.rejected.add(number, "no time in front");
    if (!read_message(line, *stamp)) out_.rejected.add(number, "no pause that can be read");
  }

  gc_log finish() {
    for (auto& inner : inner_)
      out_.pauses.push_back(std::move(inner));
    return std::move(out_);
  }

 private:
  /// The time of the line; only "[gc,start]" and the like say whether something begins.
  std::optional<std::int64_t> take_decorations(std::string_view& line) {
    std::optional<std::int64_t> stamp;
    begins_ = false;
    while (take_text(line, "[")) {
      const auto end = line.find(']');
      if (end == std::string_view::npos) return std::nullopt;
      auto inside = line.substr(0, end);
      line.remove_prefix(end + 1);
      if (inside.find(",start") != std::string_view::npos) begins_ = true;
      if (!stamp) stamp = time_of(inside);
    }
    take_text(line, " ");
    return stamp;
  }

  std::optional<std::int64_t> time_of(std::string_view text) {
    auto whole = text;
    const auto nanoseconds = take_number<std::int64_t>(whole);
    if (nanoseconds && whole == "ns") return *nanoseconds;
    const auto uptime = take_duration(text, 1e9);
    if (!uptime || text != "s") return std::nullopt;
    out_.uncertainty_ns = jvm_uptime_uncertainty_ns;
    return started_ns_ + *uptime;
  }

  bool read_message(std::string_view text, std::int64_t stamp) {
    if (text.starts_with("Using ")) return read_collector(text.substr(6));
    if (text.starts_with("Safepoint \"")) return read_safepoint(text, stamp);
    std::optional<std::uint64_t> collection;
    if (take_text(text, "GC(")) {
      collection = take_number<std::uint64_t>(text);
      if (!collection || !take_text(text, ") ")) return false;
    }
    if (begins_) return true;
    // Statistics at the end have "Pause ..." too, but in columns and in us.
    if (text.starts_with("Pause ") && collection) return read_pause(text, stamp, collection);
    if (text.starts_with("Allocation Stall (") || text.starts_with("Relocation Stall (")) {
      return read_pause(text, stamp, collection);
    }
    return true;
  }

  bool read_collector(std::string_view name) {
    if (name == "G1" || name == "Shenandoah" || name == "Serial" || name == "Parallel") {
      out_.collector = name;
    } else if (name == "The Z Garbage Collector") {
      out_.collector = "ZGC";
    }
    return true;
  }

  /// "Pause Young (Normal) (G1 Evacuation Pause) 6M->3M(128M) 9.205ms", "Pause Mark End 0.019ms"
  bool read_pause(std::string_view text, std::int64_t stamp,
                  std::optional<std::uint64_t> collection) {
    if (!text.ends_with("ms")) return false;
    const auto last_space = text.rfind(' ');
    auto digits = text.substr(last_space + 1);
    const auto length = take_duration(digits, 1e6);
    if (!length || digits != "ms") return false;
    auto what = text.substr(0, last_space);
    const auto size = what.rfind(' ');
    if (what.find("->", size) != std::string_view::npos) what = what.substr(0, size);
    const bool stops_all = text.starts_with("Pause ");
    logged_pause found{
        stamp - *length, *length, labelled(what), stops_all, text.starts_with("Pause Full"),
        collection};
    (stops_all ? inner_ : out_.pauses).push_back(std::move(found));
    return true;
  }

  /// Safepoint "ZMarkStart", Time since last: 1 ns, ..., Total: 166343 ns
  bool read_safepoint(std::string_view text, std::int64_t stamp) {
    const auto name = text.substr(11, text.find('"', 11) - 11);
    skip_to(text, "Total: ");
    if (!take_text(text, "Total: ")) return false;
    const auto total = take_number<std::int64_t>(text);
    if (!total || *total < 0 || text != " ns") return false;
    logged_pause whole{stamp - *total, *total, {}, true, false, std::nullopt};
    for (auto& inner : inner_) {
      if (inner.end_ns() < whole.start_ns) {
        out_.pauses.push_back(std::move(inner));  // one of a safepoint that was not told of
        continue;
      }
      whole.what += (whole.what.empty() ? "" : " + ") + inner.what;
      whole.is_full |= inner.is_full;
      whole.collection = inner.collection;
    }
    inner_.clear();
    if (whole.what.empty()) whole.what = labelled("Safepoint " + std::string{name});
    out_.pauses.push_back(std::move(whole));
    return true;
  }

  [[nodiscard]] std::string labelled(std::string_view what) const {
    return (out_.collector.empty() ? "JVM" : out_.collector) + " " + std::string{what};
  }

  std::int64_t started_ns_;
  bool begins_ = false;
  std::vector<logged_pause> inner_;  // Since the last safepoint.
  gc_log out_;
};

gc_log parse_jvm(std::string_view text, std::int64_t started_ns) {
  jvm_reader reader{started_ns};
  for (std::uint64_t number = 1; !text.empty(); ++number)
    reader.read(next_line(text), number);
  return reader.finish();
}

// ---- Tacit -------------------------------------------------------------------------------------

/// "longest" and "recent" of /debug/pauses tell of some pauses twice.
gc_log parse_tacit(std::string_view text) {
  gc_log out;
  const auto document = json::parse(text, nullptr, false);
  if (!document.is_object()) {
    out.rejected.add(1, "not the JSON of /debug/pauses");
    return out;
  }
  std::set<std::array<std::int64_t, 3>> seen;
  for (const char* list : {"longest", "recent"}) {
    const auto found = document.find(list);
    if (found == document.end() || !found->is_array()) continue;
    for (const auto& each : *found) {
      try {
        const auto start = each.at("begin_ns").get<std::int64_t>();
        const auto length = each.at("length_ns").get<std::int64_t>();
        if (!seen.insert({start, length, each.at("worker").get<std::int64_t>()}).second) continue;
        out.pauses.push_back({start, length, each.at("cause").get<std::string>(),
                              each.at("scope").get<std::string>() == "all", false, std::nullopt});
      } catch (const json::exception&) {
        out.rejected.add(1, std::string{"a pause in \""} + list + "\" without its figures");
      }
    }
  }
  return out;
}

gc_log parse_as(std::string_view text, gc_log_format format, std::int64_t started_ns) {
  switch (format) {
    case gc_log_format::go_gctrace:
      return parse_go(text, started_ns);
    case gc_log_format::jvm_unified:
      return parse_jvm(text, started_ns);
    case gc_log_format::tacit:
      break;
  }
  return parse_tacit(text);
}

std::uint64_t count_of(const std::vector<logged_pause>& pauses, bool stops_all) noexcept {
  return static_cast<std::uint64_t>(std::count_if(
      pauses.begin(), pauses.end(), [&](const auto& one) { return one.stops_all == stops_all; }));
}

std::int64_t longest_of(const std::vector<logged_pause>& pauses, bool stops_all) noexcept {
  std::int64_t out = 0;
  for (const auto& one : pauses) {
    if (one.stops_all == stops_all) out = std::max(out, one.length_ns);
  }
  return out;
}

}  // namespace

std::optional<gc_log_format> parse_gc_log_format(std::string_view name) noexcept {
  for (const auto& [format, text] : names) {
    if (name == text) return format;
  }
  return std::nullopt;
}

std::string_view to_string(gc_log_format format) noexcept {
  return names[static_cast<std::size_t>(format)].second;
}

std::uint64_t gc_log::collections() const {
  std::set<std::uint64_t> seen;
  for (const auto& one : pauses) {
    if (one.collection) seen.insert(*one.collection);
  }
  return seen.size();
}

std::uint64_t gc_log::full_collections() const {
  return static_cast<std::uint64_t>(
      std::count_if(pauses.begin(), pauses.end(), [](const auto& one) { return one.is_full; }));
}

std::uint64_t gc_log::stops() const noexcept {
  return count_of(pauses, true);
}

std::uint64_t gc_log::stalls() const noexcept {
  return count_of(pauses, false);
}

std::int64_t gc_log::longest_stop_ns() const noexcept {
  return longest_of(pauses, true);
}

std::int64_t gc_log::longest_stall_ns() const noexcept {
  return longest_of(pauses, false);
}

std::int64_t gc_log::stopped_ns() const noexcept {
  std::int64_t out = 0;
  for (const auto& one : pauses)
    out += one.stops_all ? one.length_ns : 0;
  return out;
}

gc_log gc_log::between(std::int64_t from_ns, std::int64_t to_ns) const {
  auto out = *this;
  std::erase_if(out.pauses,
                [&](const auto& one) { return one.start_ns < from_ns || one.start_ns >= to_ns; });
  return out;
}

gc_log parse_gc_log(std::string_view text, gc_log_format format, std::int64_t started_ns) {
  auto out = parse_as(text, format, started_ns);
  std::stable_sort(out.pauses.begin(), out.pauses.end(),
                   [](const auto& a, const auto& b) { return a.start_ns < b.start_ns; });
  return out;
}

}  // namespace tacit::bench::formats
