#include "fuzz/reading.hpp"

#include <algorithm>
#include <memory_resource>

#include "fuzz/targets.hpp"

namespace tacit::fuzz {
namespace {

using http::parser;

template <class Fields>
std::vector<std::string> copies(const Fields& fields) {
  std::vector<std::string> all;
  for (const auto& each : fields)
    all.push_back(std::string(each.name) + ":" + std::string(each.value));
  return all;
}

message copy(const http::request& of, const parser& by, std::string body, std::size_t end) {
  message made;
  made.method = of.method_name;
  made.target = of.target;
  made.path = of.path;
  made.query = of.query;
  made.authority = of.authority;
  made.body = std::move(body);
  made.version = of.version;
  made.keep_alive = of.keep_alive;
  made.expects_continue = by.expects_continue();
  made.fields = copies(of.fields);
  made.trailers = copies(of.trailers);
  made.end = end;
  return made;
}

// The part of a connection that owns the buffer: what has come, and how much of it was consumed.
class arrival {
 public:
  arrival(std::string_view bytes, std::span<const std::size_t> cuts) : bytes_(bytes), cuts_(cuts) {
    if (cuts_.empty()) arrived_ = bytes.size();
  }

  [[nodiscard]] std::string_view unread() const { return bytes_.substr(at_, arrived_ - at_); }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool is_at_end() const { return at_ == bytes_.size(); }

  void consume(std::size_t n) {
    require(n <= arrived_ - at_, "the parser consumed more than it was given");
    at_ += n;
  }

  bool more() {
    if (arrived_ == bytes_.size()) return false;
    arrived_ = next_ < cuts_.size() ? std::min(cuts_[next_++], bytes_.size()) : bytes_.size();
    return true;
  }

 private:
  std::string_view bytes_;
  std::span<const std::size_t> cuts_;
  std::size_t next_ = 0;
  std::size_t arrived_ = 0;
  std::size_t at_ = 0;
};

// False once the connection is over.
bool read_one(arrival& from, const http::limits& bounds, body_mode mode, reading& into) {
  std::pmr::monotonic_buffer_resource memory;
  http::request asked(memory);
  parser under_test(bounds, asked, memory);
  std::string pieces;
  bool is_in_body = false;
  bool wants_more = false;
  for (;;) {
    while (wants_more || from.unread().empty()) {
      if (!from.more()) return false;
      wants_more = false;
    }
    std::size_t consumed = 0;
    std::string_view piece;
    const auto result = is_in_body && mode == body_mode::by_piece
                            ? under_test.parse_piece(from.unread(), consumed, piece)
                            : under_test.parse(from.unread(), consumed);
    pieces += piece;
    from.consume(consumed);
    switch (result) {
      case parser::progress::need_more:
        wants_more = true;
        break;
      case parser::progress::head_complete:
        is_in_body = true;
        // As a connection does: what is announced is refused before it comes.
        if (mode == body_mode::gathered && under_test.remaining() > bounds.body_bytes_max) {
          into.refused_with = 413;
          return false;
        }
        break;
      case parser::progress::piece:
        require(consumed > 0, "a piece without progress");
        break;
      case parser::progress::refused:
        into.refused_with = under_test.why().status;
        into.reason = under_test.why().reason;
        return false;
      case parser::progress::complete:
        into.messages.push_back(copy(
            asked, under_test,
            mode == body_mode::by_piece ? std::move(pieces) : std::string(asked.body), from.at()));
        return true;
    }
  }
}

// "name:value\r\n"
std::string lines(const std::vector<std::string>& fields) {
  std::string all;
  for (const std::string& each : fields)
    all.append(each).append("\r\n");
  return all;
}

// For the report of a difference.
std::string words(const reading& of) {
  std::string text = std::to_string(of.messages.size()) + " requests";
  if (of.refused_with != 0) text += ", " + std::to_string(of.refused_with) + " " + of.reason;
  return text;
}

// Of a head whose end has not come, or not within the limit, the parser says at once what is wrong
// if it is in the first bytes, and else waits for the end. So when it is refused depends on the
// cut, and for which of several faults.
bool is_same(const reading& a, const reading& b, std::string_view bytes,
             const http::limits& bounds) {
  if (a == b) return true;
  if (a.messages != b.messages) return false;
  const auto head = bytes.substr(a.messages.empty() ? 0 : a.messages.back().end);
  const auto end = head.find("\r\n\r\n");
  if (end != std::string_view::npos && end + 4 <= bounds.head_bytes_max) return false;
  return head.size() <= bounds.head_bytes_max || (a.refused_with != 0 && b.refused_with != 0);
}

bool takes(std::string_view& from, std::string_view expected) {
  if (!from.starts_with(expected)) return false;
  from.remove_prefix(expected.size());
  return true;
}

// A line without its CRLF; nullopt if there is none, or a CR or LF stands alone in it.
std::optional<std::string_view> take_line(std::string_view& from) {
  const auto end = from.find_first_of("\r\n");
  if (end == std::string_view::npos || from.substr(end, 2) != "\r\n") return std::nullopt;
  const auto line = from.substr(0, end);
  from.remove_prefix(end + 2);
  return line;
}

}  // namespace

reading read_all(std::string_view bytes, std::span<const std::size_t> cuts,
                 const http::limits& bounds, body_mode mode) {
  reading into;
  arrival from(bytes, cuts);
  while (!from.is_at_end() && read_one(from, bounds, mode, into)) {
  }
  return into;
}

void require_same_at_every_cut(std::string_view bytes, const http::limits& bounds,
                               const reading& whole, body_mode mode) {
  constexpr std::size_t cuts_max = 64;  // Each reads the whole input once.
  const std::size_t step = 1 + bytes.size() / cuts_max;
  for (std::size_t cut = 1; cut < bytes.size(); cut += step) {
    const reading in_two = read_all(bytes, std::span(&cut, 1), bounds, mode);
    require(is_same(in_two, whole, bytes, bounds), "cut at " + std::to_string(cut) +
                                                       " it is read differently: " + words(in_two) +
                                                       ", not " + words(whole));
  }
  std::vector<std::size_t> all;
  for (std::size_t cut = 1; cut < bytes.size(); cut += step)
    all.push_back(cut);
  if (!all.empty()) {
    const reading cut = read_all(bytes, all, bounds, mode);
    require(is_same(cut, whole, bytes, bounds),
            "cut all over it is read differently: " + words(cut) + ", not " + words(whole));
  }
}

std::string write(const message& of) {
  const bool is_chunked = std::any_of(of.fields.begin(), of.fields.end(), [](const auto& each) {
    return http::equals_ignoring_case(std::string_view(each).substr(0, each.find(':')),
                                      "Transfer-Encoding");
  });
  std::string text = of.method + " " + of.target + (of.version == 10 ? " HTTP/1.0" : " HTTP/1.1");
  text.append("\r\n").append(lines(of.fields)).append("\r\n");
  if (!is_chunked) return text + of.body;
  for (const char each : of.body)
    text.append("1\r\n").append(1, each).append("\r\n");
  return text.append("0\r\n").append(lines(of.trailers)).append("\r\n");
}

std::optional<chunked_body> decode_chunks(std::string_view bytes) {
  chunked_body decoded;
  std::string_view rest = bytes;
  for (;;) {
    const auto line = take_line(rest);
    if (!line) return std::nullopt;
    const auto digits = std::min(line->find_first_not_of("0123456789abcdefABCDEF"), line->size());
    std::size_t size = 0;
    for (const char each : line->substr(0, digits)) {
      if (size >> 60) return std::nullopt;
      const char lower = static_cast<char>(each | 0x20);
      size = 16 * size + static_cast<std::size_t>(lower >= 'a' ? lower - 'a' + 10 : each - '0');
    }
    const auto extension = line->substr(digits);
    if (digits == 0) return std::nullopt;
    if (!extension.empty()) {
      if (extension.find_first_of(";") != extension.find_first_not_of(" \t")) return std::nullopt;
      decoded.has_extensions = true;
    }
    if (size == 0) break;
    if (rest.size() < size) return std::nullopt;
    decoded.text += rest.substr(0, size);
    rest.remove_prefix(size);
    if (!takes(rest, "\r\n")) return std::nullopt;
  }
  for (;;) {
    const auto line = take_line(rest);
    if (!line) return std::nullopt;
    if (line->empty()) break;
    decoded.has_trailers = true;
    const auto colon = line->find(':');
    if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
    if (line->substr(0, colon).find_first_of(" \t") != std::string_view::npos) return std::nullopt;
  }
  decoded.end = bytes.size() - rest.size();
  return decoded;
}

http::limits small_limits() {
  http::limits bounds;
  bounds.head_bytes_max = 1024;
  bounds.target_bytes_max = 128;
  bounds.fields_max = 16;
  bounds.body_bytes_max = 256;
  bounds.chunk_extension_bytes_max = 64;
  return bounds;
}

}  // namespace tacit::fuzz
