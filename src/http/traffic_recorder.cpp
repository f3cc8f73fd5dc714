#include <tacit/http/traffic_recorder.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string_view>

#include <tacit/base/atomic.hpp>
#include <tacit/base/quick_random.hpp>
#include <tacit/observe/line_writer.hpp>

namespace tacit::http {
namespace {

// Three monkeys: what GoReplay ends a payload with, since no request has it.
constexpr std::string_view separator = "\n\xF0\x9F\x90\xB5\xF0\x9F\x99\x88\xF0\x9F\x99\x89\n";

template <class Number>
void append_number(std::pmr::string& to, Number value, int base = 10) {
  std::array<char, 24> text;
  to.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value, base).ptr);
}

bool is_recorded(std::string_view field_name) noexcept {
  constexpr std::array<std::string_view, 5> left_out = {
      "Content-Length", "Transfer-Encoding", "Authorization", "Proxy-Authorization", "Cookie"};
  return std::none_of(left_out.begin(), left_out.end(),
                      [&](auto name) { return equals_ignoring_case(name, field_name); });
}

std::int64_t unix_ns_of(base::steady_time then) {
  const auto ago = std::chrono::steady_clock::now() - then;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             (std::chrono::system_clock::now() - ago).time_since_epoch())
      .count();
}

void append_head(std::pmr::string& to, const request& what) {
  to.append(what.method_name).append(" ").append(what.target);
  to.append(what.version == 10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  for (const auto& each : what.fields) {
    if (is_recorded(each.name)) to.append(each.name).append(": ").append(each.value).append("\r\n");
  }
  if (!what.body.empty()) {
    to.append("Content-Length: ");
    append_number(to, what.body.size());
    to.append("\r\n");
  }
  to.append("\r\n");
}

// A line of type (1: a request), id and time, the request, the separator.
void append_payload(std::pmr::string& to, const context& c) {
  to.append("1 ");
  append_number(to, base::quick_random() | std::uint64_t{1} << 63, 16);
  to += ' ';
  append_number(to, unix_ns_of(c.passage.started));
  to += '\n';
  append_head(to, c.request);
  to.append(c.request.body).append(separator);
}

}  // namespace

class traffic_recorder::recording {
 public:
  explicit recording(const traffic_recorder_options& with)
      : lines_(with.file, with.waiting_bytes_max) {}

  void record(const context& c) {
    // What was refused before it was understood is no request that could be sent again.
    if (c.request.target.empty() || c.passage.started == base::steady_time{}) return;
    std::pmr::string payload(&c.arena());
    payload.reserve(512 + c.request.body.size());
    append_payload(payload, c);
    if (lines_.write(payload)) recorded_.fetch_add(1, base::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t recorded() const noexcept {
    return recorded_.load(base::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return lines_.dropped(); }

 private:
  observe::line_writer lines_;
  base::atomic<std::uint64_t> recorded_{0};
};

traffic_recorder::traffic_recorder(const traffic_recorder_options& with)
    : shared_(std::make_shared<recording>(with)) {}

middleware traffic_recorder::around() const {
  middleware made;
  made.at = stage::access_log;
  made.before = [](context& c) {
    c.passage.started = std::chrono::steady_clock::now();
    return true;
  };
  made.answered = [shared = shared_](const context& c, std::uint64_t) { shared->record(c); };
  return made;
}

void traffic_recorder::add_to(observe::metrics& in) const {
  in.add_total("tacit_recorded_requests_total", "Requests that were recorded for a replay.",
               [shared = shared_] { return static_cast<double>(shared->recorded()); });
  in.add_total("tacit_recording_dropped_total", "Requests that were not recorded for lack of room.",
               [shared = shared_] { return static_cast<double>(shared->dropped()); });
}

std::uint64_t traffic_recorder::recorded() const noexcept {
  return shared_->recorded();
}

std::uint64_t traffic_recorder::dropped() const noexcept {
  return shared_->dropped();
}

}  // namespace tacit::http
