#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "model/schedule.hpp"

namespace tacit::model {

/// Decides what the runs of an exploration do.
class strategy {
 public:
  virtual ~strategy() = default;

  /// Prepares the next run; false if there is none.
  virtual bool next_run() = 0;

  /// The option to take, below `what.count`.
  virtual std::uint32_t choose(const choice& what) = 0;
};

/// Every run with at most so many preemptions and so many stale reads, each once. Depth first.
///
/// Most mistakes need few preemptions: two or three find nearly all, where their number without a
/// bound grows exponentially with the length.
class depth_first final : public strategy {
 public:
  depth_first(std::uint32_t preemptions_max, std::uint32_t stale_max)
      : preemptions_max_(preemptions_max), stale_max_(stale_max) {}

  bool next_run() override;
  std::uint32_t choose(const choice& what) override;

 private:
  struct branch {
    std::uint8_t taken;
    std::uint8_t count;
    choice_kind kind;
  };

  const std::uint32_t preemptions_max_;
  const std::uint32_t stale_max_;
  std::vector<branch> path_;
  std::size_t depth_ = 0;
  std::uint32_t preemptions_ = 0;
  std::uint32_t stale_ = 0;
  bool begun_ = false;
};

/// So many runs at random, the same for the same seed. In turn a walk that preempts with some
/// probability, and one that runs by random priorities which drop at few random places: the second
/// finds what needs few preemptions at the right places of a long run.
class sampling final : public strategy {
 public:
  sampling(std::uint64_t runs, std::uint64_t seed) : runs_(runs), seed_(seed) {}

  bool next_run() override;
  std::uint32_t choose(const choice& what) override;

 private:
  static constexpr std::uint32_t drops = 3;

  std::uint32_t below(std::uint32_t bound);
  std::uint32_t choose_by_priority(const choice& what);

  const std::uint64_t runs_;
  const std::uint64_t seed_;
  std::uint64_t run_ = 0;
  std::mt19937_64 random_;
  std::uint32_t one_in_ = 1;
  bool by_priority_ = false;
  std::array<std::int64_t, 256> priority_{};
  std::array<std::uint32_t, drops> drop_at_{};
  std::int64_t lowest_ = 0;
  std::uint32_t asked_ = 0;
  std::uint32_t asked_max_ = 50;
};

/// One run, decided beforehand. Where the decisions end, the first option.
class repetition final : public strategy {
 public:
  explicit repetition(schedule decisions) : decisions_(std::move(decisions)) {}

  bool next_run() override { return !std::exchange(done_, true); }
  std::uint32_t choose(const choice& what) override {
    const std::uint32_t decision = next_ < decisions_.size() ? decisions_[next_++] : 0;
    return decision < what.count ? decision : 0;
  }

 private:
  const schedule decisions_;
  std::size_t next_ = 0;
  bool done_ = false;
};

}  // namespace tacit::model
