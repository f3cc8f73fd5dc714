#include "model/strategy.hpp"

#include <algorithm>
#include <stdexcept>

namespace tacit::model {
namespace {

[[noreturn]] void differs() {
  throw std::logic_error("the body does not do the same under the same schedule");
}

}  // namespace

bool depth_first::next_run() {
  if (depth_ != path_.size()) differs();
  depth_ = preemptions_ = stale_ = 0;
  if (!std::exchange(begun_, true)) return true;
  while (!path_.empty() && path_.back().taken + 1 >= path_.back().count)
    path_.pop_back();
  if (path_.empty()) return false;
  ++path_.back().taken;
  return true;
}

std::uint32_t depth_first::choose(const choice& what) {
  const bool costs_preemption =
      what.kind == choice_kind::preempt || what.kind == choice_kind::give_way;
  const bool costs_stale = what.kind == choice_kind::stale;
  if (depth_ == path_.size()) {
    const bool exhausted = (costs_preemption && preemptions_ >= preemptions_max_) ||
                           (costs_stale && stale_ >= stale_max_);
    path_.push_back({0, static_cast<std::uint8_t>(exhausted ? 1 : what.count), what.kind});
  }
  const branch& here = path_[depth_++];
  if (here.kind != what.kind || here.taken >= what.count) {
    differs();
  }
  if (here.taken != 0) {
    preemptions_ += costs_preemption;
    stale_ += costs_stale;
  }
  return here.taken;
}

std::uint32_t sampling::below(std::uint32_t bound) {
  return static_cast<std::uint32_t>(random_() % bound);
}

bool sampling::next_run() {
  if (run_ == runs_) return false;
  random_.seed(seed_ * 0x9e37'79b9'7f4a'7c15 + run_);
  asked_max_ = std::max(asked_max_, asked_);
  asked_ = 0;
  by_priority_ = run_ % 2 == 1;
  one_in_ = 2U << below(4);
  lowest_ = 0;
  for (auto& each : priority_)
    each = 1 + below(1'000'000);
  for (auto& each : drop_at_)
    each = below(asked_max_);
  ++run_;
  return true;
}

std::uint32_t sampling::choose(const choice& what) {
  if (what.kind == choice_kind::any) return below(what.count);
  if (what.kind == choice_kind::stale) return below(4) == 0 ? below(what.count) : 0;
  ++asked_;
  if (by_priority_) return choose_by_priority(what);
  if (what.kind == choice_kind::preempt && below(one_in_) != 0) return 0;
  return below(what.count);
}

std::uint32_t sampling::choose_by_priority(const choice& what) {
  const bool drop = std::find(drop_at_.begin(), drop_at_.end(), asked_) != drop_at_.end();
  if (drop || what.kind == choice_kind::give_way) priority_[what.current] = --lowest_;
  const auto* best =
      std::max_element(what.threads, what.threads + what.count,
                       [this](auto a, auto b) { return priority_[a] < priority_[b]; });
  return static_cast<std::uint32_t>(best - what.threads);
}

}  // namespace tacit::model
