#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tacit::fuzz {

using input = std::span<const std::uint8_t>;

/// A rule that some input breaks. libFuzzer takes it for a crash as it ends the program; the replay
/// of the corpus reports it as a failure.
struct broken_rule : std::logic_error {
  using std::logic_error::logic_error;
};

inline void require(bool holds, const std::string& rule) {
  if (!holds) throw broken_rule(rule);
}

[[nodiscard]] inline std::string_view as_text(input bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// One connection's bytes. However they are cut they are read the same, what is accepted obeys
/// RFC 9112, and written out again it is read the same.
void fuzz_parser(input bytes);

/// The body of a request in chunks. Gathered or taken piece by piece, at every cut, it is what a
/// decoder that follows the grammar alone makes of it.
void fuzz_chunked(input bytes);

/// Lines `METHOD pattern`, an empty one, lines `METHOD host path`. What is found is what a search
/// of all patterns finds, with the same parameters.
void fuzz_router(input bytes);

/// A line with the length of a representation, then the value of a Range field. Ranges lie within
/// the length, apart, and cover what was asked.
void fuzz_range(input bytes);

/// A config file. It is taken or refused with a reason, and one that is refused changes nothing.
void fuzz_config(input bytes);

/// A line of an access log. Parts are views into it and make up a line that is read the same; a
/// request with this text in its fields is logged as a line that can be read.
void fuzz_combined_log(input bytes);

}  // namespace tacit::fuzz
