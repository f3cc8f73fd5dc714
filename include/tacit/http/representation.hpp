#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include <tacit/http/content_coding.hpp>
#include <tacit/http/context.hpp>
#include <tacit/http/preconditions.hpp>

namespace tacit::http {

/// The state of a resource as it could be sent: what a file is to a client. Views need to be valid
/// during answer_with() only.
struct representation {
  std::uint64_t length = 0;  ///< As it is sent, hence in its coding.
  std::string_view content_type;
  http::validators validators;
  content_coding coding = content_coding::identity;
  bool varies = false;             ///< Other requests for the same may get another coding.
  std::string_view cache_control;  ///< Left out if empty.
};

/// Answers a GET or HEAD with `what`, whose bytes are `from`: whole (200), in part (206, with
/// several ranges as multipart/byteranges), or not at all (304, 412, 416), as the request's
/// conditions and ranges say (RFC 9110 sections 13 and 14).
///
/// Several ranges of a coded representation are answered with the whole: it is nowhere said whether
/// Content-Encoding would be that of the parts or that of their sum.
void answer_with(context& c, const representation& what, std::shared_ptr<const body_source> from);

}  // namespace tacit::http
