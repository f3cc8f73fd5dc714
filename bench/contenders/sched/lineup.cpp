#include "bench/contenders/sched/lineup.hpp"

#include <map>

namespace tacit::bench::contenders::sched {
namespace {

constexpr std::int64_t full = 0;

using sizes = std::map<std::string, std::int64_t>;

sizes all_full() {
  sizes out;
  for (const auto& shape : all_shapes())
    out[shape] = full;
  return out;
}

sizes of_go() {
  auto out = all_full();
  out["skynet"] = 1'000'000;
  out["fib"] = 32;
  out["nqueens"] = 12;
  return out;
}

const std::map<std::string, sizes>& lineup() {
  static const std::map<std::string, sizes> table = {
      {"tacit", all_full()},
      {"tbb", {{"skynet", full}, {"fib", full}, {"nqueens", full}, {"spawn_join", full}}},
      {"go", of_go()},
      {"asio",
       {{"skynet", 1'000'000},
        {"fib", 27},
        {"nqueens", 11},
        {"spawn_join", 1'000'000},
        {"ping_pong", full},
        {"channel_2_2", 4'000'000},
        {"timer_cancel", full},
        {"timer_fire", full}}},
      {"fiber",
       {{"skynet", 1'000'000},
        {"fib", 27},
        {"nqueens", 11},
        {"spawn_join", 300'000},
        {"ping_pong", full},
        {"channel_2_2", full},
        {"mutex", full},
        {"timer_fire", 200'000}}},
  };
  return table;
}

}  // namespace

const std::vector<std::string>& all_shapes() {
  static const std::vector<std::string> names = {
      "skynet",      "fib",        "nqueens", "spawn_join",   "ping_pong",
      "channel_2_2", "select_two", "mutex",   "timer_cancel", "timer_fire"};
  return names;
}

const std::vector<std::string>& all_contenders() {
  static const std::vector<std::string> names = {"tacit", "tbb", "go", "asio", "fiber"};
  return names;
}

std::optional<std::int64_t> size_of(const std::string& contender, const std::string& shape) {
  const auto known = lineup().find(contender);
  if (known == lineup().end()) return std::nullopt;
  const auto found = known->second.find(shape);
  if (found == known->second.end()) return std::nullopt;
  return found->second;
}

}  // namespace tacit::bench::contenders::sched
