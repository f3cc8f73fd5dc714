#pragma once

#include <atomic>

namespace tacit::bench {

/// Makes SIGINT and SIGTERM set the returned flag instead of ending the program, so that whatever
/// was started is stopped on the way out. A second signal ends it at once.
[[nodiscard]] const std::atomic<bool>& watch_interrupts();

/// The signal that set the flag; 0 while none has.
[[nodiscard]] int interrupting_signal() noexcept;

}  // namespace tacit::bench
