#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/comparison.hpp"

namespace tacit::bench {

/// What `compare --json` wrote, again as a comparison.
struct stored_contest {
  comparison what;
  nlohmann::ordered_json machine;
  std::vector<std::string> invalid_reasons;  ///< As they were found then.
};

/// Throws base::failure that names the file and what is wrong.
[[nodiscard]] stored_contest read_comparison(const std::string& path);

/// The same from the document; `name` is for messages.
[[nodiscard]] stored_contest restored_comparison(const nlohmann::ordered_json& document,
                                                 const std::string& name);

}  // namespace tacit::bench
