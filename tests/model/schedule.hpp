#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tacit::model {

/// What is being decided, and so what it costs to take another option than the first.
enum class choice_kind : std::uint8_t {
  preempt,   ///< Who goes on although the current thread could. 0: the current one.
  give_way,  ///< Who goes on when the current thread waits for another's progress. 0: the next one.
  hand_over,  ///< Who goes on when the current thread cannot. All are equal.
  stale,      ///< What a load sees, or whether a weak compare-and-swap fails. 0: the newest store.
  any,        ///< What the body asked for. All are equal.
};

struct choice {
  choice_kind kind;
  std::uint32_t count;                    ///< Options are 0 … count - 1; there are at least two.
  const std::uint8_t* threads = nullptr;  ///< Which thread each option is, where it is one.
  std::uint32_t current = 0;              ///< The thread that asks.
};

/// All decisions of one run, in order: with them it can be repeated exactly.
using schedule = std::vector<std::uint8_t>;

/// As text for a person to copy: "0x14.1.0x3" is fourteen zeros, a one and three zeros.
[[nodiscard]] std::string to_text(const schedule& decisions);

/// The other way. Throws std::invalid_argument at what is no schedule.
[[nodiscard]] schedule to_schedule(std::string_view text);

}  // namespace tacit::model
