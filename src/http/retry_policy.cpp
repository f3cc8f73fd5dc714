#include "http/retry_policy.hpp"

#include <algorithm>
#include <charconv>

#include <tacit/base/quick_random.hpp>

#include "http/http_date.hpp"

namespace tacit::http {
namespace {

using std::chrono::milliseconds;

bool is_idempotent(const client_request& request) noexcept {
  if (request.is_idempotent) return *request.is_idempotent;
  return request.method != method::post && request.method != method::patch;
}

// Errors of our own that would come again, or that came since nobody waits any more. A deadline
// that is not the request's is that of connecting.
bool is_final(const base::error_code& error) noexcept {
  return error.category() == base::category() && error != base::errc::end_of_stream &&
         error != base::errc::timed_out;
}

}  // namespace

// Two at a time may add a little too much: it is a guard, not an account.
void retry_policy::count_request() noexcept {
  if (credit_.load(base::memory_order_relaxed) >= credit_max) return;
  const auto share = static_cast<std::int64_t>(options_.share_max * static_cast<double>(whole));
  credit_.fetch_add(share, base::memory_order_relaxed);
}

bool retry_policy::spend() noexcept {
  auto left = credit_.load(base::memory_order_relaxed);
  do {
    if (left < whole) return false;
  } while (!credit_.compare_exchange_weak(left, left - whole, base::memory_order_relaxed));
  return true;
}

bool retry_policy::may_repeat(const client_request& request, const try_outcome& outcome) noexcept {
  if (outcome.has_heard || is_final(outcome.error)) return false;
  return !outcome.has_sent || is_idempotent(request);
}

milliseconds retry_policy::pause(std::uint32_t tries) const noexcept {
  const auto doublings = std::min<std::uint32_t>(tries - 1, 20);
  const auto full =
      std::min(options_.pause_min * (std::int64_t{1} << doublings), options_.pause_max);
  const auto half = static_cast<std::uint64_t>(full.count() / 2);
  return full - milliseconds(base::quick_random() % (half + 1));
}

std::optional<milliseconds> retry_policy::wanted_pause(
    const client_request& request, int status, std::string_view retry_after) const noexcept {
  if (!options_.honours_retry_after || (status != 429 && status != 503)) return std::nullopt;
  if (retry_after.empty() || !is_idempotent(request)) return std::nullopt;
  std::int64_t seconds = 0;
  const char* const last = retry_after.data() + retry_after.size();
  const auto [end, ec] = std::from_chars(retry_after.data(), last, seconds);
  if (ec != std::errc{} || end != last || seconds < 0) {
    const std::int64_t now = present_second();
    const auto date = parse_http_date(retry_after, now);
    if (!date) return std::nullopt;
    seconds = std::max<std::int64_t>(*date - now, 0);
  }
  if (seconds > options_.retry_after_max.count()) return std::nullopt;
  return milliseconds(seconds * 1000);
}

}  // namespace tacit::http
