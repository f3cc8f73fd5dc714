#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tacit/http/json_fwd.hpp>
#include <tacit/http/request.hpp>
#include <tacit/http/response.hpp>

namespace tacit::http {

/// One request and its answer, as a handler sees them.
///
/// Views into the request, and memory from arena(), are valid until the answer is written.
/// Threads: belongs to the handler that runs; a coroutine handler may resume on another worker.
class context {
 public:
  /// `memory` holds everything of this request and outlives it.
  explicit context(std::pmr::memory_resource& memory)
      : request(memory), response(memory), memory_(memory), params_(&memory) {}
  context(const context&) = delete;
  context& operator=(const context&) = delete;

  http::request request;
  http::response response;

  /// The value that `{name}` of the route's pattern stands for, percent-decoded; empty if there is
  /// no such name.
  [[nodiscard]] std::string_view param(std::string_view name) const noexcept;

  /// The query value of that name as a number; nullopt if it is absent or no number.
  [[nodiscard]] std::optional<std::uint64_t> query_number(std::string_view name) const noexcept;

  /// Memory for this request: the connection's arena, or the heap in heap mode. What needs a
  /// destructor must have it run.
  [[nodiscard]] std::pmr::memory_resource& arena() const noexcept { return memory_; }

  context& status(int code) noexcept {
    response.status = code;
    return *this;
  }

  /// Adds a response field; name and value are copied. Both must be free of CR, LF and NUL: a field
  /// that is not is left out, and the answer becomes 500, since it would split the response.
  context& set(std::string_view name, std::string_view value);

  /// Answers with the pieces in a row as text/plain.
  template <class... Pieces>
  void text(const Pieces&... pieces) {
    start_body("text/plain; charset=utf-8",
               (std::size_t{0} + ... + std::string_view(pieces).size()));
    (response.body.append(std::string_view(pieces)), ...);
  }

  /// Answers with `bytes` as `content_type`.
  void body(std::string_view bytes, std::string_view content_type);

  /// Answers with `bytes` bytes of `source`, which must outlive the answer.
  void body(const body_source& source, std::uint64_t bytes, std::string_view content_type);

  /// The same, with a source that is kept until the answer is written.
  void body(std::shared_ptr<const body_source> source, std::uint64_t bytes,
            std::string_view content_type);

  /// Answers with the serialised value. A list in braces, as `c.json({{"key", 1}})`, becomes an
  /// http::json and takes nothing from the heap.
  void json(const http::json& value);
  template <class Json>
    requires std::is_same_v<Json, nlohmann::json>
  void json(const Json& value) {
    nlohmann_json(value);
  }

  /// Answers with a status and a line of text that says what it means.
  void problem(int code, std::string_view detail = {});

 private:
  friend class router;
  void start_body(std::string_view content_type, std::size_t bytes);
  void nlohmann_json(const nlohmann::json& value);

  std::pmr::memory_resource& memory_;
  std::pmr::vector<std::pair<std::string_view, std::pmr::string>> params_;
};

}  // namespace tacit::http
