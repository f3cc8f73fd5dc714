#include <tacit/http/context.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>

#include <tacit/http/json.hpp>
#include <tacit/http/status.hpp>

namespace tacit::http {
namespace {

constexpr bool splits_a_response(std::string_view text) noexcept {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

sched::task<body_read> just(std::string_view bytes) {
  co_return body_read{{}, bytes};
}

sched::task<base::error_code> nowhere_to_write() {
  co_return base::errc::wrong_use;
}

}  // namespace

std::string_view context::param(std::string_view name) const noexcept {
  for (const auto& [key, value] : params_) {
    if (key == name) return value;
  }
  return {};
}

std::optional<std::uint64_t> context::query_number(std::string_view name) const noexcept {
  const auto text = request.query_value(name);
  if (!text) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (ec != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

context& context::set(std::string_view name, std::string_view value) {
  if (name.empty() || splits_a_response(name) || splits_a_response(value)) {
    problem(500, "the handler set a header field that cannot be sent");
    return *this;
  }
  response.fields.emplace_back(name, value);
  return *this;
}

void context::start_body(std::string_view content_type, std::size_t bytes) {
  response.source = nullptr;
  response.body.clear();
  response.body.reserve(bytes);
  response.content_type = content_type;
}

void context::body(std::string_view bytes, std::string_view content_type) {
  start_body(content_type, bytes.size());
  response.body.append(bytes);
}

void context::body(const body_source& source, std::uint64_t bytes, std::string_view content_type) {
  response.content_type = content_type;
  response.source = &source;
  response.source_bytes = bytes;
}

void context::body(std::shared_ptr<const body_source> source, std::uint64_t bytes,
                   std::string_view content_type) {
  body(*source, bytes, content_type);
  response.source_owner = std::move(source);
}

void context::json(const http::json& value) {
  start_body("application/json", 0);
  append(response.body, value);
}

void context::nlohmann_json(const nlohmann::json& value) {
  start_body("application/json", 0);
  append(response.body, value);
}

sched::task<body_read> context::read_body() {
  if (exchange_) return exchange_->read_body();
  return just(request.body);
}

sched::task<body_read> context::read_some_body() {
  if (exchange_) return exchange_->read_some_body();
  return just(std::exchange(request.body, {}));
}

sched::task<base::error_code> context::start_stream(std::string_view content_type,
                                                    std::optional<std::uint64_t> length) {
  if (!exchange_) return nowhere_to_write();
  if (!exchange_->has_started_answer()) response.content_type = content_type;
  return exchange_->start_stream(length);
}

sched::task<base::error_code> context::write(std::string_view bytes) {
  return exchange_ ? exchange_->write(bytes) : nowhere_to_write();
}

sched::task<base::error_code> context::flush() {
  return exchange_ ? exchange_->flush() : nowhere_to_write();
}

context& context::trailer(std::string_view name, std::string_view value) {
  if (name.empty() || splits_a_response(name) || splits_a_response(value) ||
      is_barred_from_trailers(name)) {
    return *this;
  }
  response.trailers.emplace_back(name, value);
  return *this;
}

void context::problem(int code, std::string_view detail) {
  status(code);
  const std::string_view reason = reason_phrase(code);
  if (detail.empty()) {
    text(reason, "\n");
  } else {
    text(reason, ": ", detail, "\n");
  }
}

}  // namespace tacit::http
