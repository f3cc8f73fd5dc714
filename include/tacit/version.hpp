#pragma once

#include <string_view>

/// The version of the library that is included, for the preprocessor. The build compares it with
/// its own.
#define TACIT_VERSION_MAJOR 0
#define TACIT_VERSION_MINOR 1
#define TACIT_VERSION_PATCH 0
#define TACIT_VERSION "0.1.0"

namespace tacit {

/// "MAJOR.MINOR.PATCH". Below 1.0 a minor version may change the API, and changes the SONAME.
inline constexpr std::string_view version = TACIT_VERSION;

}  // namespace tacit
