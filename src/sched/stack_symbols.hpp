#pragma once

#include <cstdint>
#include <string>

namespace tacit::sched {

/// Where in the program an address is, as text for the log: `function+0x1f`, with the file and line
/// where the program has them, `module+0x4a21` where it has no symbols, the bare address where it
/// is in no module.
///
/// The first call reads the program's symbol table from /proc/self/exe and keeps it for good.
///
/// Threads: any.
[[nodiscard]] std::string describe_address(std::uintptr_t address);

}  // namespace tacit::sched
