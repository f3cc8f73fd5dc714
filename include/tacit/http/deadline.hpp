#pragma once

#include <chrono>

#include <tacit/http/middleware.hpp>

namespace tacit::http {

/// Ends what coroutine handlers wait for, with errc::timed_out, once they have run for `limit`. If
/// the handler then leaves no answer, 503 is sent. Of several deadlines the nearest counts. Plain
/// handlers do not wait, and are not interrupted.
[[nodiscard]] middleware deadline(std::chrono::milliseconds limit);

}  // namespace tacit::http
