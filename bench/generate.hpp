#pragma once

#include <cstdint>
#include <string>

#include "bench/options.hpp"

namespace tacit::bench {

/// A made-up access log in combined format, of a site that is not there: targets of Zipf
/// popularity, log-normal sizes, the methods and statuses that a public site sees, arrivals that
/// swell and ebb over some minutes. A function of its arguments, byte for byte.
[[nodiscard]] std::string generated_log(std::uint64_t lines, std::uint64_t seed);

/// `tacit-bench generate`. Throws base::failure when the file cannot be written.
void generate(const generate_options& options);

}  // namespace tacit::bench
