#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/formats/rejections.hpp"

namespace tacit::bench::formats {

/// A request as a file describes it.
struct recorded_request {
  std::string method = "GET";
  std::string target = "/";  ///< Path and query; the host of the file is not the target's.
  /// Without those that describe one connection or are made anew: Host, Content-Length, …
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::optional<std::string> body = {};
  std::optional<std::int64_t> time_ns = {};  ///< Since some moment that is the file's own.
};

/// What a file of requests holds, in the order of its times where all have one.
struct recorded_traffic {
  std::vector<recorded_request> requests;
  rejections rejected;
  bool has_times = false;

  /// When each request is due, from 0 for the first. Only with has_times.
  [[nodiscard]] std::vector<std::int64_t> times_ns() const;
};

/// Longer targets and methods are rejected: no server takes them, and they are no use as examples.
inline constexpr std::size_t target_bytes_max = 16 * 1024;

// Each reads a whole text. What makes no request is rejected with its line (in GoReplay's format
// the one where the payload begins) and the rest is read; nothing is thrown.

/// GoReplay's `.gor`: payloads with a line of type, id and time before them. Only requests are
/// taken; what the payload separators are missing from is one payload.
[[nodiscard]] recorded_traffic parse_gor(std::string_view text);

/// One payload of it, without the separator. Returns what is wrong, or nullptr; `into` stays empty
/// for what is no request.
const char* parse_gor_payload(std::string_view payload, std::optional<recorded_request>& into);

/// The line that ends a payload.
inline constexpr std::string_view gor_separator_line =
    "\xF0\x9F\x90\xB5\xF0\x9F\x99\x88\xF0\x9F\x99\x89";

/// Vegeta's targets as JSON, one object per line: method, url, optionally header, body (base64) and
/// timestamp (RFC 3339).
[[nodiscard]] recorded_traffic parse_vegeta(std::string_view text);

/// One of them. Returns what is wrong, or nullptr.
const char* parse_vegeta_line(std::string_view line, recorded_request& into);

/// An HTTP archive (HAR 1.1 or 1.2). One that is cut off gives the entries before the cut; another
/// version is rejected as a line, and what has the shape of an entry is read all the same.
[[nodiscard]] recorded_traffic parse_har(std::string_view text);

/// Lines of `[WEIGHT] [METHOD] URL`; empty ones and those that begin with # say nothing. A request
/// of weight n (1 to 1,000) comes n times, mixed with the others in an order that `seed` decides.
[[nodiscard]] recorded_traffic parse_url_list(std::string_view text, std::uint64_t seed);

/// Path and query of a URL, or of what begins with "/"; nullopt for anything else.
[[nodiscard]] std::optional<std::string> target_of(std::string_view url);

/// Nanoseconds since the epoch of an RFC 3339 time such as 2026-01-05T09:00:00.25Z.
[[nodiscard]] std::optional<std::int64_t> parse_rfc3339(std::string_view text);

/// Whether a field belongs to the request and not to the connection that it was recorded on.
[[nodiscard]] bool is_replayed(std::string_view field_name) noexcept;

/// Why the request cannot be sent, or nullptr.
[[nodiscard]] const char* not_sendable(const recorded_request& what) noexcept;

/// Sorts by time where all have one; the order of the file holds among equals.
void order(recorded_traffic& what);

}  // namespace tacit::bench::formats
