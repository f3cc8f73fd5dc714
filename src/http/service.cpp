#include <tacit/http/service.hpp>

namespace tacit::http {

counters::counters(observe::metrics& in) {
  for (int i = 0; i < 5; ++i) {
    answers_by_class[i] =
        in.add_counter("tacit_http_responses_total", "Answers written, by class of status.",
                       "class=\"" + std::to_string(i + 1) + "xx\"");
  }
  received_bytes = in.add_counter("tacit_http_received_bytes_total", "Bytes read from peers.");
  sent_bytes = in.add_counter("tacit_http_sent_bytes_total", "Bytes written to peers.");
  refused_requests = in.add_counter("tacit_http_refused_requests_total",
                                    "Requests refused before they reached a handler.");
  handler_errors = in.add_counter("tacit_http_handler_errors_total", "Handlers that threw.");
  timeouts = in.add_counter("tacit_http_timeouts_total",
                            "Connections closed because the peer made no progress in time.");
  handler_timeouts = in.add_counter("tacit_http_handler_timeouts_total",
                                    "Handlers cancelled because their time was over.");
  clients_gone = in.add_counter("tacit_http_clients_gone_total",
                                "Handlers cancelled because their client had left.");
  shed_for_memory =
      in.add_counter("tacit_shed_total", "Requests and connections refused to save what is short.",
                     "reason=\"memory\"");
  cut_answers = in.add_counter("tacit_http_cut_answers_total",
                               "Streamed answers that were cut before their end.");
}

std::uint64_t counters::answers() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& each : answers_by_class)
    sum += each.value();
  return sum;
}

void service::replace_limits(const http::limits& next) {
  const http::limits* found = next == limits ? &limits : nullptr;
  for (const http::limits& each : replacements_) {
    if (each == next) found = &each;
  }
  if (!found) found = &replacements_.emplace_back(next);
  // Release: who finds them finds them whole.
  current_.store(found, base::memory_order_release);
}

}  // namespace tacit::http
