#include "model/schedule.hpp"

#include <charconv>
#include <stdexcept>

namespace tacit::model {
namespace {

std::uint32_t take_number(std::string_view& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) throw std::invalid_argument("not a schedule: " + std::string(text));
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string to_text(const schedule& decisions) {
  std::string text;
  // Zeros at the end are what happens anyway.
  std::size_t end = decisions.size();
  while (end > 0 && decisions[end - 1] == 0)
    --end;
  for (std::size_t i = 0; i < end;) {
    std::size_t same = i + 1;
    while (same < end && decisions[same] == decisions[i])
      ++same;
    if (!text.empty()) text += '.';
    text += std::to_string(decisions[i]);
    if (same - i > 1) text += 'x' + std::to_string(same - i);
    i = same;
  }
  return text.empty() ? "0" : text;
}

schedule to_schedule(std::string_view text) {
  schedule decisions;
  do {
    const std::uint32_t decision = take_number(text);
    const std::uint32_t times = take(text, 'x') ? take_number(text) : 1;
    if (decision > 255 || times > 1'000'000) throw std::invalid_argument("not a schedule");
    decisions.insert(decisions.end(), times, static_cast<std::uint8_t>(decision));
  } while (take(text, '.'));
  if (!text.empty()) throw std::invalid_argument("not a schedule: " + std::string(text));
  return decisions;
}

}  // namespace tacit::model
