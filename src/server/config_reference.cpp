#include "server/config_reference.hpp"

#include <array>
#include <utility>

namespace tacit::server {
namespace {

using kind = setting::kind;
using nlohmann::json;

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> groups = {{
    {"", "The server"},
    {"limits", "limits: what a peer may send, hold or delay"},
    {"middleware", "middleware: what goes around every answer"},
}};

const char* const preface =
    "# Configuration\n"
    "\n"
    "<!-- Printed by `tacit config reference`; a test compares. -->\n"
    "\n"
    "`tacit serve --config FILE` reads its settings from one JSON object. What the file does not "
    "name keeps its default. A key that does\n"
    "not exist, or a value that does not fit, is refused with file, line and key. Options on the "
    "command line win over the file.\n"
    "\n"
    "| command | what it does |\n"
    "|---|---|\n"
    "| `tacit config check FILE` | says what `serve` would say of it; exit status 0 if it is "
    "valid, "
    "else 2 |\n"
    "| `tacit config schema` | prints the [JSON schema](tacit.schema.json): with `\"$schema\": "
    "\"tacit.schema.json\"` in the file, editors complete and check |\n"
    "| `tacit config reference` | prints this page; `--man` prints it as tacit.json(5) |\n"
    "\n"
    "```json\n"
    "{\n"
    "  \"listen\": \"0.0.0.0:8080\",\n"
    "  \"drain_delay_ms\": 5000,\n"
    "  \"limits\": {\"body_bytes_max\": 65536},\n"
    "  \"middleware\": {\"access_log\": \"json\"}\n"
    "}\n"
    "```\n"
    "\n"
    "*On SIGHUP* the file is read again: settings marked *at once* come into force, for the others "
    "the log says that they take a restart.\n";

std::string default_of(const setting& s) {
  return s.get(options()).dump();
}

std::string values_with_unit(const setting& s) {
  std::string values = s.takes == kind::address ? "ADDRESS:PORT" : values_of(s);
  if (s.takes == kind::text) values = "a text";
  if (s.takes == kind::texts) values = "a list of texts";
  if (!s.unit.empty()) values.append(", ").append(s.unit);
  return values;
}

std::string sentence(std::string_view text) {
  std::string all(text);
  if (all.front() >= 'a' && all.front() <= 'z') all.front() = static_cast<char>(all.front() - 32);
  return all;
}

json schema_of(const setting& s) {
  json schema = json::object();
  switch (s.takes) {
    case kind::number:
      schema["type"] = "integer";
      schema["minimum"] = 0;
      schema["maximum"] = s.value_max;
      break;
    case kind::share:
      schema["type"] = "number";
      schema["minimum"] = 0;
      schema["maximum"] = 1;
      break;
    case kind::flag:
      schema["type"] = "boolean";
      break;
    case kind::texts:
      schema["type"] = "array";
      schema["items"] = {{"type", "string"}};
      break;
    case kind::choice:
      schema["type"] = "string";
      schema["enum"] = choices_of(s);
      break;
    case kind::text:
    case kind::address:
      schema["type"] = "string";
      break;
  }
  schema["default"] = s.get(options());
  std::string about = sentence(s.about) + ".";
  if (!s.unit.empty()) about += " Unit: " + std::string(s.unit) + ".";
  schema["description"] = about;
  return schema;
}

json object_schema() {
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", json::object()}};
}

// Hyphens that are to be typed.
std::string roff(std::string_view text) {
  std::string all;
  for (const char c : text) {
    if (c == '-') all += '\\';
    all += c;
  }
  return all;
}

}  // namespace

std::string config_reference() {
  std::string page = preface;
  for (const auto& [group, title] : groups) {
    page.append("\n## ")
        .append(sentence(title))
        .append(
            "\n\n| key | option | values | default | on SIGHUP | what it is for |\n"
            "|---|---|---|---|---|---|\n");
    for (const setting& s : settings()) {
      if (s.group != group) continue;
      page += "| `" + s.key() + "` | " + (s.is_option ? "`" + s.option() + "`" : "") + " | " +
              values_with_unit(s) + " | `" + default_of(s) + "` | " +
              (s.at_once ? "at once" : "restart") + " | " + sentence(s.about) + " |\n";
    }
  }
  return page;
}

std::string config_manual() {
  std::string page =
      ".TH TACIT.JSON 5 \"\" \"tacit\" \"File formats\"\n"
      ".SH NAME\n"
      "tacit.json \\- settings of tacit serve\n"
      ".SH DESCRIPTION\n"
      ".B tacit serve \\-\\-config\n"
      "reads one JSON object. What it does not name keeps its default; an unknown key or a value "
      "that does not fit is refused with file, line and key. Check it with\n"
      ".B tacit config check\n"
      ".IR FILE .\n"
      "SIGHUP has it read again: settings marked \"at once\" come into force, the others take a "
      "restart.\n";
  for (const auto& [group, title] : groups) {
    page.append(".SH ").append(roff(sentence(title))).append("\n");
    for (const setting& s : settings()) {
      if (s.group != group) continue;
      page += ".TP\n.B " + roff(s.key()) + "\n" + roff(sentence(s.about)) + ".\n.br\nTakes " +
              roff(values_with_unit(s)) + "; default " + roff(default_of(s)) + "; " +
              (s.at_once ? "at once" : "restart") + ".\n";
    }
  }
  return page + ".SH SEE ALSO\n.BR tacit (1)\n";
}

std::string config_schema() {
  json root = {{"$schema", "http://json-schema.org/draft-07/schema#"},
               {"title", "Settings of tacit serve"}};
  root.update(object_schema());
  json& properties = root["properties"];
  properties["$schema"] = {{"type", "string"}};
  for (const setting& s : settings()) {
    json* into = &properties;
    if (!s.group.empty()) {
      const std::string group(s.group);
      if (!properties.contains(group)) properties[group] = object_schema();
      into = &properties[group]["properties"];
    }
    (*into)[std::string(s.name)] = schema_of(s);
  }
  return root.dump(2) + "\n";
}

std::string help_of(const setting& s) {
  const nlohmann::json value = s.get(options());
  std::string shown = value.is_string() ? value.get<std::string>() : value.dump();
  if (value.is_boolean()) shown = value.get<bool>() ? "on" : "off";
  std::string help(s.about);
  if (s.takes == kind::choice) help.insert(0, values_of(s) + ": ");
  if (s.takes == kind::flag) help.insert(0, "on or off: ");
  return shown.empty() ? help : help + " (" + shown + ")";
}

}  // namespace tacit::server
