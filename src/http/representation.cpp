#include <tacit/http/representation.hpp>

#include <tacit/http/byte_range.hpp>

#include "http/content_range.hpp"
#include "http/http_date.hpp"
#include "http/ranged_body.hpp"

namespace tacit::http {
namespace {

// What a 304 must say, too (RFC 9110 section 15.4.5).
void set_shared_fields(context& c, const representation& what) {
  if (!what.validators.etag.empty()) c.set("ETag", what.validators.etag);
  if (what.validators.last_modified) {
    c.set("Last-Modified", http_date(*what.validators.last_modified).text());
  }
  if (!what.cache_control.empty()) c.set("Cache-Control", what.cache_control);
  if (what.varies) c.set("Vary", "Accept-Encoding");
}

void set_success_fields(context& c, const representation& what) {
  set_shared_fields(c, what);
  c.set("Accept-Ranges", "bytes");
  if (what.coding != content_coding::identity) c.set("Content-Encoding", to_string(what.coding));
}

// The Range field, if it is to be honoured. Two of them say nothing that could be.
byte_ranges asked_ranges(const request& asked, const representation& what) {
  std::string_view wanted;
  for (const field& each : asked.fields) {
    if (!equals_ignoring_case(each.name, "Range")) continue;
    if (!wanted.empty()) return {};
    wanted = each.value;
  }
  // RFC 9110 section 14.2: it is defined for GET only.
  if (wanted.empty() || asked.method != method::get) return {};
  if (!if_range_holds(asked, what.validators)) return {};
  return byte_ranges::parse(wanted, what.length);
}

void answer_in_part(context& c, const representation& what,
                    std::shared_ptr<const body_source>&& from, std::span<const byte_range> ranges) {
  const std::pmr::polymorphic_allocator<ranged_body> allocator(&c.arena());
  const auto body = std::allocate_shared<ranged_body>(allocator, std::move(from), c.arena());
  c.status(206);
  set_success_fields(c, what);
  if (ranges.size() == 1) {
    body->set_single(ranges.front());
    c.set("Content-Range", content_range(ranges.front(), what.length).text());
    return c.body(body, body->size(), what.content_type);
  }
  body->set_parts(ranges, what.length, what.content_type);
  c.body(body, body->size(), body->content_type());
}

}  // namespace

void answer_with(context& c, const representation& what, std::shared_ptr<const body_source> from) {
  switch (check_preconditions(c.request, what.validators)) {
    case precondition::failed:
      return c.problem(412);
    case precondition::not_modified:
      c.status(304);
      return set_shared_fields(c, what);
    case precondition::holds:
      break;
  }
  const byte_ranges asked = asked_ranges(c.request, what);
  if (asked.result() == byte_ranges::outcome::unsatisfiable) {
    c.problem(416);
    c.set("Accept-Ranges", "bytes");
    c.set("Content-Range", content_range(what.length).text());
    return;
  }
  const auto ranges = asked.ranges();
  if (ranges.size() == 1 || (ranges.size() > 1 && what.coding == content_coding::identity)) {
    return answer_in_part(c, what, std::move(from), ranges);
  }
  set_success_fields(c, what);
  c.body(std::move(from), what.length, what.content_type);
}

}  // namespace tacit::http
