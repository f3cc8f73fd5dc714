#pragma once

#include <cstdint>

#include <tacit/http/middleware.hpp>

namespace tacit::http {

/// Refuses requests with a larger body than `bytes_max` by 413, for groups that take less than the
/// server does (limits::body_bytes_max).
[[nodiscard]] middleware body_limit(std::uint64_t bytes_max);

}  // namespace tacit::http
