#include "bench/interrupt.hpp"

#include <csignal>

namespace tacit::bench {
namespace {

// A signal handler can reach nothing but statics.
std::atomic<bool> interrupted{false};
std::atomic<int> which{0};

extern "C" void on_signal(int signal) {
  which = signal;
  interrupted = true;
}

}  // namespace

const std::atomic<bool>& watch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  // Not restarting lets waits return; resetting lets a second signal end the program.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  return interrupted;
}

int interrupting_signal() noexcept {
  return which;
}

}  // namespace tacit::bench
