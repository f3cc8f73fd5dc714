#include <tacit/http/compression.hpp>

#include <algorithm>
#include <memory>

#include <tacit/http/status.hpp>

#include "http/answer_fields.hpp"
#include "http/compressors.hpp"
#include "http/field_list.hpp"

namespace tacit::http {
namespace {

class compressing {
 public:
  explicit compressing(const compression_options& with) : options_(with), compressors_(with) {}

  void compress(context& c) {
    if (!is_candidate(c.response)) return;
    // Whether or not this one is: a cache must keep the answers apart.
    add_vary(c, "Accept-Encoding");
    response& answer = c.response;
    if (c.request.method == method::head || !has_right_size(answer)) return;
    const content_coding coding = compressors_.choose({c.request, fastest_first});
    const auto bytes = answer.is_streamed ? std::nullopt : std::optional(answer.body.size());
    encoder_lease encoder = compressors_.start(coding, bytes);
    if (!encoder) return;
    if (!answer.is_streamed) {
      if (!replace_body(*encoder, answer)) return;
    } else {
      answer.encoder = std::move(encoder);
    }
    c.set("Content-Encoding", to_string(coding));
    weaken_etag(answer);
  }

 private:
  [[nodiscard]] bool is_candidate(response& answer) const {
    if (answer.source || has_no_content(answer.status) || answer.status == 206) return false;
    if (!is_wanted_type(answer.content_type)) return false;
    if (find_field(answer, "Content-Encoding") || find_field(answer, "Content-Range")) return false;
    const auto* const caching = find_field(answer, "Cache-Control");
    return !caching || !forbids_changes(*caching);
  }

  [[nodiscard]] bool has_right_size(const response& answer) const noexcept {
    return answer.is_streamed ||
           (answer.body.size() >= options_.bytes_min && answer.body.size() <= options_.bytes_max);
  }

  [[nodiscard]] bool is_wanted_type(std::string_view content_type) const noexcept {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ') || type.ends_with('\t'))
      type.remove_suffix(1);
    return !type.empty() && std::any_of(options_.content_types.begin(),
                                        options_.content_types.end(), [&](std::string_view each) {
                                          if (type.size() < each.size()) return false;
                                          std::string_view part = type;
                                          if (each.ends_with('/'))
                                            part = type.substr(0, each.size());
                                          if (each.starts_with('+'))
                                            part = type.substr(type.size() - each.size());
                                          return equals_ignoring_case(part, each);
                                        });
  }

  // RFC 9111 section 5.2.2.6.
  [[nodiscard]] static bool forbids_changes(std::string_view cache_control) {
    field_list list(cache_control);
    while (const auto each = list.next()) {
      if (equals_ignoring_case(*each, "no-transform")) return true;
    }
    return false;
  }

  // False if it would not become shorter.
  [[nodiscard]] static bool replace_body(body_encoder& encoder, response& answer) {
    std::pmr::string coded(answer.body.get_allocator());
    coded.reserve(answer.body.size());
    std::string_view left = answer.body;
    for (;;) {
      const std::string_view piece = encoder.encode(left, body_encoder::flush::end);
      if (piece.empty() && left.empty()) break;
      if (coded.size() + piece.size() >= answer.body.size()) return false;
      coded.append(piece);
    }
    answer.body = std::move(coded);
    return true;
  }

  // It says that two answers are the same byte by byte (RFC 9110 section 8.8.3.3).
  static void weaken_etag(response& answer) {
    std::pmr::string* const etag = find_field(answer, "ETag");
    if (etag && !etag->starts_with("W/")) etag->insert(0, "W/");
  }

  const compression_options options_;
  compressors compressors_;
};

}  // namespace

middleware compression(const compression_options& with) {
  middleware made;
  made.at = stage::compression;
  made.after = [shared = std::make_shared<compressing>(with)](context& c) { shared->compress(c); };
  return made;
}

}  // namespace tacit::http
