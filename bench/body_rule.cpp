#include "bench/body_rule.hpp"

#include <zlib.h>

namespace tacit::bench {

void body_digest::begin(bool keeps_text) noexcept {
  keeps_text_ = keeps_text;
  crc32_ = 0;
  text_.clear();
}

void body_digest::add(std::string_view part) {
  crc32_ = static_cast<std::uint32_t>(
      ::crc32_z(crc32_, reinterpret_cast<const Bytef*>(part.data()), part.size()));
  if (keeps_text_) text_ += part.substr(0, text_bytes_max - text_.size());
}

bool body_rule::fits(const body_digest& body) const {
  if (crc32 && *crc32 != body.crc32()) return false;
  return !pattern || is_found(pattern, body.text());
}

}  // namespace tacit::bench
