#include "server/site.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

#include <tacit/base/combined_log.hpp>
#include <tacit/http/status.hpp>

namespace tacit::server {
namespace {

using answer_kind = std::pair<int, std::uint64_t>;  // Status and bytes.

struct tally {
  std::map<answer_kind, std::uint64_t> counts;  // Ordered, so that the first of equals wins.
  bool only_head = true;
};

void count(tally& into, const base::combined_log_line& line) {
  const bool is_head = line.method == "HEAD";
  if (is_head && !into.only_head) return;
  if (!is_head && std::exchange(into.only_head, false)) into.counts.clear();
  ++into.counts[{line.status, line.bytes.value_or(0)}];
}

answer_kind most_frequent(const tally& of) {
  return std::max_element(of.counts.begin(), of.counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

base::failure unreadable(const std::string& file) {
  return {"cannot read the log " + file + ": " +
          std::generic_category().message(errno ? errno : EIO)};
}

// "bytes 0-99/*": the log does not say of how many.
void set_content_range(http::context& c, std::uint64_t bytes) {
  char text[48] = "bytes 0-";
  char* at = text + 8;
  at = std::to_chars(at, text + 40, bytes == 0 ? 0 : bytes - 1).ptr;
  *at++ = '/';
  *at++ = '*';
  c.set("Content-Range", {text, static_cast<std::size_t>(at - text)});
}

void set_location(http::context& c) {
  std::pmr::string location(c.request.path, &c.arena());
  if (!location.ends_with('/')) location += '/';
  c.set("Location", location);
}

}  // namespace

std::variant<site, base::failure> site::load(const std::string& log_file,
                                             std::uint64_t body_bytes_max) {
  errno = 0;
  std::ifstream in(log_file);
  if (!in) return unreadable(log_file);
  site loaded;
  std::unordered_map<std::string, tally> tallies;
  base::combined_log_line parsed;
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    if (base::parse_combined_log(line, parsed)) {
      ++loaded.unparsed_lines_;
    } else {
      count(tallies[std::string(parsed.target)], parsed);
    }
  }
  if (in.bad()) return unreadable(log_file);
  if (tallies.empty()) {
    return base::failure{"the log " + log_file +
                         " has no line in combined log format, so there is no site to serve"};
  }
  for (const auto& [target, tally] : tallies) {
    auto [status, bytes] = most_frequent(tally);
    if (status < 200 || status > 599) status = 200;  // An interim status is no answer.
    loaded.pages_[target] = {status, std::min(bytes, body_bytes_max)};
  }
  return loaded;
}

void site::answer(http::context& c, const pattern_source& pattern) const {
  const auto found = pages_.find(c.request.target);
  if (found == pages_.end())
    return c.problem(404, "the log that this site was made from has no such target");
  const page& logged = found->second;
  c.status(logged.status);
  switch (logged.status) {
    case 206:
      set_content_range(c, logged.bytes);
      break;
    case 416:
      c.set("Content-Range", "bytes */0");
      break;
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      set_location(c);
      break;
    default:
      break;
  }
  if (http::has_no_content(logged.status)) return;
  c.body(pattern, logged.bytes, "application/octet-stream");
}

}  // namespace tacit::server
