#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <tacit/base/error.hpp>
#include <tacit/server/options.hpp>

namespace tacit::server {

/// One setting as a config file or the command line gives it. Reading, `tacit config reference`,
/// the JSON schema and the manual page are all made from the table of these.
struct setting {
  enum class kind : std::uint8_t { text, address, choice, number, share, flag, texts };

  std::string_view group;    ///< "" or the object that it lies in: "limits", "middleware".
  std::string_view name;     ///< Its JSON key.
  kind takes;                ///< What its values are.
  std::uint64_t value_max;   ///< The largest number.
  std::string_view choices;  ///< "one|another", for a choice.
  std::string_view unit;     ///< Of a number: "ms", "bytes".
  std::string_view about;    ///< What it does, and why the default is what it is.
  bool at_once;              ///< SIGHUP puts it in force; otherwise it takes a restart.
  bool is_option;            ///< `tacit serve` has it as an option, too.

  void (*set)(options&, const nlohmann::json&);  ///< Of a value that fits.
  nlohmann::json (*get)(const options&);

  [[nodiscard]] std::string key() const;     ///< "limits.fields_max".
  [[nodiscard]] std::string option() const;  ///< "--drain-delay-ms".
};

/// What is wrong with a value, without saying where.
struct value_error {
  std::string what;
};

/// What was parsed; throws value_error if it could not be.
template <class T>
T taken(std::variant<T, base::failure> parsed) {
  if (const auto* failure = std::get_if<base::failure>(&parsed))
    throw value_error{failure->message};
  return std::get<T>(std::move(parsed));
}

/// All of them, by group.
[[nodiscard]] std::span<const setting> settings() noexcept;

/// Sets one. Throws value_error if the value does not fit; then nothing has changed.
void assign(const setting& which, options& into, const nlohmann::json& value);

/// As on the command line: bare numbers and texts, on and off.
[[nodiscard]] std::optional<base::failure> assign_option(const setting& which, options& into,
                                                         const std::string& text);

/// Of a choice: all values.
[[nodiscard]] std::vector<std::string> choices_of(const setting& which);

/// The values that it takes, in words: "a whole number from 0 to 1024".
[[nodiscard]] std::string values_of(const setting& which);

}  // namespace tacit::server
