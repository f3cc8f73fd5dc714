#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>
#include <string>
#include <utility>

namespace tacit::base {

using error_code = boost::system::error_code;

/// Every failure that the runtime itself reports. Failures of the system keep their own codes.
enum class errc {
  end_of_stream = 1,  ///< The peer closed its sending side between two messages.
  timed_out,          ///< A deadline passed before the operation made the progress it owed.
  cancelled,          ///< The operation was given up because its owner stopped.
  draining,           ///< The server takes no new work.
  closed,             ///< What the operation was on was closed before it could be done.
  would_block,        ///< The operation could not be done without waiting, and was not to wait.
  client_gone,        ///< Who asked for it has left, so nobody waits for the result.
  too_large,          ///< More than the limit for it.
  malformed,          ///< What came is not in the form that it must have.
  wrong_use,          ///< The operation does not fit what was done before it.
  overloaded,         ///< Too much of the kind is under way or waits already.
  incomplete,         ///< The peer closed the connection in the middle of a message.
  unsupported,        ///< Nothing here can do that.
};

[[nodiscard]] const boost::system::error_category& category() noexcept;

[[nodiscard]] inline error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), category()};
}

/// A failure that stops a program, in words for the person who started it.
///
/// The message says what failed, where, and what can be done, in one line. `usage` tells a wrong
/// request (exit status 2) from a failure to carry out a right one (exit status 1).
struct failure {
  std::string message;
  bool usage = false;

  [[nodiscard]] int exit_status() const noexcept { return usage ? 2 : 1; }
};

}  // namespace tacit::base

template <>
struct boost::system::is_error_code_enum<tacit::base::errc> : std::true_type {};
