#include <tacit/http/access_log.hpp>

#include <ctime>
#include <memory>

#include <tacit/base/quick_random.hpp>
#include <tacit/observe/line_writer.hpp>

#include "http/access_line.hpp"
#include "io/peer_address.hpp"

namespace tacit::http {
namespace {

// A line of ordinary length; a longer one grows.
constexpr std::size_t line_bytes_usual = 512;

class logging {
 public:
  explicit logging(const access_log_options& with)
      : options_(with), lines_(with.file, with.waiting_bytes_max) {}

  void log(const context& c, std::uint64_t body_bytes) {
    if (c.response.status < 500 && !is_sampled()) return;
    access what;
    what.body_bytes = body_bytes;
    io::address_text address;
    if (c.peer) what.client = io::peer_address(*c.peer, address);
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    what.unix_ms = std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
    if (c.passage.started != base::steady_time{}) {
      what.duration = std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - c.passage.started);
    }
    std::pmr::string line(&c.arena());
    line.reserve(line_bytes_usual);
    if (options_.format == access_log_format::json_lines) {
      append_json(line, c, what);
    } else {
      append_combined(line, c, what);
    }
    lines_.write(line);
  }

  [[nodiscard]] std::uint64_t dropped() const noexcept { return lines_.dropped(); }

 private:
  [[nodiscard]] bool is_sampled() const noexcept {
    constexpr double range = 4294967296.0;
    return options_.sample >= 1 ||
           static_cast<double>(base::quick_random() >> 32) < options_.sample * range;
  }

  const access_log_options options_;
  observe::line_writer lines_;
};

}  // namespace

middleware access_log(const access_log_options& with, observe::metrics* in) {
  const auto shared = std::make_shared<logging>(with);
  if (in) {
    in->add_total("tacit_access_log_dropped_total", "Access log lines that were not written.",
                  [shared] { return static_cast<double>(shared->dropped()); });
  }
  middleware made;
  made.at = stage::access_log;
  made.before = [](context& c) {
    c.passage.started = std::chrono::steady_clock::now();
    return true;
  };
  made.answered = [shared](const context& c, std::uint64_t bytes) { shared->log(c, bytes); };
  return made;
}

}  // namespace tacit::http
