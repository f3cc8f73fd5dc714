#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <tacit/base/error.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::http {

/// What a read of a request's body gives.
struct body_read {
  base::error_code error;
  std::string_view bytes;
};

/// What a context asks the connection for that carries its request: the body as it comes, the
/// answer as it is made. Users call it by way of context, which says what each call does.
class exchange {
 public:
  virtual sched::task<body_read> read_body() = 0;
  virtual sched::task<body_read> read_some_body() = 0;
  virtual sched::task<base::error_code> start_stream(std::optional<std::uint64_t> length) = 0;
  virtual sched::task<base::error_code> write(std::string_view bytes) = 0;
  virtual sched::task<base::error_code> flush() = 0;
  [[nodiscard]] virtual bool has_started_answer() const noexcept = 0;
  virtual void cancel_at_drain(sched::cancel_scope* /*scope*/) noexcept {}

 protected:
  ~exchange() = default;
};

}  // namespace tacit::http
