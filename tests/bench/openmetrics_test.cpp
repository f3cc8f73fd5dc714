#include "bench/openmetrics.hpp"

#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace tacit::bench {
namespace {

/// A reader that takes nothing but OpenMetrics 1.0 text: families one after the other, each with
/// its type before its samples, names with the suffix of their type, units at the end of names.
struct exposition {
  std::map<std::string, double> samples;
  std::string wrong;

  explicit exposition(const std::string& text) {
    std::istringstream lines{text};
    for (std::string line; wrong.empty() && std::getline(lines, line);)
      take(line);
    if (!has_ended_ && wrong.empty()) wrong = "no # EOF";
  }

 private:
  void take(const std::string& line) {
    static const std::regex type{"# TYPE ([a-z_]+) (summary|counter|gauge)"};
    static const std::regex unit{"# UNIT ([a-z_]+) ([a-z]+)"};
    static const std::regex help{"# HELP ([a-z_]+) .+"};
    static const std::regex sample{R"re(([a-z_]+)(\{[a-z]+="[^"\\]*"\})? (-?[0-9]+(\.[0-9]+)?))re"};
    std::smatch found;
    if (has_ended_) {
      wrong = "a line behind # EOF";
    } else if (line == "# EOF") {
      has_ended_ = true;
    } else if (std::regex_match(line, found, type)) {
      if (!families_.insert(found[1]).second) wrong = "twice: " + line;
      family_ = found[1];
      kind_ = found[2];
    } else if (std::regex_match(line, found, unit)) {
      if (found[1] != family_ || !family_.ends_with("_" + found[2].str())) wrong = line;
    } else if (std::regex_match(line, found, help)) {
      if (found[1] != family_) wrong = line;
    } else if (!std::regex_match(line, found, sample) || !fits(found[1], found[2])) {
      wrong = line;
    } else if (!samples.emplace(found[1].str() + found[2].str(), std::stod(found[3])).second) {
      wrong = "twice: " + line;
    }
  }

  [[nodiscard]] bool fits(const std::string& name, const std::string& labels) const {
    if (kind_ == "counter") return name == family_ + "_total";
    if (kind_ == "gauge") return name == family_ && labels.empty();
    return name == family_ ? labels.starts_with("{quantile=")
                           : name == family_ + "_count" || name == family_ + "_sum";
  }

  bool has_ended_ = false;
  std::string family_, kind_;
  std::set<std::string> families_;
};

TEST(openmetrics, is_what_the_format_allows) {
  outcome result;
  auto& recorded = result.phase.recorded;
  recorded.on_sent(0, 1'000);
  recorded.on_answer({}, {200, 0, true}, {0, 0, 2'000'000});
  recorded.counts.bytes_received = 123;
  recorded.on_failure(error_kind::timeout, nullptr, "late", 0);
  const auto text = to_openmetrics(result);
  const exposition read{text};
  EXPECT_EQ(read.wrong, "") << text;
  EXPECT_DOUBLE_EQ(read.samples.at("tacit_bench_latency_seconds{quantile=\"0.999\"}"), 0.002);
  EXPECT_EQ(read.samples.at("tacit_bench_latency_seconds_count"), 1);
  EXPECT_EQ(read.samples.at("tacit_bench_requests_total{result=\"answered\"}"), 1);
  EXPECT_EQ(read.samples.at("tacit_bench_errors_total{kind=\"timeout\"}"), 1);
  EXPECT_EQ(read.samples.at("tacit_bench_received_bytes_total"), 123);
  EXPECT_EQ(read.samples.at("tacit_bench_valid"), 1);
}

TEST(openmetrics, has_its_families_even_when_nothing_was_answered) {
  const exposition read{to_openmetrics(outcome{})};
  EXPECT_EQ(read.wrong, "");
  EXPECT_EQ(read.samples.at("tacit_bench_latency_seconds_count"), 0);
}

}  // namespace
}  // namespace tacit::bench
