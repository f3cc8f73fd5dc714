#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tacit/base/error.hpp>
#include <tacit/http/access_log.hpp>
#include <tacit/http/compression.hpp>
#include <tacit/http/cors.hpp>
#include <tacit/http/limits.hpp>
#include <tacit/memory/mode.hpp>

namespace tacit::server {

/// How connections are served.
enum class threading {
  coroutine,  ///< Coroutines on a fixed number of workers, which steal work from each other.
  thread,     ///< One blocking thread per connection: the baseline.
};

[[nodiscard]] constexpr std::string_view to_string(threading value) noexcept {
  return value == threading::coroutine ? "coroutine" : "thread";
}

/// More than any machine has CPUs for; a larger number is a slip.
inline constexpr std::uint32_t workers_max = 1024;

/// What goes around every answer, without the program's doing. All of it is off unless it is asked
/// for.
struct middleware_options {
  bool request_id = false;
  std::optional<http::access_log_options> access_log = {};
  std::optional<http::compression_options> compression = {};
  std::optional<http::cors_options> cors = {};
  bool security_headers = false;

  friend bool operator==(const middleware_options&, const middleware_options&) = default;
};

/// All settings of a server, with their defaults.
struct options {
  /// ADDRESS:PORT; port 0 lets the system pick one.
  std::string listen = "127.0.0.1:8080";

  threading mode = threading::coroutine;
  memory::mode memory = memory::mode::arena;

  /// Worker threads in coroutine mode; 0 means one per available CPU.
  std::uint32_t workers = 0;

  /// Whether idle workers take work, and the poll, from others. Off is thread per core: only to
  /// measure what stealing is worth.
  bool stealing = true;

  /// Threads that stand by for when every worker is held by a handler that computes for long: then
  /// the other requests are served by one of them, and the kernel shares the CPUs out.
  std::uint32_t spare_workers = 16;

  /// A handler that keeps its worker for longer than this is reported as a stall, in the log and
  /// by tacit_stalls_total. 0: never. Coroutine mode only.
  std::chrono::milliseconds stall_bound{20};

  /// Whether pauses are recorded (docs/pauses.md). Off only to measure what that costs.
  bool pause_recorder = true;

  /// Whether there is GET /debug/stall, with which anybody who can ask holds up the server: to show
  /// that pauses are found.
  bool debug_routes = false;

  /// A connection without a request for this long falls asleep: its coroutine ends, and what it
  /// held for it goes back. Waking costs some microseconds, so that connections in use stay awake.
  /// 0: never. Coroutine mode with arena memory only.
  std::chrono::milliseconds idle_release_delay{2'000};

  /// How long a server that is told to stop goes on as before, except that /readyz answers 503. For
  /// balancers that ask /readyz, or learn late that the server goes: Kubernetes takes a few seconds
  /// to take a pod out of its endpoints.
  std::chrono::milliseconds drain_delay{0};

  /// How long a connection that waits for a request is kept once a drain has begun. A request that
  /// comes in this time is answered, with `Connection: close`; without it, peers that send often
  /// would have requests on their way just when their connection is closed.
  std::chrono::milliseconds drain_idle{250};

  /// How long a drain waits for requests under way before it cuts them. Below the 30 s that
  /// orchestrators grant by default.
  std::chrono::milliseconds drain_timeout{20'000};

  /// How long a new process has to become ready when the server is upgraded; then it is ended and
  /// the old one serves on.
  std::chrono::milliseconds upgrade_timeout{30'000};

  middleware_options middleware;

  /// A folder whose files `tacit serve` serves, and the path below which it does. Empty: none. In a
  /// program of one's own that is a route with http::files.
  std::string files;
  std::string files_prefix = "/static";

  http::limits limits;
};

/// The settings that differ and cannot be changed while a server runs, by their JSON keys.
[[nodiscard]] std::vector<std::string> fixed_differences(const options& running,
                                                         const options& wanted);

/// Reads settings from a JSON file into `into`; what the file does not name stays as it is. A key
/// that does not exist, or a value of the wrong kind, is a failure that names file, line and key.
[[nodiscard]] std::variant<std::monostate, base::failure> load_config(const std::string& file,
                                                                      options& into);

[[nodiscard]] std::variant<threading, base::failure> parse_threading(std::string_view text);
[[nodiscard]] std::variant<memory::mode, base::failure> parse_memory(std::string_view text);

/// "on" or "off".
[[nodiscard]] std::variant<bool, base::failure> parse_switch(std::string_view text);

}  // namespace tacit::server
