#include <tacit/http/body_limit.hpp>

#include <algorithm>
#include <charconv>

namespace tacit::http {
namespace {

// The parser has made sure that it is a number.
std::uint64_t announced_bytes(const request& of) noexcept {
  const auto length = of.find("Content-Length");
  if (!length) return 0;
  std::uint64_t bytes = 0;
  std::from_chars(length->data(), length->data() + length->size(), bytes);
  return bytes;
}

}  // namespace

middleware body_limit(std::uint64_t bytes_max) {
  middleware made;
  made.at = stage::body_limit;
  made.before = [bytes_max](context& c) {
    c.body_bytes_max = std::min(c.body_bytes_max, bytes_max);  // Of what comes in chunks.
    if (announced_bytes(c.request) <= bytes_max) return true;
    c.problem(413, "the body is larger than this part of the server takes");
    return false;
  };
  return made;
}

}  // namespace tacit::http
