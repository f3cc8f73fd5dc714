#pragma once

#include <cstdint>

#include <tacit/http/context.hpp>
#include <tacit/http/service.hpp>

namespace tacit::http {

/// What every request goes through between parser and writer, in this order; those in brackets only
/// where the program uses them:
///
///    1. route               first, since the rest depends on which handler it is
///    2. [request_id]        before anything that may log
///    3. [access_log]        outside of all that answers, to see what is sent in the end
///    4. recover             what is thrown further inside ends here as a 500, which is logged, and
///                           leaves with the fields that the next ones add
///    5. [security_headers]  on every answer, refusals too
///    6. [cors]              before authentication: a preflight has no credentials, and a script
///                           must be able to read the 401
///    7. [compression]       on the way out, after all that changes the body
///    8. [deadline]          around everything that waits, the authentication included
///    9. [authentication]    before the body is taken, and before the program sees the request
///   10. [body_limit]        for those who may send at all
///   11. [program]           what the program makes itself, in the order of use()
///   12. handler

/// Finds the handler and goes in to it. Nullptr if that has answered: 404, 405, 400, or a
/// middleware. What is returned is to be run, and may stand for more than the handler.
[[nodiscard]] const handler* route(const service& of, context& c);

/// Runs a plain handler. Whatever it throws becomes a 500.
void run_plain(const service& of, const handler& with, context& c);

/// Turns the exception that is being handled into a 500 and a logged error.
void recover(const service& of, context& c);

/// Goes out again: to be called once, before the head of the answer is made, whoever answered.
void conclude(const service& of, context& c);

/// Tells who wants to know that the answer, with a body of so many bytes, has been handed on.
void tell_answered(const service& of, const context& c, std::uint64_t body_bytes);

}  // namespace tacit::http
