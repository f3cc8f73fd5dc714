#pragma once

#include <string>

#include "server/settings.hpp"

namespace tacit::server {

/// All settings with values, default, and what they are for, made from the table of settings:
/// docs/configuration.md.
[[nodiscard]] std::string config_reference();

/// The same as the manual page tacit.json(5).
[[nodiscard]] std::string config_manual();

/// A JSON schema (draft 7) of the config file, with which editors complete and check.
[[nodiscard]] std::string config_schema();

/// Of one that is an option too: what it does, and the default.
[[nodiscard]] std::string help_of(const setting& which);

}  // namespace tacit::server
