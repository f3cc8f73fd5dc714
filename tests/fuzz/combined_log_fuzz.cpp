#include <algorithm>
#include <memory_resource>

#include <tacit/base/combined_log.hpp>
#include <tacit/http/context.hpp>

#include "fuzz/targets.hpp"
#include "http/access_line.hpp"

namespace tacit::fuzz {
namespace {

using base::combined_log_line;

void require_inside(std::string_view part, std::string_view line) {
  if (part.empty()) return;
  require(part.data() >= line.data() && part.data() + part.size() <= line.data() + line.size(),
          "a part lies outside of the line");
}

// The writer has seconds of UTC and an escape for quotes; the same parts must come back.
void require_round_trip(const combined_log_line& of) {
  // A time zone can lead out of the years that have four digits.
  constexpr std::int64_t year_0 = -62'167'219'200, year_10000 = 253'402'300'800;
  if (of.time_s < year_0 || of.time_s >= year_10000) return;
  std::pmr::monotonic_buffer_resource memory;
  http::context c(memory);
  const std::string_view method = of.method, target = of.target;
  c.request.method_name = method;
  c.request.target = target;
  c.request.version = of.protocol == "HTTP/1.0" ? 10 : 11;
  c.request.fields.push_back({"Referer", of.referrer});
  c.request.fields.push_back({"User-Agent", of.user_agent});
  c.response.status = of.status;
  std::pmr::string line(&memory);
  http::append_combined(
      line, c,
      {.client = of.client, .unix_ms = of.time_s * 1000, .body_bytes = of.bytes.value_or(0)});
  require(line.find('\n') == line.size() - 1, "not one line");
  line.pop_back();
  combined_log_line again;
  const char* const wrong = base::parse_combined_log(line, again);
  require(!wrong, "what was logged cannot be read: " + std::string(wrong ? wrong : ""));
  require(again.client == of.client && again.method == of.method && again.status == of.status &&
              again.bytes == of.bytes.value_or(0) && again.time_s == of.time_s,
          "what was logged is read differently");
}

// What a peer sends can be anything; the line is one line that can be read.
void require_readable(std::string_view sent) {
  std::pmr::monotonic_buffer_resource memory;
  http::context c(memory);
  c.request.method_name = "GET";
  c.request.target = "/";
  c.request.fields.push_back({"Referer", sent});
  c.request.fields.push_back({"User-Agent", sent});
  std::pmr::string line(&memory);
  http::append_combined(line, c, {.client = "::1", .unix_ms = 1'700'000'000'000});
  require(line.find('\n') == line.size() - 1, "not one line");
  line.pop_back();
  combined_log_line read;
  require(!base::parse_combined_log(line, read), "what was logged cannot be read");
  require(read.referrer == read.user_agent, "the same text is logged in two ways");
}

}  // namespace

void fuzz_combined_log(input bytes) {
  const std::string_view line = as_text(bytes);
  require_readable(line);
  if (line.find('\n') != std::string_view::npos) return;  // Not one line.
  combined_log_line out;
  if (base::parse_combined_log(line, out)) return;
  for (const auto part :
       {out.client, out.method, out.target, out.protocol, out.referrer, out.user_agent}) {
    require_inside(part, line);
  }
  require(out.status >= 100 && out.status <= 599, "a status that there is not");
  require(!out.client.empty() && !out.method.empty() && !out.target.empty(), "an empty part");
  require(out.target.find(' ') == std::string_view::npos, "a target with a space");
  require_round_trip(out);
}

}  // namespace tacit::fuzz
