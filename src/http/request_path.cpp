#include "http/request_path.hpp"

#include <cstring>

namespace tacit::http {
namespace {

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool separates(char c) noexcept {
  return c == '/' || c == request_path::encoded_slash;
}

bool has_dot_segment(std::string_view path) noexcept {
  for (std::size_t at = path.find('.'); at != std::string_view::npos; at = path.find('.', at + 1)) {
    if (at > 0 && !separates(path[at - 1])) continue;
    std::size_t end = at + 1;
    if (end < path.size() && path[end] == '.') ++end;
    if (end == path.size() || separates(path[end])) return true;
  }
  return false;
}

const char* decode_escapes(std::string_view path, std::pmr::string& into) {
  into.clear();
  into.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      into.push_back(path[i]);
      continue;
    }
    const int high = i + 2 < path.size() ? hex_value(path[i + 1]) : -1;
    const int low = i + 2 < path.size() ? hex_value(path[i + 2]) : -1;
    if (high < 0 || low < 0) return "the path is not properly percent-encoded";
    const char decoded = static_cast<char>(high * 16 + low);
    if (decoded == '\0') return "the path has an encoded NUL";
    into.push_back(decoded == '/' ? request_path::encoded_slash : decoded);
    i += 2;
  }
  return nullptr;
}

}  // namespace

const char* decode_path(std::string_view path, std::pmr::string& room, request_path& into) {
  into = {path, true};
  if (std::memchr(path.data(), '%', path.size())) {
    if (const char* const why = decode_escapes(path, room)) return why;
    into = {room, false};
  }
  if (std::memchr(into.text.data(), '.', into.text.size()) && has_dot_segment(into.text)) {
    return "the path has a segment '.' or '..'";
  }
  return nullptr;
}

bool has_empty_segment(std::string_view rest) noexcept {
  return rest.starts_with('/') || rest.find("//") != std::string_view::npos;
}

}  // namespace tacit::http
