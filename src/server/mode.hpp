#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include <tacit/http/service.hpp>
#include <tacit/io/listening_socket.hpp>
#include <tacit/observe/pause_recorder.hpp>
#include <tacit/sched/scheduler.hpp>
#include <tacit/server/options.hpp>

#include "http/connection_set.hpp"
#include "server/admission.hpp"
#include "server/memory_keeper.hpp"

namespace tacit::server {

/// What a way of serving connections works with.
struct mode_environment {
  const options& settings;
  const http::service& service;
  http::connection_set& connections;
  const io::listening_socket& socket;
  admission& entrance;
  memory_keeper& keeper;
};

/// After all connections have left, their threads or coroutines still have a few steps to go.
inline constexpr std::chrono::seconds last_steps_timeout{5};

/// What becomes of connections that the kernel has accepted and the server has not.
enum class queued_connections {
  taken,  ///< The socket is closed next, and the kernel would reset them.
  left,   ///< Another process listens on it.
};

/// A way of serving connections: one per threading mode.
class mode {
 public:
  virtual ~mode() = default;

  virtual void start_accepting() = 0;

  /// Starts the rest: further workers, and what looks after memory, stalls and pauses. Once, after
  /// start_accepting() and the keeper's begin(): connections need not wait for it.
  virtual void complete() = 0;

  /// Takes no further connections; those that are open go on.
  virtual void stop_accepting(queued_connections what) = 0;

  /// Ends all threads. Precondition: the connection set is empty or was cut. Returns how many
  /// threads are still inside a handler; these go on to use what the mode was given.
  virtual std::size_t finish() = 0;

  /// Adds what only this mode knows to the answer of /debug/runtime.
  virtual void describe(nlohmann::json& into) const = 0;

  /// The record of pauses; null where it is switched off.
  [[nodiscard]] virtual const observe::pause_recorder* pauses() const noexcept = 0;

  /// What runs the coroutines; null where each connection has a thread.
  [[nodiscard]] virtual sched::scheduler* scheduler() noexcept { return nullptr; }
};

[[nodiscard]] std::unique_ptr<mode> make_coroutine_mode(const mode_environment& environment);
[[nodiscard]] std::unique_ptr<mode> make_thread_mode(const mode_environment& environment);

}  // namespace tacit::server
