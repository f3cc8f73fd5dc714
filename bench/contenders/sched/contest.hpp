#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/contenders/sched/standings.hpp"

namespace tacit::bench::contenders::sched {

/// `bench-sched`.
struct contest_options {
  std::vector<std::string> shapes;
  std::vector<std::string> contenders;
  unsigned rounds = 3;
  unsigned workers = 2;
  std::filesystem::path programs;  ///< The folder that holds a program for each contender.
  std::string json_path;           ///< Empty: no JSON is written.
};

/// Has the contenders take turns, shape by shape: A B C A B C. One without a program is skipped; a
/// run that fails is named and the others go on. Ends early, with what there is, once `stop` is
/// set.
[[nodiscard]] standings hold_contest(const contest_options& options, const std::atomic<bool>& stop);

}  // namespace tacit::bench::contenders::sched
