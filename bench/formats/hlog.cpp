#include "bench/formats/hlog.hpp"

#include <charconv>
#include <cmath>
#include <optional>

#include <tacit/observe/histogram_log.hpp>

#include "bench/formats/hdr_encoding.hpp"

namespace tacit::bench::formats {
namespace {

/// Times further than this from the log's beginning count from the epoch, the others from the
/// beginning: the rule of HdrHistogram's own reader.
constexpr double year_s = 365 * 24 * 3600.0;

std::string_view field(std::string_view& line) {
  const auto end = line.find(',');
  const auto out = line.substr(0, end);
  line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  return out;
}

std::optional<double> number(std::string_view text) {
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && std::isfinite(out)
             ? std::optional{out}
             : std::nullopt;
}

/// The number behind "#[StartTime: " or "#[BaseTime: ".
std::optional<double> time_in(std::string_view line, std::string_view prefix) {
  if (!line.starts_with(prefix)) return std::nullopt;
  line.remove_prefix(prefix.size());
  return number(line.substr(0, line.find(' ')));
}

class log_reader {
 public:
  explicit log_reader(const hlog_visitor& visit) : visit_{visit} {}

  /// Returns what is wrong with the line, or nullptr.
  const char* line(std::string_view text) {
    if (text.empty() || text.starts_with('"')) return nullptr;
    if (text.starts_with('#')) {
      if (const auto start = time_in(text, "#[StartTime: ")) start_s_ = *start;
      if (const auto base = time_in(text, "#[BaseTime: ")) base_s_ = *base;
      return nullptr;
    }
    hlog_interval interval;
    if (text.starts_with("Tag=")) interval.tag = field(text).substr(4);
    const auto start = number(field(text));
    const auto length = number(field(text));
    const auto max = number(field(text));
    if (!start || !length || !max || *length < 0) return "no times and maximum before a histogram";
    values_.reset();
    if (const char* wrong = decode_hdr(text, values_)) return wrong;
    interval.start_s = *start + origin(*start);
    interval.length_s = *length;
    visit_(interval, values_);
    return nullptr;
  }

 private:
  [[nodiscard]] double origin(double time) const {
    if (base_s_) return *base_s_;
    return start_s_ && time < *start_s_ - year_s ? *start_s_ : 0;
  }

  const hlog_visitor& visit_;
  observe::histogram values_;
  std::optional<double> start_s_;
  std::optional<double> base_s_;
};

}  // namespace

std::string hlog_head(double start_unix_s) {
  return observe::histogram_log_head(start_unix_s);
}

std::string hlog_line(const hlog_interval& interval, const observe::histogram& values) {
  return observe::histogram_log_line(interval.tag, interval.start_s, interval.length_s, values);
}

rejections parse_hlog(std::string_view text, const hlog_visitor& visit) {
  rejections out;
  log_reader reader{visit};
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (const char* wrong = reader.line(line)) out.add(number, wrong);
  }
  return out;
}

}  // namespace tacit::bench::formats
