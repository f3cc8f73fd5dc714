#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/endpoint.hpp"

namespace tacit::bench {

/// One whole answer, or why there is none.
struct fetched {
  int status = 0;  ///< 0 when there was no answer.
  std::string body;
  std::string date;   ///< The Date field as it was sent; empty when there was none.
  std::string error;  ///< Empty when there was one.
};

/// GETs `target` over a connection of its own and closes it. Blocks, at most `timeout_ns`.
[[nodiscard]] fetched fetch(const endpoint& from, std::string_view authority,
                            std::string_view target, std::int64_t timeout_ns);

}  // namespace tacit::bench
