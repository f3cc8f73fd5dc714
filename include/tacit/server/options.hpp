#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <tacit/base/error.hpp>
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

  /// How long a drain waits for requests under way before it cuts them. Below the 30 s that
  /// orchestrators grant by default.
  std::chrono::milliseconds drain_timeout{20'000};

  /// A folder whose files `tacit serve` serves, and the path below which it does. Empty: none. In a
  /// program of one's own that is a route with http::files.
  std::string files;
  std::string files_prefix = "/static";

  http::limits limits;
};

/// Reads settings from a JSON file into `into`; what the file does not name stays as it is. A key
/// that does not exist, or a value of the wrong kind, is a failure that names file, line and key.
[[nodiscard]] std::variant<std::monostate, base::failure> load_config(const std::string& file,
                                                                      options& into);

[[nodiscard]] std::variant<threading, base::failure> parse_threading(std::string_view text);
[[nodiscard]] std::variant<memory::mode, base::failure> parse_memory(std::string_view text);

/// "on" or "off".
[[nodiscard]] std::variant<bool, base::failure> parse_switch(std::string_view text);

}  // namespace tacit::server
