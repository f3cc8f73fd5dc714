#include "bench/traffic_source.hpp"

#include <fmt/format.h>
#include <cassert>

#include "bench/expectations.hpp"

namespace tacit::bench {
namespace {

void append_encoded(std::string& out, std::string_view text, unsigned char lowest_plain) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < lowest_plain || byte == 0x7f) {
      out += fmt::format("%{:02X}", byte);
    } else {
      out += c;
    }
  }
}

}  // namespace

std::string wire_target(std::string_view target) {
  std::string out;
  append_encoded(out, target, '!');
  return out;
}

std::string_view request::title() const noexcept {
  return wire.substr(0, wire.find(" HTTP/1.1\r"));
}

void traffic_source::add(const request_parts& parts, const expected_answer& said) {
  auto expected = said;
  if (expectations_ != nullptr) {
    expectations_->apply(fmt::format("{} {}", parts.method, parts.target), expected);
  }
  const auto offset = wire_.size();
  wire_.append(parts.method).append(" ");
  append_encoded(wire_, parts.target, '!');
  wire_.append(" HTTP/1.1\r\nHost: ").append(authority_).append("\r\n");
  for (const auto& [name, value] : parts.fields) {
    wire_.append(name).append(": ");
    append_encoded(wire_, value, ' ');
    wire_ += "\r\n";
  }
  if (parts.body) wire_ += fmt::format("Content-Length: {}\r\n", parts.body->size());
  wire_.append("\r\n").append(parts.body.value_or(""));
  entries_.push_back({offset, static_cast<std::uint32_t>(wire_.size() - offset),
                      parts.method == "HEAD", parts.is_apart, expected});
}

request traffic_source::at(std::uint64_t index) const noexcept {
  assert(!entries_.empty());
  const entry& e = entries_[entries_.size() == 1 ? 0 : index % entries_.size()];
  return {std::string_view{wire_}.substr(e.offset, e.bytes), e.is_head, e.expected, e.is_apart};
}

}  // namespace tacit::bench
