#include "server/settings.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include <tacit/io/listening_socket.hpp>

namespace tacit::server {
namespace {

using json = nlohmann::json;
using kind = setting::kind;

bool fits(const setting& s, const json& value) {
  switch (s.takes) {
    case kind::number:
      return value.is_number_unsigned() && value.get<std::uint64_t>() <= s.value_max;
    case kind::share:
      return value.is_number() && value.get<double>() >= 0 && value.get<double>() <= 1;
    case kind::flag:
      return value.is_boolean();
    case kind::texts:
      return value.is_array() &&
             std::all_of(value.begin(), value.end(), [](const json& v) { return v.is_string(); });
    case kind::text:
    case kind::address:
    case kind::choice:
      return value.is_string();
  }
  return false;
}

// "a, b or c".
std::string listed(const std::vector<std::string>& words) {
  std::string all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) all += i + 1 == words.size() ? " or " : ", ";
    all += words[i];
  }
  return all;
}

json from_option(const setting& s, const std::string& text) {
  if (s.takes == kind::flag) return taken(parse_switch(text));
  if (s.takes != kind::number) return text;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return text;  // Will not fit.
  return value;
}

}  // namespace

std::string setting::key() const {
  return group.empty() ? std::string(name) : std::string(group) + "." + std::string(name);
}

std::string setting::option() const {
  std::string dashed = "--" + std::string(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  return dashed;
}

std::vector<std::string> choices_of(const setting& s) {
  std::vector<std::string> all;
  for (std::size_t from = 0; from < s.choices.size();) {
    const std::size_t end = std::min(s.choices.find('|', from), s.choices.size());
    all.emplace_back(s.choices.substr(from, end - from));
    from = end + 1;
  }
  return all;
}

std::string values_of(const setting& s) {
  switch (s.takes) {
    case kind::number:
      return "a whole number from 0 to " + std::to_string(s.value_max);
    case kind::share:
      return "a number from 0 to 1";
    case kind::flag:
      return "true or false";
    case kind::texts:
      return "a list of texts: [\"…\"]";
    case kind::choice:
      return listed(choices_of(s));
    case kind::text:
    case kind::address:
      break;
  }
  return "a text in quotes";
}

void assign(const setting& s, options& into, const json& value) {
  if (!fits(s, value)) throw value_error{"expected " + values_of(s)};
  if (s.takes == kind::choice) {
    const auto choices = choices_of(s);
    const auto& text = value.get_ref<const std::string&>();
    if (std::find(choices.begin(), choices.end(), text) == choices.end())
      throw value_error{"'" + text + "' is unknown; expected " + values_of(s)};
  }
  if (s.takes == kind::address)
    (void)taken(io::listen_address::parse(value.get_ref<const std::string&>()));
  s.set(into, value);
}

std::optional<base::failure> assign_option(const setting& s, options& into,
                                           const std::string& text) {
  try {
    assign(s, into, from_option(s, text));
  } catch (const value_error& error) {
    return base::failure{s.option() + ": " + error.what, true};
  }
  return std::nullopt;
}

}  // namespace tacit::server
