#include "bench/file_stream.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <tacit/base/combined_log.hpp>
#include <tacit/base/error.hpp>
#include <utility>
#include <vector>

#include "bench/durations.hpp"
#include "bench/formats/recorded_traffic.hpp"
#include "bench/request_filter.hpp"
#include "bench/schedule.hpp"
#include "bench/traffic_file.hpp"

namespace tacit::bench {
namespace {

/// A request with what is expected of its answer.
struct asked_for {
  formats::recorded_request request;
  expected_answer expected;
  std::uint64_t logged_bytes = 0;
};

class file_stream final : public block_reader {
 public:
  file_stream(const replay_options& options, file_format format, std::string authority,
              const expectations& expected, stream_counts& counts, const stream_bounds& bounds)
      : options_{options},
        format_{format},
        authority_{std::move(authority)},
        expected_{expected},
        counts_{counts},
        bounds_{bounds},
        filter_{options.filter},
        file_{options.log_path, std::ios::binary},
        line_(bounds.line_bytes_max) {
    if (!file_ || file_.peek() == std::ifstream::traits_type::eof()) {
      throw base::failure{fmt::format("{}: cannot read, or empty", options.log_path)};
    }
  }

  std::shared_ptr<request_block> next() override {
    auto out = std::make_shared<request_block>(authority_);
    out->first = sent_;
    out->source.expect(&expected_);
    while (out->source.size() < bounds_.block_requests && take_group())
      add_group(*out);
    sent_ += out->source.size();
    return out->source.size() == 0 ? nullptr : out;
  }

 private:
  // ---- lines to requests ----------------------------------------------------------------------

  /// The next line without its end; nullopt at the end of the file. A line that is too long is
  /// skipped and rejected.
  std::optional<std::string_view> read_line() {
    while (file_) {
      ++number_;
      file_.getline(line_.data(), static_cast<std::streamsize>(line_.size()));
      const auto got = static_cast<std::size_t>(file_.gcount());
      if (file_.fail() && got + 1 == line_.size()) {
        file_.clear();
        file_.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
        counts_.rejected.add(number_, "the line is too long");
        continue;
      }
      if (got == 0) return std::nullopt;
      // The end of the line is counted, but not at the end of the file.
      return std::string_view{line_.data(), got - (file_.eof() ? 0 : 1)};
    }
    return std::nullopt;
  }

  /// Puts the next request of the file into the window. False at its end.
  bool read_one() {
    for (;;) {
      const auto first = number_ + 1;
      asked_for one;
      bool has_request = true;
      const char* wrong = nullptr;
      if (format_ == file_format::gor) {
        if (!read_payload()) return false;
        std::optional<formats::recorded_request> parsed;
        wrong = formats::parse_gor_payload(payload_, parsed);
        has_request = parsed.has_value();
        if (parsed) one.request = std::move(*parsed);
      } else {
        auto line = read_line();
        if (!line) return false;
        if (line->ends_with('\r')) line->remove_suffix(1);
        if (format_ == file_format::log) {
          wrong = from_log(*line, one);
        } else {
          has_request = line->find_first_not_of(" \t") != std::string_view::npos;
          if (has_request) wrong = formats::parse_vegeta_line(*line, one.request);
        }
      }
      if (wrong != nullptr) {
        counts_.rejected.add(first, wrong);
      } else if (has_request) {
        const auto time = one.request.time_ns.value_or(newest_);
        newest_ = std::max(newest_, time);
        has_times_ = has_times_ && one.request.time_ns.has_value();
        window_.emplace(time, std::move(one));
        return true;
      }
    }
  }

  /// The lines up to a separator. False at the end of the file.
  bool read_payload() {
    payload_.clear();
    bool has_line = false;
    while (const auto line = read_line()) {
      if (*line == formats::gor_separator_line) return true;
      if (has_line) payload_ += '\n';
      has_line = true;
      if (payload_.size() + line->size() <= bounds_.line_bytes_max) payload_ += *line;
    }
    return has_line;
  }

  const char* from_log(std::string_view line, asked_for& into) const {
    base::combined_log_line record;
    if (line.empty()) return "the line is empty";
    if (const char* wrong = base::parse_combined_log(line, record)) return wrong;
    if (const char* wrong = formats::not_replayable(record)) return wrong;
    into.request = request_from(record);
    into.request.time_ns = record.time_s * second_ns;
    into.logged_bytes = record.bytes.value_or(0);
    if (options_.check == check_kind::status) into.expected.status = record.status;
    return nullptr;
  }

  // ---- in the order of their times ------------------------------------------------------------

  std::optional<asked_for> take_first() {
    while (!is_at_end_ && window_.size() < bounds_.sorting_window)
      is_at_end_ = !read_one();
    if (window_.empty()) return std::nullopt;
    auto node = window_.extract(window_.begin());
    if (!origin_) origin_ = last_ = node.key();
    counts_.late += node.key() < last_;
    last_ = std::max(last_, node.key());
    return std::move(node.mapped());
  }

  /// Those of one second of an access log, or one request.
  bool take_group() {
    group_.clear();
    do {
      auto one = take_first();
      if (!one) break;
      group_.push_back(std::move(*one));
    } while (format_ == file_format::log && !window_.empty() && window_.begin()->first == last_ &&
             group_.size() < bounds_.sorting_window);
    return !group_.empty();
  }

  /// As spread_times() does it for a whole log.
  std::vector<std::int64_t> times_of_group() {
    std::vector<std::int64_t> out(group_.size(), last_);
    if (format_ == file_format::log) {
      const auto seed = mix(options_.drive.seed, static_cast<std::uint64_t>(last_ / second_ns));
      for (std::size_t i = 0; i < out.size(); ++i)
        out[i] += static_cast<std::int64_t>(unit_interval(mix(seed, i)) * second_ns);
      std::sort(out.begin(), out.end());
    }
    if (!first_due_) first_due_ = out.front();
    for (auto& time : out)
      time = last_due_ = std::max(time - *first_due_, last_due_);
    return out;
  }

  void add_group(request_block& to) {
    const auto times = times_of_group();
    for (std::size_t i = 0; i < group_.size(); ++i) {
      auto& [request, expected, logged] = group_[i];
      const auto number = walked_++;
      if (format_ == file_format::log && request.body) {
        const auto seed = options_.drive.seed;
        request.body = made_up_body(mix(seed, number), options_.bodies.of(number, logged, seed));
      }
      if (!filter_.apply(request)) {
        ++counts_.left_out;
        continue;
      }
      add_request(to.source, request, expected);
      to.times_ns.push_back(times[i]);
      ++counts_.requests;
    }
    if (!has_times_) to.times_ns.clear();
  }

  const replay_options& options_;
  const file_format format_;
  const std::string authority_;
  const expectations& expected_;
  stream_counts& counts_;
  const stream_bounds bounds_;
  const request_filter filter_;
  std::ifstream file_;
  std::vector<char> line_;
  std::string payload_;
  std::uint64_t number_ = 0;  // of the line read last
  bool is_at_end_ = false;
  bool has_times_ = true;
  std::multimap<std::int64_t, asked_for> window_;  // by time; among equals in the file's order
  std::int64_t newest_ = 0;
  std::optional<std::int64_t> origin_;
  std::int64_t last_ = 0;
  std::optional<std::int64_t> first_due_;
  std::int64_t last_due_ = 0;
  std::vector<asked_for> group_;
  std::uint64_t walked_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace

std::unique_ptr<block_reader> open_stream(const replay_options& options,
                                          const std::string& authority,
                                          const expectations& expected, stream_counts& counts,
                                          const stream_bounds& bounds) {
  const auto format = options.format.value_or(format_of(options.log_path));
  const char* needs_all = format == file_format::har || format == file_format::urls ? "this format"
                          : options.check == check_kind::site                       ? "--check site"
                          : options.repeat > 1                                      ? "--repeat"
                          : options.strict                                          ? "--strict"
                                                                                    : nullptr;
  if (needs_all != nullptr) {
    throw base::failure{fmt::format("--stream: {} needs the whole file", needs_all), true};
  }
  const auto& host = options.host.empty() ? authority : options.host;
  return std::make_unique<file_stream>(options, format, host, expected, counts, bounds);
}

}  // namespace tacit::bench
