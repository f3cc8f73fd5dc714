#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tacit/base/combined_log.hpp>
#include <vector>

#include "bench/traffic_source.hpp"

namespace tacit::bench {

/// What a server that serves the site of a log has to answer, worked out from the log alone.
///
/// The rule: a target, exactly as logged, answers with the (status, bytes) pair that it was logged
/// with most often; among equals the lower status wins, then fewer bytes. Lines of method HEAD
/// count only where a target has no others, and "-" counts as 0 bytes. A target that is not in the
/// log answers 404. HEAD, 204 and 304 have no body; a 1xx status is answered as 200; no body is
/// longer than the limit that the site was started with.
///
/// This is the harness's own reading of the rule. It shares no code with the server's, so that a
/// mistake in either shows.
class site_rule {
 public:
  site_rule(const std::vector<base::combined_log_line>& records, std::uint64_t body_bytes_max);

  [[nodiscard]] expected_answer answer_to(std::string_view method, std::string_view target) const;

  [[nodiscard]] std::size_t size() const noexcept { return pages_.size(); }

 private:
  struct page {
    int status = 0;
    std::uint64_t bytes = 0;
  };

  std::map<std::string, page, std::less<>> pages_;
  std::uint64_t body_bytes_max_;
};

}  // namespace tacit::bench
