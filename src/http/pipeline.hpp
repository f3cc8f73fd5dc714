#pragma once

#include <tacit/http/context.hpp>
#include <tacit/http/service.hpp>

namespace tacit::http {

/// What every request goes through between parser and writer, in this order:
///
///   1. route    first, since the rest depends on which handler it is
///   2. recover  around the handler, so that what it throws ends here, as a 500

/// Finds the handler, or answers 404, 405 or 400 itself and returns nullptr.
[[nodiscard]] const handler* route(const service& of, context& c);

/// Runs a plain handler. Whatever it throws becomes a 500.
void run_plain(const service& of, const handler& with, context& c);

/// Turns the exception that is being handled into a 500 and a logged error.
void recover(const service& of, context& c);

}  // namespace tacit::http
