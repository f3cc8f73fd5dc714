#include <tacit/server/options.hpp>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

namespace tacit::server {
namespace {

using json = nlohmann::json;

// What is wrong with a value, without saying where.
struct value_error {
  std::string what;
};

struct key {
  std::string name;
  std::function<void(const json&)> set;  // Throws value_error.
};

template <class Number>
void set_number(Number& into, const json& value) {
  if (!value.is_number_unsigned() ||
      value.get<std::uint64_t>() > std::numeric_limits<Number>::max()) {
    throw value_error{"expected a whole number from 0 to " +
                      std::to_string(std::numeric_limits<Number>::max())};
  }
  into = value.get<Number>();
}

void set_workers(std::uint32_t& into, const json& value) {
  std::uint32_t wanted = 0;
  set_number(wanted, value);
  if (wanted > workers_max) {
    throw value_error{"expected a whole number from 0 to " + std::to_string(workers_max)};
  }
  into = wanted;
}

void set_duration(std::chrono::milliseconds& into, const json& value) {
  std::uint32_t ms = 0;
  set_number(ms, value);
  into = std::chrono::milliseconds(ms);
}

void set_flag(bool& into, const json& value) {
  if (!value.is_boolean()) throw value_error{"expected true or false"};
  into = value.get<bool>();
}

std::string as_text(const json& value) {
  if (!value.is_string()) throw value_error{"expected a text in quotes"};
  return value.get<std::string>();
}

template <class T>
void set_parsed(T& into, std::variant<T, base::failure> parsed) {
  if (const auto* failure = std::get_if<base::failure>(&parsed))
    throw value_error{failure->message};
  into = std::get<T>(parsed);
}

std::vector<key> keys_of(options& o) {
  return {{"listen", [&](const json& v) { o.listen = as_text(v); }},
          {"mode", [&](const json& v) { set_parsed(o.mode, parse_threading(as_text(v))); }},
          {"memory", [&](const json& v) { set_parsed(o.memory, parse_memory(as_text(v))); }},
          {"workers", [&](const json& v) { set_workers(o.workers, v); }},
          {"spare_workers", [&](const json& v) { set_workers(o.spare_workers, v); }},
          {"stealing", [&](const json& v) { set_flag(o.stealing, v); }},
          {"stall_bound_ms", [&](const json& v) { set_duration(o.stall_bound, v); }},
          {"idle_release_delay_ms", [&](const json& v) { set_duration(o.idle_release_delay, v); }},
          {"memory_budget_bytes", [&](const json& v) { set_number(o.memory_budget_bytes, v); }},
          {"uncommit_delay_ms", [&](const json& v) { set_duration(o.uncommit_delay, v); }},
          {"drain_delay_ms", [&](const json& v) { set_duration(o.drain_delay, v); }},
          {"drain_idle_ms", [&](const json& v) { set_duration(o.drain_idle, v); }},
          {"upgrade_timeout_ms", [&](const json& v) { set_duration(o.upgrade_timeout, v); }},
          {"files", [&](const json& v) { o.files = as_text(v); }},
          {"files_prefix", [&](const json& v) { o.files_prefix = as_text(v); }},
          {"drain_timeout_ms", [&](const json& v) { set_duration(o.drain_timeout, v); }}};
}

std::vector<key> keys_of(http::limits& l) {
  return {{"head_bytes_max", [&](const json& v) { set_number(l.head_bytes_max, v); }},
          {"target_bytes_max", [&](const json& v) { set_number(l.target_bytes_max, v); }},
          {"fields_max", [&](const json& v) { set_number(l.fields_max, v); }},
          {"body_bytes_max", [&](const json& v) { set_number(l.body_bytes_max, v); }},
          {"head_timeout_ms", [&](const json& v) { set_duration(l.head_timeout, v); }},
          {"body_timeout_ms", [&](const json& v) { set_duration(l.body_timeout, v); }},
          {"idle_timeout_ms", [&](const json& v) { set_duration(l.idle_timeout, v); }},
          {"write_timeout_ms", [&](const json& v) { set_duration(l.write_timeout, v); }},
          {"chunk_extension_bytes_max",
           [&](const json& v) { set_number(l.chunk_extension_bytes_max, v); }},
          {"unread_body_bytes_max", [&](const json& v) { set_number(l.unread_body_bytes_max, v); }},
          {"body_bytes_per_s_min", [&](const json& v) { set_number(l.body_bytes_per_s_min, v); }},
          {"write_bytes_per_s_min", [&](const json& v) { set_number(l.write_bytes_per_s_min, v); }},
          {"handler_timeout_ms", [&](const json& v) { set_duration(l.handler_timeout, v); }},
          {"connections_max", [&](const json& v) { set_number(l.connections_max, v); }},
          {"connections_per_peer_max",
           [&](const json& v) { set_number(l.connections_per_peer_max, v); }},
          {"threads_max", [&](const json& v) { set_number(l.threads_max, v); }}};
}

void set_share(double& into, const json& value) {
  if (!value.is_number() || value.get<double>() < 0 || value.get<double>() > 1) {
    throw value_error{"expected a number from 0 to 1"};
  }
  into = value.get<double>();
}

void set_access_log(std::optional<http::access_log_options>& into, const json& value) {
  const std::string format = as_text(value);
  if (format == "off") {
    into.reset();
    return;
  }
  if (format != "combined" && format != "json") {
    throw value_error{"'" + format + "' is unknown; expected off, combined or json"};
  }
  if (!into) into.emplace();
  into->format =
      format == "json" ? http::access_log_format::json_lines : http::access_log_format::combined;
}

http::access_log_options& needed_log(std::optional<http::access_log_options>& of) {
  if (!of) throw value_error{"has no effect without access_log"};
  return *of;
}

void set_cors(std::optional<http::cors_options>& into, const json& value) {
  if (!value.is_array()) throw value_error{"expected a list of origins: [\"https://a.example\"]"};
  into.reset();
  for (const json& each : value) {
    if (!into) into.emplace();
    into->origins.push_back(as_text(each));
  }
}

void set_compression(std::optional<http::compression_options>& into, const json& value) {
  bool wanted = false;
  set_flag(wanted, value);
  into = wanted ? std::optional(http::compression_options{}) : std::nullopt;
}

// access_log comes first in the alphabet, so it is read before what belongs to it.
std::vector<key> keys_of(middleware_options& m) {
  return {
      {"access_log", [&](const json& v) { set_access_log(m.access_log, v); }},
      {"access_log_file", [&](const json& v) { needed_log(m.access_log).file = as_text(v); }},
      {"access_log_sample", [&](const json& v) { set_share(needed_log(m.access_log).sample, v); }},
      {"compression", [&](const json& v) { set_compression(m.compression, v); }},
      {"cors", [&](const json& v) { set_cors(m.cors, v); }},
      {"request_id", [&](const json& v) { set_flag(m.request_id, v); }},
      {"security_headers", [&](const json& v) { set_flag(m.security_headers, v); }}};
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

// The key that was meant, or what keys there are.
std::string advice(const std::string& name, const std::vector<key>& keys) {
  const auto nearest = std::min_element(keys.begin(), keys.end(), [&](const key& a, const key& b) {
    return edit_distance(name, a.name) < edit_distance(name, b.name);
  });
  if (edit_distance(name, nearest->name) <= 3) return "did you mean '" + nearest->name + "'?";
  std::string all = "known keys:";
  for (const key& each : keys)
    all += " " + each.name;
  return all;
}

class config_reader {
 public:
  config_reader(const std::string& file, std::string text) : file_(file), text_(std::move(text)) {}

  void read(options& into) const {
    json root;
    try {
      root = json::parse(text_);
    } catch (const json::parse_error& error) {
      const auto position = std::min<std::size_t>(error.byte, text_.size());
      throw base::failure{where(position) + "not valid JSON; see the text before this place", true};
    } catch (const json::out_of_range&) {
      throw base::failure{file_ + ": a number is too large to be read", true};  // Without a place.
    }
    if (!root.is_object()) throw base::failure{where(0) + "expected an object: { … }", true};
    const json limits = take_object(root, "limits");
    const json middleware = take_object(root, "middleware");
    auto keys = keys_of(into);
    keys.push_back({"limits", {}});  // For advice only: they are taken out above.
    keys.push_back({"middleware", {}});
    apply(root, keys, "");
    apply(limits, keys_of(into.limits), "limits.");
    apply(middleware, keys_of(into.middleware), "middleware.");
  }

 private:
  [[nodiscard]] json take_object(json& root, const char* name) const {
    json found = json::object();
    if (!root.contains(name)) return found;
    found = root[name];
    root.erase(name);
    if (!found.is_object()) fail(name, "expected an object: { … }");
    return found;
  }

  void apply(const json& object, const std::vector<key>& keys, const std::string& path) const {
    for (const auto& member : object.items()) {
      const std::string& name = member.key();
      const auto found =
          std::find_if(keys.begin(), keys.end(), [&](const key& k) { return k.name == name; });
      if (found == keys.end()) {
        throw base::failure{
            where_is(name) + "unknown key '" + path + name + "'; " + advice(name, keys), true};
      }
      try {
        found->set(member.value());
      } catch (const value_error& error) {
        fail(name, path + name + ": " + error.what);
      }
    }
  }

  [[noreturn]] void fail(const std::string& name, const std::string& what) const {
    throw base::failure{where_is(name) + what, true};
  }

  // The JSON library keeps no positions; the first place where the key stands in quotes is it, or a
  // line that a reader will compare anyway.
  [[nodiscard]] std::string where_is(const std::string& name) const {
    const auto found = text_.find('"' + name + '"');
    return where(found == std::string::npos ? 0 : found);
  }
  [[nodiscard]] std::string where(std::size_t position) const {
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(position);
    return file_ + ":" + std::to_string(1 + std::count(text_.begin(), end, '\n')) + ": ";
  }

  const std::string& file_;
  const std::string text_;
};

template <class T>
std::variant<T, base::failure> unknown_value(std::string_view text, std::string_view known) {
  return base::failure{"'" + std::string(text) + "' is unknown; expected " + std::string(known),
                       true};
}

}  // namespace

std::variant<std::monostate, base::failure> load_config(const std::string& file, options& into) {
  errno = 0;
  std::ifstream in(file);
  std::string text;
  for (char block[4096]; in.read(block, sizeof block), in.gcount() > 0;) {
    text.append(block, static_cast<std::size_t>(in.gcount()));
  }
  if (!in.is_open() || in.bad()) {
    return base::failure{"cannot read the config file " + file + ": " +
                         std::generic_category().message(errno ? errno : EIO)};
  }
  try {
    options changed = into;  // So that a bad file changes nothing.
    config_reader(file, std::move(text)).read(changed);
    into = std::move(changed);
  } catch (const base::failure& failure) {
    return failure;
  }
  return {};
}

std::vector<std::string> fixed_differences(const options& running, const options& wanted) {
  std::vector<std::string> keys;
  const auto compare = [&](const char* name, auto options::*setting) {
    if (running.*setting != wanted.*setting) keys.emplace_back(name);
  };
  compare("listen", &options::listen);
  compare("mode", &options::mode);
  compare("memory", &options::memory);
  compare("workers", &options::workers);
  compare("spare_workers", &options::spare_workers);
  compare("stealing", &options::stealing);
  compare("stall_bound_ms", &options::stall_bound);
  compare("idle_release_delay_ms", &options::idle_release_delay);
  compare("memory_budget_bytes", &options::memory_budget_bytes);
  compare("uncommit_delay_ms", &options::uncommit_delay);
  compare("middleware", &options::middleware);
  compare("files", &options::files);
  compare("files_prefix", &options::files_prefix);
  return keys;
}

std::variant<threading, base::failure> parse_threading(std::string_view text) {
  if (text == "coroutine") return threading::coroutine;
  if (text == "thread") return threading::thread;
  return unknown_value<threading>(text, "coroutine or thread");
}

std::variant<memory::mode, base::failure> parse_memory(std::string_view text) {
  if (text == "arena") return memory::mode::arena;
  if (text == "heap") return memory::mode::heap;
  return unknown_value<memory::mode>(text, "arena or heap");
}

std::variant<bool, base::failure> parse_switch(std::string_view text) {
  if (text == "on") return true;
  if (text == "off") return false;
  return unknown_value<bool>(text, "on or off");
}

}  // namespace tacit::server
