#include "bench/connections.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <tacit/base/error.hpp>

// One loop: send what is due, wait for the next due time or for bytes, parse, repeat. Sockets are
// level-triggered and registered once, so an answer costs one receive; the loop comes back by
// itself for bytes left behind. A body of known length is discarded inside the kernel (MSG_TRUNC),
// so large answers cost the harness no copy.

namespace tacit::bench {
namespace {

constexpr std::size_t receive_bytes = 256 * 1024;
// How much of one connection's bytes is taken before the others get their turn and what is due is
// looked at: 8 receives are at most 2 MB, well below a millisecond.
constexpr int receives_per_turn = 8;
constexpr std::int64_t look_after_ns = 100'000'000;
constexpr std::int64_t backoff_ns_min = 10'000'000;
constexpr std::int64_t backoff_ns_max = 1'000'000'000;
constexpr int events_max = 64;

std::int64_t gap_ns(double per_s, unsigned threads) {
  return per_s > 0 ? static_cast<std::int64_t>(1e9 * threads / per_s) : 0;
}

int pending_error(int fd) {
  int error = 0;
  socklen_t bytes = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes);
  return error;
}

}  // namespace

std::int64_t load::ends_ns() const noexcept {
  if (when->is_closed_loop() || requests_max == ~std::uint64_t{0}) return duration_ns;
  std::int64_t due = 0;
  for (std::uint64_t i = 0; i < requests_max && due < duration_ns; ++i)
    due = when->due_ns(i, due);
  return std::min(due, duration_ns);
}

std::int64_t now_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

connections::connections(const endpoint& target, unsigned count, unsigned pipeline, share part,
                         const std::atomic<bool>& stop, connection_policy policy)
    : target_{target},
      share_{part},
      pipeline_{pipeline},
      policy_{std::move(policy)},
      stop_{stop},
      queued_(count),
      ready_(count),
      buffer_(receive_bytes * 2) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) throw base::failure{fmt::format("epoll_create1: {}", std::strerror(errno))};
  for (unsigned i = 0; i < count; ++i)
    all_.push_back(std::make_unique<connection>(pipeline));
}

connections::~connections() {
  for (auto& c : all_) {
    if (c->fd >= 0) ::close(c->fd);
  }
  if (epoll_ >= 0) ::close(epoll_);
}

// ---- opening -----------------------------------------------------------------------------------

void connections::open(std::int64_t timeout_ns) {
  recorder failures;
  recorder_ = &failures;
  connect_gap_ns_ = gap_ns(policy_.connects_per_s_max, 1);  // threads open one after the other
  for (auto& c : all_)
    want_connect(*c);
  const auto deadline =
      now_ns() + timeout_ns + connect_gap_ns_ * static_cast<std::int64_t>(all_.size());
  const auto undecided = [](const auto& c) {
    return c->is_queued || c->state == connection::phase::connecting;
  };
  while (std::any_of(all_.begin(), all_.end(), undecided) && now_ns() < deadline && !stop_) {
    epoll_event events[events_max];
    start_due_connects(now_ns());
    const int n = ::epoll_wait(epoll_, events, events_max, queued_.empty() ? 10 : 1);
    for (int i = 0; i < n; ++i)
      finish_connect(*static_cast<connection*>(events[i].data.ptr));
  }
  open_failure_ = failures.counts.own_limits > 0 ? failures.own_limit
                  : failures.examples().empty()
                      ? fmt::format("{}: no answer to connecting", target_.name)
                      : failures.examples().front();
  recorder_ = nullptr;
  connect_gap_ns_ = gap_ns(policy_.connects_per_s_max, share_.of);
  if (open_count() == 0 && !stop_) {
    throw base::failure{open_failure_};
  }
}

unsigned connections::open_count() const noexcept {
  return static_cast<unsigned>(std::count_if(
      all_.begin(), all_.end(), [](const auto& c) { return c->state == connection::phase::open; }));
}

/// Connects now, or when the limit of the rate allows it.
void connections::want_connect(connection& c) {
  if (connect_gap_ns_ == 0) return start_connect(c);
  c.retry_at_ns = std::max(now_ns(), next_connect_ns_);
  next_connect_ns_ = c.retry_at_ns + connect_gap_ns_;
  c.is_queued = true;
  queued_.push(&c);
}

void connections::start_due_connects(std::int64_t now) {
  while (!queued_.empty() && queued_.front()->retry_at_ns <= now) {
    connection& c = *queued_.front();
    queued_.pop();
    c.is_queued = false;
    start_connect(c);
  }
}

void connections::start_connect(connection& c) {
  const int family = target_.address.ss_family;
  c.fd = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c.fd < 0) return drop(c, ending::own_limit, error_kind::connect, std::strerror(errno));
  const int on = 1;
  ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!bind_source(c)) return drop(c, ending::own_limit, error_kind::connect, std::strerror(errno));
  c.assigned = 0;
  c.connecting_since_ns = now_ns();
  c.state = connection::phase::connecting;
  const auto* address = reinterpret_cast<const sockaddr*>(&target_.address);
  if (::connect(c.fd, address, target_.address_bytes) == 0) return finish_connect(c);
  if (errno != EINPROGRESS) {
    // Without a free port nobody asked the target.
    const auto how = errno == EADDRNOTAVAIL ? ending::own_limit : ending::broken;
    return drop(c, how, error_kind::connect, std::strerror(errno));
  }
  watch(c, EPOLLOUT);
}

/// Leaves the port to connect(), which can then use one towards each target again.
bool connections::bind_source(connection& c) {
  if (policy_.sources.empty()) return true;
  const auto& source = policy_.sources[next_source_++ % policy_.sources.size()];
  const int on = 1;
  ::setsockopt(c.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  return ::bind(c.fd, reinterpret_cast<const sockaddr*>(&source), sizeof source) == 0;
}

/// Whether the connection has carried all requests that it may.
bool connections::is_used_up(const connection& c) const noexcept {
  return policy_.requests_max > 0 && c.assigned >= policy_.requests_max;
}

/// Closes a connection that is used up and idle, as a client that has had enough does.
void connections::retire(connection& c) {
  if (policy_.closes_by_reset) {
    const linger at_once{1, 0};
    ::setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  ++recorder_->counts.retired;
  drop(c, ending::by_us, error_kind::reset, "");
}

void connections::finish_connect(connection& c) {
  if (c.state != connection::phase::connecting) return;
  if (const int error = pending_error(c.fd)) {
    return drop(c, ending::broken, error_kind::connect, std::strerror(error));
  }
  c.state = connection::phase::open;
  c.backoff_ns = 0;
  watch(c, EPOLLIN);
  const auto now = now_ns();
  for (const auto& lost : c.again) {
    c.flying.push(lost);
    c.out += asked(lost).wire;
    ++c.unsent;
    ++recorder_->counts.resent;
  }
  c.again.clear();
  while (c.free_since.size() + c.flying.size() < pipeline_)
    c.free_since.push(now);
  if (phase_ != nullptr) {
    offer(c);
    if (c.unsent > 0) flush(c);
  }
}

void connections::watch(connection& c, std::uint32_t events) {
  if (c.watched == events) return;
  epoll_event event{};
  event.events = events;
  event.data.ptr = &c;
  ::epoll_ctl(epoll_, c.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, c.fd, &event);
  c.watched = events;
}

// ---- the phase ---------------------------------------------------------------------------------

void connections::run(const load& phase, std::int64_t start_ns, recorder& into) {
  begin_phase(phase, start_ns, into);
  // Sleeps end when they should instead of up to 50 µs later, so that the schedule is met.
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  for (auto now = now_ns(); !is_finished(now); now = now_ns()) {
    if (!queued_.empty()) start_due_connects(now);
    dispatch(now);
    wait(now);
    if (now - looked_ns_ > look_after_ns) look_after(now);
  }
  end_phase();
}

void connections::begin_phase(const load& phase, std::int64_t start_ns, recorder& into) {
  phase_ = &phase;
  recorder_ = &into;
  into.begin(start_ns, phase.watcher);
  start_ns_ = start_ns;
  end_ns_ = start_ns + phase.ends_ns();
  heard_ns_ = looked_ns_ = start_ns;
  next_index_ = share_.index;
  walked_ = 0;
  next_due_ns_ = phase.when->is_closed_loop() ? 0 : phase.when->due_ns(0, 0);
  if (phase.stream != nullptr) block_ = phase.stream->next(share_.index);
  walk();
  for (auto& c : all_) {
    for (std::size_t slot = 0; slot < c->free_since.size(); ++slot)
      c->free_since[slot] = start_ns;
    offer(*c);
  }
}

/// Moves on to the next request of this thread's share.
void connections::advance() {
  recorder_->last_due_ns = next_due_ns_;
  next_index_ += share_.of;
  walk();
}

/// Finds out when the next request is due, and in a stream its block.
void connections::walk() {
  while (block_ && !block_->has(next_index_))
    block_ = phase_->stream->next(share_.index);
  // After the last request of a stream only answers are waited for.
  if (phase_->stream != nullptr && !block_) {
    end_ns_ = phase_->when->is_closed_loop() ? now_ns() : start_ns_ + next_due_ns_;
  }
  if (phase_->when->is_closed_loop()) return;
  if (block_ && phase_->stream_speed > 0 && !block_->times_ns.empty()) {
    const auto time = block_->times_ns[next_index_ - block_->first];
    next_due_ns_ = static_cast<std::int64_t>(static_cast<double>(time) / phase_->stream_speed);
    return;
  }
  while (walked_ < next_index_)
    next_due_ns_ = phase_->when->due_ns(++walked_, next_due_ns_);
}

request connections::asked(const in_flight& what) const noexcept {
  return what.block ? what.block->at(what.index) : phase_->traffic->at(what.index);
}

bool connections::has_next() const noexcept {
  if (phase_->stream != nullptr && !block_) return false;
  return next_index_ < phase_->requests_max && next_due_ns_ < phase_->duration_ns && !stop_;
}

bool connections::is_finished(std::int64_t now) const noexcept {
  const bool closed_loop = phase_->when->is_closed_loop();
  const bool ends_by_time = closed_loop && phase_->stream == nullptr;
  if (ends_by_time ? next_index_ >= phase_->requests_max || now >= end_ns_ : !has_next()) {
    if (in_flight_ == 0) return true;
  }
  if (stop_ || now - end_ns_ > phase_->timeout_ns) return true;
  if (is_refused() && (closed_loop || now > end_ns_)) return true;
  // A closed loop that counts requests has no end in time: the target's silence has to be it.
  return closed_loop && end_ns_ - start_ns_ >= endless_ns &&
         now - heard_ns_ > phase_->timeout_ns + 2 * look_after_ns;
}

/// Whether the target has turned every connection away several times in a row.
bool connections::is_refused() const noexcept {
  return std::all_of(all_.begin(), all_.end(),
                     [](const auto& c) { return c->backoff_ns >= 8 * backoff_ns_min; });
}

/// Accounts for what is still in flight, and for what was due and never sent.
void connections::end_phase() {
  if (!stop_ && in_flight_ > 0) {
    give_up(is_refused() ? error_kind::connect : error_kind::timeout,
            "no answer until the end of the run");
  }
  const bool is_counted = phase_->requests_max != ~std::uint64_t{0};
  // Of a stream that was given up the rest is not even read.
  if (phase_->stream == nullptr && (!phase_->when->is_closed_loop() || is_counted)) {
    for (; has_next(); advance())
      ++recorder_->counts.due;
  }
  recorder_->finish();
  recorder_->counts.outstanding += outstanding();
  in_flight_ = 0;
  block_.reset();
  phase_ = nullptr;
  recorder_ = nullptr;
}

/// Sent and neither answered nor given up. Only a run that was stopped has such requests.
std::uint64_t connections::outstanding() noexcept {
  std::uint64_t out = 0;
  for (auto& c : all_) {
    out += c->again.size();
    for (std::size_t i = 0; i < c->flying.size(); ++i)
      out += c->flying[i].sent_ns != 0;
  }
  return out;
}

// ---- sending -----------------------------------------------------------------------------------

void connections::dispatch(std::int64_t now) {
  if (phase_->when->is_closed_loop()) {
    if (now < start_ns_) return;
    while (!ready_.empty()) {
      connection& c = *ready_.front();
      ready_.pop();
      c.is_ready = false;
      fill(c, now);
    }
    return;
  }
  while (has_next() && start_ns_ + next_due_ns_ <= now && !ready_.empty()) {
    connection& c = *ready_.front();
    ready_.pop();
    c.is_ready = false;
    if (c.state != connection::phase::open || c.free_since.empty() || is_used_up(c)) continue;
    assign_next(c, start_ns_ + next_due_ns_);
    offer(c);
    if (!c.is_dirty) {
      c.is_dirty = true;
      dirty_.push_back(&c);
    }
  }
  for (connection* c : dirty_) {
    c->is_dirty = false;
    flush(*c);
  }
  dirty_.clear();
}

/// Closed loop: gives every free slot of the connection a request.
void connections::fill(connection& c, std::int64_t now) {
  if (c.state != connection::phase::open || now >= end_ns_) return;
  while (!c.free_since.empty() && has_next() && !is_used_up(c))
    assign_next(c, now);
  if (c.unsent > 0) flush(c);
}

void connections::assign_next(connection& c, std::int64_t due) {
  c.flying.push({next_index_, due, 0, c.free_since.front(), false, block_});
  c.free_since.pop();
  ++c.assigned;
  c.out += asked(c.flying[c.flying.size() - 1]).wire;
  ++c.unsent;
  if (in_flight_++ == 0) heard_ns_ = std::max(heard_ns_, due);
  ++recorder_->counts.due;
  advance();
}

/// Puts a connection with a free slot in the queue of those that take turns.
void connections::offer(connection& c) {
  if (c.is_ready || c.state != connection::phase::open || c.free_since.empty()) return;
  if (is_used_up(c)) return;
  c.is_ready = true;
  ready_.push(&c);
}

void connections::flush(connection& c) {
  if (c.state != connection::phase::open) return;
  if (c.unsent > 0) {
    const auto now = now_ns();
    const bool closed_loop = phase_->when->is_closed_loop();
    for (; c.unsent > 0; --c.unsent) {
      in_flight& r = c.flying[c.flying.size() - c.unsent];
      const bool is_again = r.sent_ns != 0;
      r.sent_ns = now;
      if (is_again) continue;
      recorder_->on_sent(now,
                         now - (closed_loop ? r.slot_free_ns : std::max(r.due_ns, r.slot_free_ns)));
      if (closed_loop) r.due_ns = now;
      ++recorder_->counts.sent;
    }
  }
  while (c.out_sent < c.out.size()) {
    const auto n = ::send(c.fd, c.out.data() + c.out_sent, c.out.size() - c.out_sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    // Other errors show when receiving, where answers that came before them are read first.
    if (n < 0) return watch(c, errno == EAGAIN ? EPOLLIN | EPOLLOUT : EPOLLIN);
    c.out_sent += static_cast<std::size_t>(n);
  }
  c.out.clear();
  c.out_sent = 0;
  watch(c, EPOLLIN);
}

// ---- waiting and receiving ---------------------------------------------------------------------

void connections::wait(std::int64_t now) {
  std::int64_t timeout = look_after_ns;
  const bool closed_loop = phase_->when->is_closed_loop();
  if (closed_loop && now < start_ns_) timeout = start_ns_ - now;
  if (!closed_loop && has_next() && !ready_.empty()) {
    timeout = std::clamp<std::int64_t>(start_ns_ + next_due_ns_ - now, 0, look_after_ns);
  }
  if (!queued_.empty()) {
    timeout = std::clamp<std::int64_t>(queued_.front()->retry_at_ns - now, 0, timeout);
  }
  const timespec limit{timeout / 1'000'000'000, timeout % 1'000'000'000};
  epoll_event events[events_max];
  const int n = ::epoll_pwait2(epoll_, events, events_max, &limit, nullptr);
  for (int i = 0; i < n && !stop_; ++i)
    handle(*static_cast<connection*>(events[i].data.ptr), events[i].events);
}

void connections::handle(connection& c, std::uint32_t events) {
  if (c.state == connection::phase::connecting) return finish_connect(c);
  if ((events & EPOLLOUT) != 0) flush(c);
  if ((events & ~std::uint32_t{EPOLLOUT}) != 0 && c.state == connection::phase::open) receive(c);
}

void connections::receive(connection& c) {
  for (int turn = 0; turn < receives_per_turn; ++turn) {
    const auto carried = c.carried.size();
    const bool discard =
        carried == 0 && !c.parser.is_digesting() && c.parser.body_bytes_left() >= receive_bytes;
    if (carried > 0) std::memcpy(buffer_.data(), c.carried.data(), carried);
    const auto n = ::recv(c.fd, buffer_.data() + carried, receive_bytes, discard ? MSG_TRUNC : 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (n < 0) return drop(c, ending::broken, error_kind::reset, std::strerror(errno));
    const auto now = now_ns();
    if (in_flight_ > 0) {
      recorder_->longest_silence_ns = std::max(recorder_->longest_silence_ns, now - heard_ns_);
    }
    heard_ns_ = now;
    if (n == 0) {
      c.parser.end_of_stream();
      if (c.parser.status() == response_parser::state::complete) finish_answer(c, now);
      if (c.state != connection::phase::open) return;
      return drop(c, ending::broken, error_kind::closed_early, "the server closed the connection");
    }
    recorder_->counts.bytes_received += static_cast<std::uint64_t>(n);
    if (discard) {
      c.parser.discarded(static_cast<std::uint64_t>(n));
      if (c.parser.status() == response_parser::state::complete && !finish_answer(c, now)) return;
    } else if (!parse(c, carried + static_cast<std::size_t>(n), now)) {
      return;
    }
    if (static_cast<std::size_t>(n) < receive_bytes) break;  // the socket is drained
  }
  if (phase_->when->is_closed_loop()) return fill(c, heard_ns_);
  offer(c);
  if (has_next() && start_ns_ + next_due_ns_ <= heard_ns_) dispatch(heard_ns_);
}

/// Parses the first `bytes` of the buffer. Returns whether the connection is still usable.
bool connections::parse(connection& c, std::size_t bytes, std::int64_t now) {
  std::string_view rest{buffer_.data(), bytes};
  while (!rest.empty()) {
    if (c.parser.status() != response_parser::state::need_more) {
      if (c.flying.size() <= c.unsent) {
        drop(c, ending::broken, error_kind::parse, "the server sent bytes that nobody asked for");
        return false;
      }
      begin_answer(c);
    }
    const auto used = c.parser.consume(rest);
    rest.remove_prefix(used);
    if (c.parser.status() == response_parser::state::failed) {
      drop(c, ending::broken, error_kind::parse, c.parser.error());
      return false;
    }
    if (c.parser.status() == response_parser::state::complete && !finish_answer(c, now)) {
      return false;
    }
    if (c.parser.status() == response_parser::state::need_more && used == 0) break;
  }
  c.carried.assign(rest);
  return true;
}

void connections::begin_answer(connection& c) {
  const request of = asked(c.flying.front());
  c.parser.begin(of.is_head);
  const body_rule* rule = of.expected.body;
  c.parser.digest(rule == nullptr ? nullptr : &c.digest);
  if (rule != nullptr) c.digest.begin(rule->pattern != nullptr);
}

/// Records the answer to the oldest request. Returns whether the connection is still usable.
bool connections::finish_answer(connection& c, std::int64_t now) {
  const in_flight r = std::move(c.flying.front());
  c.flying.pop();
  --in_flight_;
  answer got = c.parser.result();
  const request of = asked(r);
  if (of.expected.body != nullptr) got.body_fits = of.expected.body->fits(c.digest);
  recorder_->on_answer(of, got, {r.due_ns, r.sent_ns, now});
  c.parser.reset();
  c.free_since.push(now);
  if (got.keep_alive) {
    if (!is_used_up(c) || !c.flying.empty()) return true;
    retire(c);
    return false;
  }
  drop(c, ending::announced, error_kind::reset, "");
  return false;
}

// ---- losing connections ------------------------------------------------------------------------

/// Closes a connection and decides what becomes of the requests in flight on it; see the class.
void connections::drop(connection& c, ending how, error_kind kind, const std::string& why) {
  const bool announced = how != ending::broken;
  const bool was_open = c.state == connection::phase::open;
  if (c.fd >= 0) ::close(c.fd);
  c.fd = -1;
  c.watched = 0;
  c.state = connection::phase::closed;
  for (std::size_t i = 0; i < c.flying.size(); ++i) {
    in_flight r = c.flying[i];
    if (!announced && (i == 0 || r.was_lost)) {
      fail(r, kind, why);
    } else {
      r.was_lost = r.was_lost || !announced;
      c.again.push_back(r);
    }
  }
  if (!was_open) {
    const auto text = fmt::format("cannot connect to {}: {}", target_.name, why);
    if (how == ending::own_limit) {
      recorder_->on_own_limit(text);
    } else {
      recorder_->on_connect_failure(text, now_ns());
    }
  } else if (how != ending::by_us) {
    ++recorder_->counts.reconnects;
    if (kind == error_kind::parse && c.flying.empty())
      recorder_->on_failure(kind, nullptr, why, now_ns());
  }
  c.flying.clear();
  c.free_since.clear();
  c.unsent = 0;
  c.out.clear();
  c.out_sent = 0;
  c.carried.clear();
  c.parser.reset();
  c.backoff_ns = was_open ? 0 : std::clamp(c.backoff_ns * 2, backoff_ns_min, backoff_ns_max);
  c.retry_at_ns = now_ns() + c.backoff_ns;
  if (was_open && phase_ != nullptr) want_connect(c);
}

void connections::fail(const in_flight& lost, error_kind kind, const std::string& why) {
  const request of = asked(lost);
  recorder_->on_failure(kind, &of, why, now_ns());
  --in_flight_;
}

/// What needs no precision: time limits of answers, and connections to be opened again.
void connections::look_after(std::int64_t now) {
  looked_ns_ = now;
  recorder_->tick(now);
  for (auto& c : all_) {
    if (c->state == connection::phase::closed && !c->is_queued && c->retry_at_ns <= now) {
      want_connect(*c);
    }
    if (c->state == connection::phase::connecting &&
        now - c->connecting_since_ns > policy_.connect_timeout_ns) {
      drop(*c, ending::broken, error_kind::connect,
           "no answer within the time limit for connecting");
    }
    if (c->state != connection::phase::open || c->flying.size() <= c->unsent) continue;
    if (now - c->flying.front().sent_ns > phase_->timeout_ns) {
      drop(*c, ending::broken, error_kind::timeout, "no whole answer within the time limit");
    }
  }
}

void connections::give_up(error_kind kind, const std::string& why) {
  for (auto& c : all_) {
    for (std::size_t i = 0; i < c->flying.size(); ++i)
      fail(c->flying[i], kind, why);
    for (const auto& lost : c->again)
      fail(lost, kind, why);
    c->again.clear();
    c->flying.clear();
  }
}

}  // namespace tacit::bench
