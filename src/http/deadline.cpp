#include <tacit/http/deadline.hpp>

#include <tacit/sched/cancel.hpp>

namespace tacit::http {
namespace {

sched::task<> run_until(std::chrono::milliseconds limit, context& c, sched::task<> inside) {
  sched::cancel_scope* const around = co_await sched::current_scope();
  sched::deadline_scope scope(std::chrono::steady_clock::now() + limit, around);
  co_await scope.run(std::move(inside));
  const base::error_code why = scope.settle();
  const bool is_untouched = c.response.status == 200 && c.response.body.empty() &&
                            c.response.content_type.empty() && !c.response.source;
  if (why == base::errc::timed_out && is_untouched && !c.response.is_streamed) {
    c.problem(503, "the handler did not answer in time");
  }
}

}  // namespace

middleware deadline(std::chrono::milliseconds limit) {
  middleware made;
  made.at = stage::deadline;
  made.around = [limit](context& c, sched::task<> inside) {
    return run_until(limit, c, std::move(inside));
  };
  return made;
}

}  // namespace tacit::http
