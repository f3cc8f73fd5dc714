#include "bench/recorder.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace tacit::bench {
namespace {

std::uint64_t span(std::int64_t from, std::int64_t to) noexcept {
  return to > from ? static_cast<std::uint64_t>(to - from) : 0;
}

/// Long targets are cut: an example is one line on a terminal.
std::string_view short_title(const request& asked) {
  return asked.title().substr(0, 120);
}

}  // namespace

const char* name_of(error_kind kind) noexcept {
  constexpr std::array<const char*, error_kinds> names = {
      "connect", "reset",           "closed_early",    "timeout",
      "parse",   "status_mismatch", "length_mismatch", "body_mismatch"};
  return names[static_cast<std::size_t>(kind)];
}

void tallies::add(const tallies& other) noexcept {
  due += other.due;
  sent += other.sent;
  answered += other.answered;
  failed += other.failed;
  outstanding += other.outstanding;
  resent += other.resent;
  reconnects += other.reconnects;
  retired += other.retired;
  own_limits += other.own_limits;
  bytes_received += other.bytes_received;
  body_bytes += other.body_bytes;
  for (std::size_t i = 0; i < status_classes.size(); ++i)
    status_classes[i] += other.status_classes[i];
  for (std::size_t i = 0; i < errors.size(); ++i)
    errors[i] += other.errors[i];
}

std::uint64_t tallies::errors_total() const noexcept {
  std::uint64_t total = 0;
  for (const auto count : errors)
    total += count;
  return total;
}

/// Counts every error, and describes only the first few: a flood of them must not cost the harness
/// its speed.
template <class Describe>
void recorder::count_error(error_kind kind, std::int64_t now_ns, Describe&& describe) {
  seconds_.on_error(now_ns);
  ++counts.errors[static_cast<std::size_t>(kind)];
  if (examples_.size() < examples_max) examples_.push_back(describe());
}

recorder::recorder(contents from)
    : latency_{std::move(from.latency)},
      service_{std::move(from.service)},
      apart_{std::move(from.apart)},
      lag_{std::move(from.lag)},
      seconds_{std::move(from.seconds)},
      examples_{std::move(from.examples)} {}

void recorder::on_sent(std::int64_t now_ns, std::int64_t lag_ns) {
  lag_.record(span(0, lag_ns));
  seconds_.on_sent(now_ns, span(0, lag_ns));
}

void recorder::on_answer(const request& asked, const answer& got, const request_times& times) {
  if (asked.is_apart) {
    apart_.record(span(times.due, times.answered));
  } else {
    latency_.record(span(times.due, times.answered));
    seconds_.on_answer(times.answered, span(times.due, times.answered));
    service_.record(span(times.sent, times.answered));
  }
  last_answer_ns = times.answered;
  ++counts.answered;
  counts.body_bytes += got.body_bytes;
  ++counts.status_classes[std::min<std::size_t>(static_cast<std::size_t>(got.status / 100), 5)];
  const expected_answer& expected = asked.expected;
  if (expected.status && *expected.status != got.status) {
    count_error(error_kind::status_mismatch, times.answered, [&] {
      return fmt::format("{}: expected status {}, got {}", short_title(asked), *expected.status,
                         got.status);
    });
  } else if (expected.body_bytes && *expected.body_bytes != got.body_bytes) {
    count_error(error_kind::length_mismatch, times.answered, [&] {
      return fmt::format("{}: expected {} body bytes, got {}", short_title(asked),
                         *expected.body_bytes, got.body_bytes);
    });
  } else if (!got.body_fits) {
    count_error(error_kind::body_mismatch, times.answered, [&] {
      return fmt::format("{}: the body is not what was expected", short_title(asked));
    });
  }
}

void recorder::on_failure(error_kind kind, const request* asked, const std::string& detail,
                          std::int64_t now_ns) {
  if (asked != nullptr) ++counts.failed;
  count_error(kind, now_ns, [&] {
    return asked == nullptr ? detail
                            : fmt::format("{}: {}: {}", short_title(*asked), name_of(kind), detail);
  });
}

void recorder::on_connect_failure(const std::string& detail, std::int64_t now_ns) {
  on_failure(error_kind::connect, nullptr, detail, now_ns);
}

void recorder::on_own_limit(const std::string& detail) {
  ++counts.own_limits;
  if (own_limit.empty()) own_limit = detail;
}

void recorder::merge(const recorder& other) {
  latency_.merge(other.latency_);
  service_.merge(other.service_);
  apart_.merge(other.apart_);
  lag_.merge(other.lag_);
  seconds_.merge(other.seconds_);
  counts.add(other.counts);
  if (own_limit.empty()) own_limit = other.own_limit;
  last_due_ns = std::max(last_due_ns, other.last_due_ns);
  last_answer_ns = std::max(last_answer_ns, other.last_answer_ns);
  longest_silence_ns = std::max(longest_silence_ns, other.longest_silence_ns);
  for (const auto& example : other.examples_) {
    if (examples_.size() < examples_max) examples_.push_back(example);
  }
}

}  // namespace tacit::bench
