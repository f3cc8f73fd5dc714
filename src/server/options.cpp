#include <tacit/server/options.hpp>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "server/settings.hpp"

namespace tacit::server {
namespace {

using json = nlohmann::json;

std::size_t edit_distance(std::string_view a, std::string_view b) {
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

// The keys of an object: "" is the whole file, which has the other objects, too.
std::vector<std::string_view> keys_of(std::string_view group) {
  std::vector<std::string_view> keys;
  for (const setting& each : settings()) {
    if (each.group == group) {
      keys.push_back(each.name);
    } else if (group.empty() && keys.back() != each.group) {
      keys.push_back(each.group);
    }
  }
  return keys;
}

// The key that was meant, or what keys there are.
std::string advice(std::string_view name, const std::vector<std::string_view>& keys) {
  const auto nearest =
      std::min_element(keys.begin(), keys.end(), [&](std::string_view a, std::string_view b) {
        return edit_distance(name, a) < edit_distance(name, b);
      });
  if (edit_distance(name, *nearest) <= 3) return "did you mean '" + std::string(*nearest) + "'?";
  std::string all = "known keys:";
  for (const std::string_view each : keys)
    all.append(" ").append(each);
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
    root.erase("$schema");  // For editors.
    const json limits = take_object(root, "limits");
    const json middleware = take_object(root, "middleware");
    apply(root, "", into);
    apply(limits, "limits", into);
    apply(middleware, "middleware", into);
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

  void apply(const json& object, std::string_view group, options& into) const {
    for (const auto& member : object.items()) {
      const std::string& name = member.key();
      const std::string key = group.empty() ? name : std::string(group) + "." + name;
      const auto all = settings();
      const auto found = std::find_if(all.begin(), all.end(), [&](const setting& s) {
        return s.group == group && s.name == name;
      });
      if (found == all.end()) {
        fail(name, "unknown key '" + key + "'; " + advice(name, keys_of(group)));
      }
      try {
        assign(*found, into, member.value());
      } catch (const value_error& error) {
        fail(name, key + ": " + error.what);
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
  for (const setting& each : settings()) {
    if (!each.at_once && each.group.empty() && each.get(running) != each.get(wanted))
      keys.emplace_back(each.name);
  }
  // As a whole: a program sets more of it than a config file can.
  if (running.middleware != wanted.middleware) keys.emplace_back("middleware");
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
