#include <tacit/sched/stall.hpp>

#include "sched/stack_symbols.hpp"

namespace tacit::sched {

std::vector<std::string> stall::stack() const {
  std::vector<std::string> texts;
  if (why_no_frames) texts.emplace_back(why_no_frames);
  for (const std::uintptr_t address : frames)
    texts.push_back(describe_address(address));
  return texts;
}

}  // namespace tacit::sched
