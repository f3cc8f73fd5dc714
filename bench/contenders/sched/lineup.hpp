#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tacit::bench::contenders::sched {

/// All shapes, in the order of the table.
[[nodiscard]] const std::vector<std::string>& all_shapes();

/// All contenders, in the order in which they take turns.
[[nodiscard]] const std::vector<std::string>& all_contenders();

/// The size at which a contender does a shape: 0 is the full one of its program, a smaller one
/// keeps a slow contender within some seconds. nullopt: it does not do that shape.
[[nodiscard]] std::optional<std::int64_t> size_of(const std::string& contender,
                                                  const std::string& shape);

}  // namespace tacit::bench::contenders::sched
