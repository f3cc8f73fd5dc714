#include "server/connection_report.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include <tacit/sched/blocking.hpp>

namespace tacit::server {
namespace {

using http::activity;
using nlohmann::json;

// While they are described, no connection can be opened or closed.
constexpr std::uint64_t connections_listed = 100;
constexpr std::uint64_t connections_listed_max = 1'000;

std::size_t total(const http::connection_listing& listing) {
  return std::accumulate(listing.count.begin(), listing.count.end(), std::size_t{0});
}

// In an address "reading head" is "reading_head".
std::string key_of(activity value) {
  std::string key(http::to_string(value));
  for (char& each : key) {
    if (each == ' ') each = '_';
  }
  return key;
}

std::optional<activity> parse_activity(std::string_view text) {
  for (std::size_t i = 0; i < http::activities; ++i) {
    if (key_of(static_cast<activity>(i)) == text) return static_cast<activity>(i);
  }
  return std::nullopt;
}

using fractional_seconds = std::chrono::duration<double>;

json one_to_json(const http::connection_info& info) {
  json out = {{"connection", info.requests.connection},
              {"peer", info.socket.peer},
              {"state", key_of(info.doing)},
              {"asleep", info.is_asleep},
              {"held_bytes", info.held_bytes},
              {"age_s", fractional_seconds(info.age).count()},
              {"requests", info.requests.requests}};
  const auto number = [&](const char* name, std::optional<std::uint64_t> value) {
    out[name] = value ? json(*value) : json(nullptr);
  };
  number("received_bytes", info.socket.received_bytes);
  number("sent_bytes", info.socket.sent_bytes);
  if (info.requests.current) out["request"] = info.requests.current->to_string();
  return out;
}

std::string bytes_or_dash(std::optional<std::uint64_t> value) {
  return value ? std::to_string(*value) : "-";
}

}  // namespace

json to_json(const http::connection_listing& listing) {
  json out = {{"total", total(listing)},
              {"listed", listing.connections.size()},
              {"asleep", listing.asleep},
              {"states", json::object()},
              {"connections", json::array()}};
  for (std::size_t i = 0; i < http::activities; ++i)
    out["states"][key_of(static_cast<activity>(i))] = listing.count[i];
  for (const auto& each : listing.connections)
    out["connections"].push_back(one_to_json(each));
  return out;
}

std::string to_text(const http::connection_listing& listing) {
  std::string text = std::to_string(total(listing)) + " connections, " +
                     std::to_string(listing.connections.size()) + " listed, newest first\n\n";
  char line[160];
  std::snprintf(line, sizeof line, "%10s  %-22s %-13s %10s %9s %12s %12s  %s\n", "connection",
                "peer", "state", "age s", "requests", "received", "sent", "request");
  text += line;
  for (const auto& each : listing.connections) {
    std::snprintf(
        line, sizeof line, "%10llu  %-22s %-13s %10.3f %9u %12s %12s  ",
        static_cast<unsigned long long>(each.requests.connection), each.socket.peer.c_str(),
        each.is_asleep ? "idle, asleep" : std::string(http::to_string(each.doing)).c_str(),
        fractional_seconds(each.age).count(), each.requests.requests,
        bytes_or_dash(each.socket.received_bytes).c_str(),
        bytes_or_dash(each.socket.sent_bytes).c_str());
    text += line;
    if (each.requests.current) text += each.requests.current->to_string();
    text += '\n';
  }
  return text;
}

sched::task<> answer_connections(const http::connection_set& of, http::context& c) {
  const auto format = c.request.query_value("format").value_or("json");
  const auto limit = c.request.query_value("limit") ? c.query_number("limit") : connections_listed;
  const auto state = c.request.query_value("state");
  const auto only = state ? parse_activity(*state) : std::nullopt;
  if (!limit || *limit > connections_listed_max || (format != "json" && format != "text") ||
      (state && !only)) {
    co_return c.problem(400,
                        "expected ?format=json or text, ?limit=N with N up to 1000, ?state=idle, "
                        "reading_head, reading_body, handling, writing or lingering");
  }
  const bool as_text = format == "text";
  std::string body;
  // Other connections can wait for the set meanwhile, workers should not.
  const auto collect = [&body, &of, as_text, only, most = static_cast<std::size_t>(*limit)] {
    const http::connection_listing listing = of.list(most, only);
    body = as_text ? to_text(listing) : to_json(listing).dump();
  };
  co_await sched::blocking(collect);
  c.body(body, as_text ? "text/plain; charset=utf-8" : "application/json");
}

}  // namespace tacit::server
