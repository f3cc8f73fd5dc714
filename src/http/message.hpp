#pragma once

#include <chrono>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include <tacit/http/context.hpp>
#include <tacit/http/limits.hpp>
#include <tacit/memory/memory_budget.hpp>
#include <tacit/sched/this_worker.hpp>

#include "http/answer_stream.hpp"
#include "http/parser.hpp"
#include "http/pipeline.hpp"
#include "http/progress_window.hpp"
#include "http/request_scope.hpp"

namespace tacit::http {

/// A request on its way, and its answer. Lies in the request's memory.
struct message {
  message(const limits& bounds, std::pmr::memory_resource& memory, exchange& over)
      : c(memory, &over),
        parser(bounds, c.request, memory),
        body_progress(bounds.body_timeout, bounds.body_bytes_per_s_min),
        head_deadline(sched::this_worker::coarse_now() + bounds.head_timeout) {}

  context c;
  http::parser parser;
  progress_window body_progress;
  memory::memory_claim body_claim;  // What of the body is still to come, and will be held.
  base::steady_time head_deadline;
  const handler* with = nullptr;  // Null before it is routed, and where routing has answered.
  bool is_routed = false;
  bool is_body_complete = false;
  bool has_body_begun = false;  // Some of it has come.
  bool has_given_body = false;  // A whole body, to a handler that takes it in pieces.
  bool continued = false;       // The peer need not, or must not, be told to send its body.
  bool peer_has_left = false;   // In the middle of the body.
  bool client_is_gone = false;  // Noticed while the handler ran.
  std::optional<refusal> body_refusal;
  base::error_code body_error;
  std::optional<request_scope> scope;  // While a coroutine handler runs.
  std::string_view whole_body;         // Of a coroutine handler, if all had come when it started.
  std::optional<std::pmr::string> gathered;  // By read_body().
  answer_stream stream;
};

}  // namespace tacit::http
