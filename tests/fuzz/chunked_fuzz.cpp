#include "fuzz/reading.hpp"
#include "fuzz/targets.hpp"

namespace tacit::fuzz {
namespace {

constexpr std::string_view head =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

// What the grammar allows and nothing forbids must be taken: extensions, trailers and sizes have
// limits, so bodies without and below them.
bool must_be_taken(const chunked_body& body, const http::limits& bounds) {
  return !body.has_extensions && !body.has_trailers && body.text.size() <= bounds.body_bytes_max;
}

}  // namespace

void fuzz_chunked(input bytes) {
  const http::limits bounds = small_limits();
  const std::string text = std::string(head) + std::string(as_text(bytes));
  const auto expected = decode_chunks(as_text(bytes));

  const reading gathered = read_all(text, {}, bounds);
  if (!gathered.messages.empty()) {
    const message& first = gathered.messages.front();
    require(expected.has_value(), "a body that is not complete, or malformed, was taken");
    require(first.body == expected->text, "the body is not what the chunks make up");
    require(first.end == head.size() + expected->end, "the body ends in another place");
  } else if (expected) {
    require(!must_be_taken(*expected, bounds),
            "a well-formed body was refused: " + gathered.reason);
  }
  require_same_at_every_cut(text, bounds, gathered);

  const reading by_piece = read_all(text, {}, bounds, body_mode::by_piece);
  // Piece by piece there is no limit to the sum.
  if (gathered.refused_with != 413) {
    require(by_piece == gathered, "taken piece by piece it is another body");
  }
  require_same_at_every_cut(text, bounds, by_piece, body_mode::by_piece);
}

}  // namespace tacit::fuzz
