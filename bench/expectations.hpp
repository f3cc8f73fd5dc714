#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "bench/body_rule.hpp"
#include "bench/traffic_source.hpp"

namespace tacit::bench {

/// What `--expect` says about the answers: which requests it is about, and what has to hold.
///
/// A text is `[ROUTE=>]WHAT`. ROUTE is a POSIX extended expression that is looked for in "METHOD
/// TARGET"; without it all requests are meant. WHAT is `status=N`, `length=N`, `crc32=HEX` or
/// `body~PATTERN`. Of two that contradict each other the later one holds.
///
/// Lifetime: outlives the requests that it was applied to.
class expectations {
 public:
  /// Throws base::failure (usage) for a text that is no expectation.
  explicit expectations(const std::vector<std::string>& texts);

  /// Adds what is said about this request to what its answer has to be.
  void apply(const std::string& method_and_target, expected_answer& to) const;

 private:
  struct expectation {
    expression route = {};  // none: every request
    std::optional<int> status = {};
    std::optional<std::uint64_t> body_bytes = {};
    std::optional<body_rule> body = {};
  };

  [[nodiscard]] static expectation parse(const std::string& text);

  std::deque<expectation> all_;
};

}  // namespace tacit::bench
