#pragma once

#include <string_view>

namespace tacit::observe {

enum class severity { info, warning, error };

/// Writes one line with time and severity to stderr. For rare events: it formats and writes at
/// once.
///
/// Threads: any.
void log(severity level, std::string_view message);

}  // namespace tacit::observe
