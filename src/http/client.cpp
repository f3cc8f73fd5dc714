#include <tacit/http/client.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include <tacit/base/atomic.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/with_timeout.hpp>
#include <tacit/sync/sleep.hpp>

#include "http/client_exchange.hpp"
#include "http/client_pool.hpp"
#include "http/request_composer.hpp"
#include "http/retry_policy.hpp"

namespace tacit::http {
namespace {

// Of a body of announced length: the rest is believed when it has come.
constexpr std::uint64_t reserved_bytes_max = 64 * 1024;

base::steady_time deadline_after(std::chrono::milliseconds timeout) noexcept {
  if (timeout.count() <= 0) return base::steady_time::max();
  return sched::this_worker::coarse_now() + timeout;
}

// Something to read on an idle connection is its end, or what nobody has asked for.
bool is_stale(const io::stream& idle) noexcept {
  if (idle.descriptor() < 0) return false;
  char byte;
  return ::recv(idle.descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

sched::task<base::error_code> wait_for(client_pool& pool, client_lease& into) {
  co_return co_await pool.acquire(into);
}

}  // namespace

/// What a client is: its pools, and the way of a request through them.
class client_core {
 public:
  client_core(client_options options, std::unique_ptr<connector> by)
      : options_(std::move(options)),
        connector_(by ? std::move(by) : std::make_unique<tcp_connector>()),
        retries_(options_.retries) {}

  sched::task<client_result> start(client_request request, bool whole);
  [[nodiscard]] client_stats stats() const noexcept;

 private:
  // A request on its way.
  struct errand {
    errand(const client_request& of, std::pmr::memory_resource& memory)
        : request(of), wire(memory) {}

    const client_request& request;
    composed_request wire;
    base::steady_time deadline{};
    bool takes_new_connection = false;
    std::shared_ptr<client_pool> pool;
  };

  sched::task<base::error_code> try_until_answered(errand& on, client_response& answer);
  sched::task<try_outcome> try_once(errand& on, client_response& answer);
  sched::task<base::error_code> get_connection(errand& on, client_lease& lease);
  sched::task<base::error_code> open_connection(errand& on, client_lease& lease);
  sched::task<base::error_code> gather(client_response& answer);
  std::shared_ptr<client_pool> pool_of(const origin& to);

  const client_options options_;
  const std::unique_ptr<connector> connector_;
  client_counters count_;
  retry_policy retries_;
  base::mutex mutex_;
  std::vector<std::shared_ptr<client_pool>> pools_;  // Guarded by mutex_.
};

sched::task<client_result> client_core::start(client_request request, bool whole) {
  std::pmr::memory_resource& memory =
      request.memory ? *request.memory : *std::pmr::new_delete_resource();
  client_result result{{}, client_response(memory)};
  client_counters::add(count_.requests);
  retries_.count_request();
  errand on(request, memory);
  on.deadline = deadline_after(request.timeout.count() != 0 ? request.timeout : options_.timeout);
  result.error = compose(request, options_, on.wire);
  if (!result.error) on.pool = pool_of(on.wire.origin);
  if (!result.error && !on.pool) result.error = base::errc::overloaded;
  if (!result.error) result.error = co_await try_until_answered(on, result.response);
  if (!result.error && whole) result.error = co_await gather(result.response);
  if (result.error) client_counters::add(count_.failures);
  co_return std::move(result);
}

// The pool of an origin, or null if there are too many origins.
std::shared_ptr<client_pool> client_core::pool_of(const origin& to) {
  std::shared_ptr<client_pool> dropped;  // Destroyed behind the lock.
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(pools_.begin(), pools_.end(),
                                  [&](const auto& each) { return each->origin() == to; });
  if (found != pools_.end()) return *found;
  if (pools_.size() >= options_.origins_max) {
    const auto unused = std::find_if(pools_.begin(), pools_.end(),
                                     [](const auto& each) { return each.use_count() == 1; });
    if (unused == pools_.end()) return nullptr;
    dropped = std::move(*unused);
    pools_.erase(unused);
  }
  return pools_.emplace_back(std::make_shared<client_pool>(to, options_, count_));
}

sched::task<base::error_code> client_core::try_until_answered(errand& on, client_response& answer) {
  const sched::cancel_scope* const scope = co_await sched::current_scope();
  for (std::uint32_t tries = 1;; ++tries) {
    answer.tries = tries;
    const try_outcome went = co_await try_once(on, answer);
    std::optional<std::chrono::milliseconds> time;
    bool at_once = false;
    if (!went.error) {
      time = retries_.wanted_pause(on.request, answer.status,
                                   answer.find("Retry-After").value_or(std::string_view{}));
      if (!time) co_return went.error;
    } else {
      const bool is_given_up =
          (scope && scope->is_cancelled()) || sched::this_worker::coarse_now() >= on.deadline;
      if (is_given_up || !retry_policy::may_repeat(on.request, went)) co_return went.error;
      at_once = went.is_on_reused;
      time = retries_.pause(tries);
    }
    if (tries >= options_.retries.tries_max) co_return went.error;
    if (at_once) {
      client_counters::add(count_.stale);
      on.takes_new_connection = true;
    } else {
      if (!retries_.spend()) {
        client_counters::add(count_.retries_suppressed);
        co_return went.error;
      }
      // An answer that is not the last one stays as it is until the pause is over.
      const base::steady_time next = sched::this_worker::coarse_now() + *time;
      if (next >= on.deadline) co_return went.error;
      const base::error_code over = co_await sync::sleep_until(next);
      if (over) co_return over;
    }
    client_counters::add(count_.retries);
    if (!went.error) {
      static_cast<void>(co_await gather(answer));  // So that the connection can be used again.
      answer.clear();
    }
  }
}

sched::task<try_outcome> client_core::try_once(errand& on, client_response& answer) {
  try_outcome went;
  client_lease lease;
  went.error = co_await get_connection(on, lease);
  if (went.error) co_return went;
  auto over = std::make_unique<client_exchange>(std::move(lease), options_,
                                                on.request.method == method::head, on.deadline,
                                                *answer.fields.get_allocator().resource());
  went.is_on_reused = answer.on_reused = over->is_on_reused();
  went.error = co_await over->send(on.wire.head, on.request.body);
  if (!went.error) went.error = co_await over->receive_head(answer.head_);
  went.has_sent = over->has_sent();
  went.has_heard = over->has_heard();
  if (went.error) co_return went;
  response_parser& parsed = over->parsed();
  answer.status = parsed.status;
  answer.version = parsed.version;
  answer.reason = parsed.reason;
  answer.fields = std::move(parsed.fields);
  if (!over->is_over()) answer.rest_ = std::move(over);
  co_return went;
}

sched::task<base::error_code> client_core::get_connection(errand& on, client_lease& lease) {
  const client_pool::answer got = on.pool->try_acquire(lease);
  if (got == client_pool::answer::refused) co_return base::errc::overloaded;
  if (got == client_pool::answer::must_wait) {
    const auto waited = co_await sched::with_deadline(on.deadline, wait_for(*on.pool, lease));
    if (waited.value) co_return waited.value;
  }
  if (lease.connection && (on.takes_new_connection || is_stale(*lease.connection->stream))) {
    if (!on.takes_new_connection) client_counters::add(count_.stale);
    lease.connection.reset();
  }
  if (!lease.connection) co_return co_await open_connection(on, lease);
  client_counters::add(count_.reused);
  co_return base::error_code{};
}

sched::task<base::error_code> client_core::open_connection(errand& on, client_lease& lease) {
  const auto due = std::min(on.deadline, deadline_after(options_.connect_timeout));
  auto made = co_await sched::with_deadline(due, connector_->connect(on.pool->origin()));
  if (made.value.error) co_return made.value.error;
  lease.connection = std::make_unique<client_connection>();
  lease.connection->stream = std::move(made.value.stream);
  client_counters::add(count_.opened);
  co_return base::error_code{};
}

sched::task<base::error_code> client_core::gather(client_response& answer) {
  if (!answer.rest_) co_return base::error_code{};
  const std::uint64_t announced = answer.rest_->parsed().length().value_or(0);
  base::error_code failed;
  if (announced > options_.body_bytes_max) failed = base::errc::too_large;
  if (!failed) answer.body.reserve(std::min(announced, reserved_bytes_max));
  while (!failed) {
    const body_read got = co_await answer.rest_->read_piece();
    failed = got.error;
    if (got.error || got.bytes.empty()) break;
    if (answer.body.size() + got.bytes.size() > options_.body_bytes_max) {
      failed = base::errc::too_large;
    } else {
      answer.body.append(got.bytes);
    }
  }
  if (!failed) answer.trailers = std::move(answer.rest_->parsed().trailers);
  answer.rest_.reset();
  co_return failed;
}

client_stats client_core::stats() const noexcept {
  const auto of = [](const auto& counter) { return counter.load(base::memory_order_relaxed); };
  client_stats now;
  now.requests = of(count_.requests);
  now.failures = of(count_.failures);
  now.retries = of(count_.retries);
  now.retries_suppressed = of(count_.retries_suppressed);
  now.connections_opened = of(count_.opened);
  now.connections_reused = of(count_.reused);
  now.connections_stale = of(count_.stale);
  now.refused = of(count_.refused);
  now.open = of(count_.open);
  now.idle = of(count_.idle);
  now.waiting = of(count_.waiting);
  return now;
}

client_response::client_response() : client_response(*std::pmr::new_delete_resource()) {}
client_response::client_response(std::pmr::memory_resource& memory)
    : fields(&memory), body(&memory), head_(&memory) {}
client_response::client_response(client_response&&) noexcept = default;
client_response::~client_response() = default;

void client_response::clear() noexcept {
  rest_.reset();
  fields.clear();
  trailers.clear();
  body.clear();
  reason = {};
  status = 0;
}

std::optional<std::string_view> client_response::find(std::string_view name) const noexcept {
  for (const field& each : fields) {
    if (equals_ignoring_case(each.name, name)) return each.value;
  }
  return std::nullopt;
}

sched::task<io::transfer> client_response::read_some_body(std::span<char> into) {
  if (!rest_) co_return io::transfer{};
  if (into.empty()) co_return io::transfer{base::errc::wrong_use, 0};
  const io::transfer got = co_await rest_->read_some(into);
  if (!got.error && got.bytes == 0) {
    trailers = std::move(rest_->parsed().trailers);
    rest_.reset();
  }
  co_return got;
}

client::client(client_options options, std::unique_ptr<connector> by)
    : core_(std::make_unique<client_core>(std::move(options), std::move(by))) {}
client::~client() = default;

sched::task<client_result> client::send(client_request request) {
  return core_->start(request, true);
}

sched::task<client_result> client::start(client_request request) {
  return core_->start(request, false);
}

sched::task<client_result> client::get(std::string_view url) {
  return core_->start({.url = url}, true);
}

client_stats client::stats() const noexcept {
  return core_->stats();
}

}  // namespace tacit::http
