#include <tacit/http/server_sent_events.hpp>

#include <charconv>
#include <utility>

#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/when_any.hpp>
#include <tacit/sync/sleep.hpp>

namespace tacit::http {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view keep_alive_comment = ": keep-alive\n\n";

bool has_line_end(std::string_view text) noexcept {
  return text.find_first_of("\r\n"sv) != std::string_view::npos;
}

bool can_be_sent(const server_event& event) noexcept {
  const bool has_good_id = !event.id || event.id->find_first_of("\r\n\0"sv) == event.id->npos;
  const bool has_good_retry = !event.retry || event.retry->count() >= 0;
  return has_good_id && has_good_retry && !has_line_end(event.name);
}

// Takes a line off the front of `text`, and what ends it. There is at least one.
std::string_view take_line(std::string_view& text, bool& is_last) noexcept {
  const std::size_t end = text.find_first_of("\r\n"sv);
  is_last = end == std::string_view::npos;
  const std::string_view line = text.substr(0, end);
  if (is_last) return line;
  text.remove_prefix(end + (text.substr(end, 2) == "\r\n"sv ? 2 : 1));
  return line;
}

}  // namespace

// What run() holds. What is written has a scope of its own: a drain, or the end of the source,
// must not stop in the middle of an event, since that would cut the answer.
struct event_stream::course {
  course(event_stream& of, sched::cancel_scope* around) noexcept
      : stream(of), source(around), writing(around) {
    stream.course_ = this;
    stream.context_.cancel_at_drain(&source);
  }
  ~course() {
    stream.context_.cancel_at_drain(nullptr);
    stream.course_ = nullptr;
  }
  course(const course&) = delete;
  course& operator=(const course&) = delete;

  event_stream& stream;
  sched::cancel_scope source;
  sched::cancel_scope writing;
};

std::string_view last_event_id(const context& c) noexcept {
  return c.request.find("Last-Event-ID").value_or(""sv);
}

event_stream::event_stream(context& c, event_stream_options options) noexcept
    : context_(c), options_(options), text_(&c.arena()) {}

sched::task<base::error_code> event_stream::run(sched::task<> source) {
  sched::cancel_scope* const around = co_await sched::current_scope();
  context_.set("Cache-Control", "no-store").set("X-Accel-Buffering", "no");
  const base::error_code begun = co_await context_.start_stream("text/event-stream");
  if (begun) co_return begun;
  const base::error_code unsent = co_await context_.flush();
  if (unsent || context_.request.method == method::head) co_return unsent;

  course running(*this, around);
  last_sent_ = sched::this_worker::coarse_now();
  const bool can_wait_meanwhile = context_.peer && context_.peer->suspends();
  if (can_wait_meanwhile && options_.keep_alive.count() > 0) {
    co_await running.source.run(beside_keep_alive(std::move(source)));
  } else {
    co_await running.source.run(std::move(source));
  }
  co_return failed_ ? failed_ : running.source.cause();
}

sched::task<> event_stream::beside_keep_alive(sched::task<> source) {
  static_cast<void>(co_await sched::when_any(std::move(source), keep_alive()));
}

// Ends when nothing can be sent any more, which ends the source.
sched::task<> event_stream::keep_alive() {
  base::steady_time next = sched::this_worker::coarse_now() + options_.keep_alive;
  for (;;) {
    const base::error_code over = co_await sync::sleep_until(next);
    if (over) co_return;
    const bool goes_on = co_await break_silence(next);
    if (!goes_on) co_return;
  }
}

sched::task<bool> event_stream::break_silence(base::steady_time& next) {
  const auto turn = co_await turn_.lock();
  if (!turn) co_return false;
  if (sched::this_worker::coarse_now() >= last_sent_ + options_.keep_alive) {
    const base::error_code failed = co_await transmit(keep_alive_comment);
    if (failed) co_return false;
  }
  next = last_sent_ + options_.keep_alive;
  co_return true;
}

sched::task<base::error_code> event_stream::send(server_event event) {
  if (!can_be_sent(event)) co_return base::errc::malformed;
  const base::error_code over = why_not();
  if (over) co_return over;
  const auto turn = co_await turn_.lock();
  if (!turn) co_return turn.error();
  text_.clear();
  if (!event.name.empty()) append_line("event", event.name);
  if (event.id) append_line("id", *event.id);
  if (event.retry) append_line("retry", event.retry->count());
  for (bool is_last = false; !is_last;)
    append_line("data", take_line(event.data, is_last));
  text_ += '\n';
  co_return co_await transmit(text_);
}

sched::task<base::error_code> event_stream::retry(std::chrono::milliseconds after) {
  if (after.count() < 0) co_return base::errc::malformed;
  const base::error_code over = why_not();
  if (over) co_return over;
  const auto turn = co_await turn_.lock();
  if (!turn) co_return turn.error();
  text_.clear();
  append_line("retry", after.count());
  text_ += '\n';
  co_return co_await transmit(text_);
}

sched::task<base::error_code> event_stream::comment(std::string_view text) {
  if (has_line_end(text)) co_return base::errc::malformed;
  const base::error_code over = why_not();
  if (over) co_return over;
  const auto turn = co_await turn_.lock();
  if (!turn) co_return turn.error();
  text_.clear();
  append_line("", text);
  text_ += '\n';
  co_return co_await transmit(text_);
}

// By who holds turn_.
sched::task<base::error_code> event_stream::transmit(std::string_view text) {
  if (failed_) co_return failed_;
  failed_ = co_await course_->writing.run(write_now(text));
  last_sent_ = sched::this_worker::coarse_now();
  co_return failed_;
}

sched::task<base::error_code> event_stream::write_now(std::string_view text) {
  const base::error_code failed = co_await context_.write(text);
  if (failed) co_return failed;
  co_return co_await context_.flush();
}

base::error_code event_stream::why_not() const noexcept {
  return course_ ? course_->source.cause() : base::errc::wrong_use;
}

void event_stream::append_line(std::string_view name, std::string_view value) {
  text_.append(name).append(": ").append(value) += '\n';
}

void event_stream::append_line(std::string_view name, std::int64_t value) {
  char digits[24];
  const auto [end, ec] = std::to_chars(digits, digits + sizeof digits, value);
  append_line(name, std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

}  // namespace tacit::http
