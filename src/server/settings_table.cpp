// The table of settings. A new one is a member of options, and a row here.

#include "server/settings.hpp"

#include <chrono>
#include <limits>
#include <type_traits>

namespace tacit::server {
namespace {

using json = nlohmann::json;
using kind = setting::kind;
using std::chrono::milliseconds;

// A day, and a tebibyte; more is a slip.
constexpr std::uint64_t duration_ms_max = 86'400'000;
constexpr std::uint64_t size_max = std::uint64_t{1} << 40;

// ---- A row of the table from a pointer to its member.

template <class Owner>
auto& part_of(auto& all) {
  if constexpr (std::is_same_v<Owner, http::limits>) {
    return all.limits;
  } else if constexpr (std::is_same_v<Owner, middleware_options>) {
    return all.middleware;
  } else {
    return all;
  }
}

template <class Owner>
constexpr std::string_view group_of() {
  if (std::is_same_v<Owner, http::limits>) return "limits";
  return std::is_same_v<Owner, middleware_options> ? "middleware" : "";
}

template <class Value>
constexpr kind kind_of() {
  if (std::is_same_v<Value, bool>) return kind::flag;
  if (std::is_same_v<Value, std::string>) return kind::text;
  return std::is_enum_v<Value> ? kind::choice : kind::number;
}

template <class Value>
constexpr std::uint64_t max_of() {
  if constexpr (std::is_same_v<Value, milliseconds>) return duration_ms_max;
  if constexpr (std::is_same_v<Value, std::uint64_t>) return size_max;
  if constexpr (std::is_integral_v<Value>) return std::numeric_limits<Value>::max();
  return 0;
}

void convert(const json& from, threading& into) {
  into = taken(parse_threading(from.get_ref<const std::string&>()));
}
void convert(const json& from, memory::mode& into) {
  into = taken(parse_memory(from.get_ref<const std::string&>()));
}
void convert(const json& from, milliseconds& into) {
  into = milliseconds(from.get<std::int64_t>());
}
void convert(const json& from, auto& into) {
  from.get_to(into);
}

json shown(const auto& value) {
  using Value = std::remove_cvref_t<decltype(value)>;
  if constexpr (std::is_same_v<Value, milliseconds>) {
    return value.count();
  } else if constexpr (std::is_enum_v<Value>) {
    return std::string(to_string(value));
  } else {
    return value;
  }
}

template <auto Member>
struct at;

template <class Owner, class Value, Value Owner::*Member>
struct at<Member> {
  static void set(options& o, const json& value) { convert(value, part_of<Owner>(o).*Member); }
  static json get(const options& o) { return shown(part_of<Owner>(o).*Member); }

  static constexpr setting row(std::string_view name, std::string_view unit,
                               std::string_view about) {
    // All limits are replaced by a reload.
    const bool at_once = std::is_same_v<Owner, http::limits>;
    return {group_of<Owner>(),
            name,
            kind_of<Value>(),
            max_of<Value>(),
            {},
            unit,
            about,
            at_once,
            false,
            &set,
            &get};
  }
};

template <auto Member>
constexpr setting row(std::string_view name, std::string_view about) {
  return at<Member>::row(name, "", about);
}
template <auto Member>
constexpr setting number(std::string_view name, std::string_view unit, std::string_view about) {
  return at<Member>::row(name, unit, about);
}

// What a row may be besides.
constexpr setting option(setting s) {
  s.is_option = true;
  return s;
}
constexpr setting live(setting s) {
  s.at_once = true;
  return s;
}
constexpr setting up_to(std::uint64_t value_max, setting s) {
  s.value_max = value_max;
  return s;
}
constexpr setting of_kind(kind takes, setting s) {
  s.takes = takes;
  return s;
}
constexpr setting one_of(std::string_view choices, setting s) {
  s.takes = kind::choice;
  s.choices = choices;
  return s;
}
constexpr setting around(kind takes, std::string_view name, std::string_view about,
                         void (*set)(options&, const json&), json (*get)(const options&)) {
  return {"middleware", name, takes, 0, {}, "", about, false, false, set, get};
}

// ---- Settings that are no plain members.

void set_access_log(options& o, const json& value) {
  auto& log = o.middleware.access_log;
  const auto& format = value.get_ref<const std::string&>();
  if (format == "off") {
    log.reset();
    return;
  }
  if (!log) log.emplace();
  log->format =
      format == "json" ? http::access_log_format::json_lines : http::access_log_format::combined;
}

json get_access_log(const options& o) {
  const auto& log = o.middleware.access_log;
  if (!log) return "off";
  return log->format == http::access_log_format::json_lines ? "json" : "combined";
}

http::access_log_options& needed_log(options& o) {
  if (!o.middleware.access_log) throw value_error{"has no effect without access_log"};
  return *o.middleware.access_log;
}

http::access_log_options log_of(const options& o) {
  return o.middleware.access_log.value_or(http::access_log_options{});
}

void set_cors(options& o, const json& origins) {
  auto& cors = o.middleware.cors;
  cors.reset();
  if (!origins.empty()) origins.get_to(cors.emplace().origins);
}

json get_cors(const options& o) {
  return o.middleware.cors ? json(o.middleware.cors->origins) : json::array();
}

void set_compression(options& o, const json& value) {
  o.middleware.compression.reset();
  if (value.get<bool>()) o.middleware.compression.emplace();
}

// ---- The table. access_log comes first in the alphabet, so it is read before what belongs to it.

using http::limits;

// A row is what it is on one line, and what it is for on the next.
// clang-format off
constexpr setting table[] = {
    option(of_kind(kind::address, row<&options::listen>("listen",
        "ADDRESS:PORT; port 0 for a free one. Only this machine, until somebody decides otherwise"))),
    option(one_of("coroutine|thread", row<&options::mode>("mode",
        "coroutines on few workers, or a thread for each connection, which is the baseline"))),
    option(one_of("arena|heap", row<&options::memory>("memory",
        "memory of requests from arenas and pools, or from the allocator, which is the baseline"))),
    option(up_to(workers_max, number<&options::workers>("workers", "",
        "threads that run coroutines; 0 for one per available CPU"))),
    option(up_to(workers_max, number<&options::spare_workers>("spare_workers", "",
        "threads that stand by for when all workers are held by long handlers"))),
    option(row<&options::stealing>("stealing",
        "idle workers take work and the poll from others; off is for measuring")),
    option(number<&options::stall_bound>("stall_bound_ms", "ms",
        "report a handler that keeps its worker for longer; 0 for never")),
    option(row<&options::pause_recorder>("pause_recorder",
        "pauses of the workers are recorded; off is for measuring")),
    option(row<&options::debug_routes>("debug_routes",
        "GET /debug/stall, with which anybody who can ask holds up the server")),
    option(number<&options::idle_release_delay>("idle_release_delay_ms", "ms",
        "a connection without a request for so long gives its memory back, 0 for never; waking costs microseconds")),
    live(option(number<&options::drain_delay>("drain_delay_ms", "ms",
        "after SIGTERM, serve on with /readyz at 503 for so long; behind a balancer, as long as it takes to notice"))),
    live(number<&options::drain_idle>("drain_idle_ms", "ms",
        "in a drain, keep waiting connections for so long: a request on its way is answered")),
    live(option(number<&options::drain_timeout>("drain_timeout_ms", "ms",
        "then cut what has not ended after so long; below the 30 s that orchestrators grant"))),
    live(number<&options::upgrade_timeout>("upgrade_timeout_ms", "ms",
        "a new process that is not ready by then is ended, and the old one serves on")),
    option(row<&options::files>("files",
        "serve the files of this folder; empty for none")),
    option(row<&options::files_prefix>("files_prefix",
        "path below which files are served; with / there are no demo routes")),

    number<&limits::head_bytes_max>("head_bytes_max", "bytes",
        "request line and fields together, else 431; as Apache and nginx"),
    number<&limits::target_bytes_max>("target_bytes_max", "bytes",
        "request target, else 414; browsers give up earlier"),
    up_to(65'535, number<&limits::fields_max>("fields_max", "",
        "fields of a request, else 431; each costs memory")),
    number<&limits::body_bytes_max>("body_bytes_max", "bytes",
        "a body held in memory, else 413; who takes it piece by piece decides for itself"),
    number<&limits::chunk_extension_bytes_max>("chunk_extension_bytes_max", "bytes",
        "chunk extensions of a body, else 400; nobody uses them"),
    number<&limits::unread_body_bytes_max>("unread_body_bytes_max", "bytes",
        "what is read of a body that its handler left; with more to come the connection is closed, which is cheaper"),
    number<&limits::head_timeout>("head_timeout_ms", "ms",
        "from the first byte of a request to the end of its head, else 408; enough for a bad mobile link"),
    number<&limits::body_timeout>("body_timeout_ms", "ms",
        "each stretch of this length must bring body_bytes_per_s_min, else 408"),
    number<&limits::body_bytes_per_s_min>("body_bytes_per_s_min", "bytes/s",
        "0: any progress will do. Slower than any link in use"),
    number<&limits::idle_timeout>("idle_timeout_ms", "ms",
        "between two requests; longer than the 60 s of most proxies"),
    number<&limits::write_timeout>("write_timeout_ms", "ms",
        "each stretch of this length must take write_bytes_per_s_min of an answer, else the connection is cut"),
    number<&limits::write_bytes_per_s_min>("write_bytes_per_s_min", "bytes/s",
        "0: any progress will do. Slower than any link in use"),
    number<&limits::handler_timeout>("handler_timeout_ms", "ms",
        "for a coroutine handler, else its waits end and it is answered 503; 0 for no limit"),
    number<&limits::connections_max>("connections_max", "",
        "open connections; further ones are answered 503 at once"),
    number<&limits::connections_per_peer_max>("connections_per_peer_max", "",
        "the same for each IPv4 address or IPv6 /64; 0 for no bound, since behind a proxy all come from one"),
    number<&limits::threads_max>("threads_max", "",
        "threads of thread mode, hence its connections"),

    one_of("off|combined|json", around(kind::choice, "access_log",
        "log answers, in this format", set_access_log, get_access_log)),
    around(kind::text, "access_log_file",
        "appended to; - is stdout. Takes access_log",
        [](options& o, const json& v) { v.get_to(needed_log(o).file); },
        [](const options& o) -> json { return log_of(o).file; }),
    around(kind::share, "access_log_sample",
        "share of answers that is logged; of 500 and above all are. Takes access_log",
        [](options& o, const json& v) { v.get_to(needed_log(o).sample); },
        [](const options& o) -> json { return log_of(o).sample; }),
    around(kind::flag, "compression",
        "compress answers as the client accepts", set_compression,
        [](const options& o) -> json { return o.middleware.compression.has_value(); }),
    around(kind::texts, "cors",
        "origins whose scripts may read the answers: https://a.example", set_cors, get_cors),
    row<&middleware_options::request_id>("request_id",
        "pass X-Request-ID on, or make one"),
    row<&middleware_options::security_headers>("security_headers",
        "fields that have browsers trust less"),
};
// clang-format on

}  // namespace

std::span<const setting> settings() noexcept {
  return table;
}

}  // namespace tacit::server
