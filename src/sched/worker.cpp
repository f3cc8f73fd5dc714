#include "sched/worker.hpp"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <mutex>
#include <optional>
#include <utility>

#include <tacit/base/time_slice.hpp>
#include <tacit/memory/reclaimer.hpp>
#include <tacit/observe/pause_recorder.hpp>
#include <tacit/observe/watched_lock.hpp>
#include <tacit/sched/fork_join.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>

#include "sched/idle.hpp"
#include "sched/inject_queue.hpp"
#include "sched/monitor.hpp"
#include "sched/worker_set.hpp"

namespace tacit::sched {
namespace {

constinit thread_local worker* current_worker = nullptr;
// The child that runs nested, innermost; null once it has ended. One that has suspended meanwhile
// is not nested any more, wherever it ends: it never is this one then.
constinit thread_local const promise_base* nested_child = nullptr;

// Some hundred in a second: the blocks that they need are had without a cache of one's own.
constexpr std::uint64_t runs_of_a_quiet_period = 1'000;

}  // namespace

worker* worker::current() noexcept {
  return current_worker;
}

worker::worker(scheduler& owner, std::uint32_t index)
    : owner_(owner),
      index_(index),
      poller_(owner.options_.make_poller(index)),
      timers_(this),
      random_state_(index * 2654435761U + 1) {
  timers_.interrupts(*poller_);
  // Until it is started nothing waits in its poller; otherwise everybody would come to look.
  polls_.fall_asleep();
}

void worker::start() {
  thread_ = base::thread([this] { run(); });
}

void worker::join() {
  if (thread_.joinable()) thread_.join();
}

void worker::run() {
  char name[16];
  std::snprintf(name, sizeof name, "tacit-%u", index_);
  pthread_setname_np(pthread_self(), name);

  polls_.wake_up();
  thread_id_.store(::gettid(), base::memory_order_relaxed);
  const memory::thread_pools pools(owner_.options_.memory);
  current_worker = this;
  runs_seen_.resize(owner_.workers_->size_max());
  detail::exchange_current_agent(this);
  watch_pauses();
  // The others have not been counted as awake.
  if (index_ != 0) owner_.idle_->come_back();
  // There are times with more threads than CPUs, and most of what these do is short.
  if (owner_.spare_workers() != 0) base::ask_for_short_slices();
  look_at_clock();
  memory_period_since_ = now_;
  while (runnable* next = next_ready()) {
    begin_run(*next);
    next->resume();
  }
  detail::exchange_current_agent(nullptr);
  current_worker = nullptr;
  pauses_.close();
}

void worker::watch_pauses() {
  if (!owner_.pauses_) return;
  pauses_.open(owner_.pauses_->track(index_), observe::pause_watch::owner::worker);
}

void worker::begin_run(const runnable& next) noexcept {
  runs_.increase();
  budget_ = budget;
  forks_left_ = forks_in_a_row_max;
  if (!next.note) return;
  // For a stall report. Copied, because the monitor may look when the coroutine has ended.
  running_.store(next.note->function.load(base::memory_order_relaxed), base::memory_order_relaxed);
  request_.store(next.note->request.load(base::memory_order_relaxed), base::memory_order_relaxed);
}

// nullptr when the scheduler has halted.
runnable* worker::next_ready() {
  for (;;) {
    if (owner_.halted_.load(base::memory_order_relaxed)) return nullptr;
    if (is_retired()) [[unlikely]] {
      sit_out();
      continue;
    }
    if (--runs_until_look_ == 0) look_between_runs();
    if (++tick_ % fairness_interval == 0 || poll_next_) {
      poll();
      take_share();
    }
    if (runnable* ready = take_own()) return found(ready);
    if (runnable* ready = take_injected()) return found(ready);
    if (runnable* ready = search()) return found(ready);
    park();
  }
}

void worker::look_at_clock() noexcept {
  end_runs();
  if (now_ - last_poll_ > poll_interval) poll_next_ = true;
}

void worker::end_runs() noexcept {
  now_ = std::chrono::steady_clock::now();
  runs_at_look_ = runs_.value();
  const std::chrono::nanoseconds expected(pace_ns_.load(base::memory_order_relaxed));
  pauses_.end_runs(now_, runs_at_look_, expected, [this]() noexcept {
    return observe::pause_watch::run_place{runs_at_look_, running_.load(base::memory_order_relaxed),
                                           request_.load(base::memory_order_relaxed)};
  });
}

void worker::end_poll(std::size_t completions) noexcept {
  now_ = std::chrono::steady_clock::now();
  pauses_.end_poll(now_, completions);
}

void worker::look_between_runs() noexcept {
  look_at_clock();
  if (runs_at_look_ - runs_at_pace_ >= runs_per_look_max) measure_pace();
  const std::uint64_t pace = pace_ns_.load(base::memory_order_relaxed);
  runs_until_look_ = static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(look_interval_ns / (pace + 1), 1, runs_per_look_max));
}

// Time in which it was parked counts as well: a pace that is too slow only means that thieves come.
void worker::measure_pace() noexcept {
  const std::chrono::nanoseconds passed = now_ - std::exchange(pace_since_, now_);
  const std::uint64_t runs = runs_at_look_ - std::exchange(runs_at_pace_, runs_at_look_);
  pace_ns_.store(static_cast<std::uint64_t>(passed.count()) / runs, base::memory_order_relaxed);
}

bool worker::ring_is_worth_a_thief() const noexcept {
  const std::uint32_t size = queue_.size_approx();
  if (size == 0) return false;
  return size > left_to_owner_max ||
         size * pace_ns_.load(base::memory_order_relaxed) > left_to_owner_ns_max ||
         is_open_to_thieves() || ring_is_offered_.load(base::memory_order_relaxed);
}

bool worker::is_open_to_thieves() const noexcept {
  return next_.is_open_for(runs_.value());
}

void worker::withdraw_offer() noexcept {
  if (!ring_is_offered_.load(base::memory_order_relaxed)) return;
  ring_is_offered_.store(false, base::memory_order_relaxed);
}

runnable* worker::take_own() noexcept {
  if (runnable* ready = take_next()) return ready;
  // Forks and the ring take turns: neither makes the other wait for long.
  forks_first_ = !forks_first_;
  if (forks_first_) {
    if (runnable* forked = take_fork()) return forked;
    return take_queued();
  }
  if (runnable* ready = take_queued()) return ready;
  return take_fork();
}

// So do the ring and the share of what was injected.
runnable* worker::take_queued() noexcept {
  share_first_ = !share_first_;
  run_queue& first = share_first_ ? share_ : queue_;
  if (runnable* ready = first.pop()) return ready;
  run_queue& second = share_first_ ? queue_ : share_;
  return second.pop();
}

runnable* worker::take_next() noexcept {
  runnable* const ready = next_.take();
  next_in_a_row_ = ready ? next_in_a_row_ + 1 : 0;
  return ready;
}

runnable* worker::take_fork() noexcept {
  promise_base* forked = forks_.pop();
  return forked ? &forked->self : nullptr;
}

// The queue's lock is taken once for all of them. They have a ring of their own because the other
// one may overflow: what has waited its turn in the inject queue is not sent to its end again.
bool worker::take_share() noexcept {
  const std::uint64_t waiting = owner_.injected_->size();
  if (waiting == 0 || share_.size_approx() != 0) return false;
  std::uint64_t count =
      std::min<std::uint64_t>(waiting / owner_.workers() + 1, run_queue::capacity / 2);
  runnable* each = owner_.injected_->pop_some(count);
  if (!each) return false;
  injected_.add(count);
  while (each) {
    runnable* const after = each->next;
    share_.push(*each);  // There is room, even if a thief still copies what it took before.
    each = after;
  }
  return true;
}

runnable* worker::take_injected() noexcept {
  return take_share() ? share_.pop() : nullptr;
}

// A searcher that has found work lets the next one search, if there is more to find.
runnable* worker::found(runnable* ready) noexcept {
  if (std::exchange(searching_, false) && owner_.idle_->leave_search() && owner_.has_ready_work()) {
    owner_.wake_one();
  }
  return ready;
}

runnable* worker::search() {
  const worker_set& all = *owner_.workers_;
  const std::uint32_t count = all.size();
  forks_for_thieves_ = never_nest;  // What comes may be of another kind.
  if (!searching_) searching_ = owner_.idle_->enter_search();
  if (!searching_ || count == 1 || !owner_.options_.stealing) return nullptr;
  for (std::uint32_t i = 0; i < count; ++i)
    runs_seen_[i] = all[i].runs_.value();
  for (int round = 0; round < search_rounds; ++round) {
    const std::uint32_t first = random() % count;
    for (std::uint32_t i = 0; i < count; ++i) {
      worker& victim = all[(first + i) % count];
      if (&victim == this) continue;
      if (runnable* ready = steal_from(victim)) return ready;
    }
    if (runnable* ready = take_injected()) return ready;
    for (int i = 0; i < 32; ++i)
      base::pause();
  }
  if (runnable* ready = steal_behind_long_runs(count)) return ready;
  look_at_clock();
  for (std::uint32_t i = 0; i < count; ++i) {
    worker& victim = all[i];
    if (&victim == this || !poll_for(victim)) continue;
    if (runnable* ready = take_own()) return ready;
  }
  return nullptr;
}

runnable* worker::steal_from(worker& victim) noexcept {
  runnable* taken = victim.ring_is_worth_a_thief() ? victim.queue_.steal_into(queue_) : nullptr;
  if (taken) victim.withdraw_offer();
  if (!taken) taken = victim.share_.steal_into(share_);
  if (!taken) {
    if (promise_base* forked = victim.forks_.steal()) taken = &forked->self;
  }
  if (!taken) taken = victim.next_.steal(victim.runs_.value());
  if (taken) steals_.increase();
  return taken;
}

// A worker that has been in the same run since the search began is not as quick as it was.
runnable* worker::steal_behind_long_runs(std::uint32_t searched) noexcept {
  for (std::uint32_t i = 0; i < searched; ++i) {
    worker& victim = (*owner_.workers_)[i];
    victim.withdraw_offer();
    if (&victim == this || victim.runs_.value() != runs_seen_[i]) continue;
    if (runnable* taken = victim.queue_.steal_into(queue_)) {
      steals_.increase();
      return taken;
    }
  }
  return nullptr;
}

// What completes becomes ready here.
bool worker::poll_for(worker& victim) {
  if (!victim.polls_.try_steal(now_ - poll_overdue)) return false;
  in_poller_ = true;
  std::size_t completed = victim.poller_->poll();
  victim.polls_.unlock();
  completed += victim.timers_.expire(now_);
  in_poller_ = false;
  end_poll(completed);
  if (completed == 0) return false;
  polls_stolen_.increase();
  return true;
}

void worker::poll() {
  poll_next_ = false;
  end_runs();
  in_poller_ = true;
  std::size_t completions = 0;
  if (polls_.try_lock()) {  // Otherwise a thief is at it.
    completions = poller_->poll();
    polls_.unlock();
  }
  after_poll(completions);
}

// The protocol is at the head of idle.hpp.
void worker::park() {
  memory::frame_pool::flush_strays();
  const observe::watched_lock polling(polls_);
  polls_.fall_asleep();
  const bool was_last_searcher = owner_.idle_->park(index_, std::exchange(searching_, false));
  if (was_last_searcher && owner_.has_ready_work()) owner_.wake_one();
  const std::size_t completions = wait_in_poller(false);
  searching_ = owner_.idle_->unpark(index_);
  polls_.wake_up();
  owner_.monitor_->on_unpark();
  after_wait(completions);
}

std::size_t worker::wait_in_poller(bool retired) {
  parks_.increase();
  wait_ends_.reset();
  if (runs_at_look_ != runs_.value()) end_runs();
  in_poller_ = true;
  // A thief may have eaten the interrupt that came with one of these.
  if (owner_.halted_.load(base::memory_order_seq_cst) || is_retired() != retired) return 0;
  wait_ends_ = timers_.earliest();
  std::optional<base::steady_time> until = wait_ends_;
  const auto delay = owner_.options_.uncommit_delay / 2;
  // To give away what its pools keep, it has to wake up: they are for its thread only.
  if (delay.count() != 0 && runs_.value() != runs_at_release_) {
    const base::steady_time end = memory_period_since_ + delay;
    if (!until || end < *until) until = end;
  }
  return poller_->wait(until);
}

// Looked at twice in each uncommit_delay: a worker that has done little has little use for what it
// has kept from times when it did more.
void worker::end_memory_period() noexcept {
  const std::uint64_t runs = runs_.value();
  if (runs - runs_before_period_ < runs_of_a_quiet_period && runs != runs_at_release_) {
    const observe::pause_timer held(observe::pause_cause::runtime);
    memory::release_kept_memory();
    runs_at_release_ = runs;
  }
  runs_before_period_ = runs;
  memory_period_since_ = now_;
}

// Whoever takes a sleeper off the list notes that before it interrupts its poller.
std::optional<base::steady_time> worker::called_at() noexcept {
  if (called_at_ns_.load(base::memory_order_relaxed) == 0) return std::nullopt;
  const auto at = called_at_ns_.exchange(0, base::memory_order_relaxed);
  return base::steady_time(base::steady_time::duration(at));
}

bool worker::is_retired() const noexcept {
  return index_ >= owner_.active_.load(base::memory_order_relaxed);
}

// There are fewer CPUs than workers now, or a spare one is not needed any more. It still waits for
// its I/O and timers, but what they make ready is for the others.
void worker::sit_out() {
  while (runnable* ready = take_own())
    owner_.inject(*ready);
  memory::frame_pool::flush_strays();
  const observe::watched_lock polling(polls_);
  polls_.fall_asleep();
  const bool was_searching = std::exchange(searching_, false);
  owner_.idle_->retire(was_searching);
  // As in park(): a searcher owes a last look, though what it finds is for others.
  if (was_searching && owner_.has_ready_work()) owner_.wake_one();
  // As W3: while we were counted as awake, a producer may have relied on us.
  if (owner_.has_ready_work()) owner_.wake_one();
  const std::size_t completions = wait_in_poller(true);
  owner_.idle_->come_back();
  polls_.wake_up();
  owner_.monitor_->on_unpark();
  after_wait(completions);
}

void worker::after_poll(std::size_t completions) {
  end_poll(completions);
  look_after_poll();
}

void worker::after_wait(std::size_t completions) {
  now_ = std::chrono::steady_clock::now();
  std::optional<base::steady_time> due = called_at();
  if (wait_ends_ && *wait_ends_ < now_ && (!due || *wait_ends_ < *due)) due = wait_ends_;
  pauses_.end_wait(now_, due, completions);
  look_after_poll();
}

void worker::look_after_poll() {
  last_poll_ = now_;
  polls_.note_poll(now_);
  const std::size_t expired = timers_.expire(now_);
  if (expired >= timers_worth_a_look) end_poll(expired);
  in_poller_ = false;
  const auto delay = owner_.options_.uncommit_delay / 2;
  if (now_ - memory_period_since_ >= delay && delay.count() != 0) [[unlikely]]
    end_memory_period();
  count_depth();
  // One for us; the others wait, so another worker may take them.
  if (queue_.size_approx() > 1 && ring_is_worth_a_thief()) owner_.wake_one();
}

void worker::count_depth() noexcept {
  const auto bucket =
      static_cast<std::size_t>(std::bit_width(queue_.size_approx() + share_.size_approx()));
  depths_[std::min(bucket, depths_.size() - 1)].increase();
}

void worker::make_ready(runnable& ready) noexcept {
  worker* here = current_worker;
  if (here && &here->owner_ == &owner_) {
    here->wake(ready);
  } else {
    owner_.inject(ready);
  }
}

void worker::start_root(runnable& ready) noexcept {
  ready.home = this;
  worker* here = current_worker;
  if (here && &here->owner_ == &owner_) {
    here->started_.increase();
    here->start(ready);
  } else {
    owner_.started_outside_.fetch_add(1, base::memory_order_relaxed);
    owner_.inject(ready);
  }
}

void worker::yield(runnable& yielding) noexcept {
  poll_next_ = true;
  if (yielding.note) memory::note(yielding.note->now, memory::frame_note::state::ready);
  // Behind everything that is ready: when there is more of it than the rings hold, the end of the
  // line is in the inject queue.
  if (owner_.injected_->size() != 0) return owner_.inject(yielding);
  push(yielding);
}

// What a running coroutine makes ready goes next, without asking another worker to take it: that
// one would only carry its data over. If the running one goes on for long, the monitor sees to it.
void worker::wake(runnable& ready) noexcept {
  if (in_poller_) return push(ready);
  // If nothing waits behind it, nobody is passed over by going on in a row.
  if (next_in_a_row_ >= next_in_a_row_max && has_ready()) return push(ready);
  if (runnable* before = next_.put(ready)) push(*before);
}

void worker::push(runnable& ready) noexcept {
  if (!queue_.push(ready)) [[unlikely]]
    return overflow(ready);
  // A completion is counted in after_poll.
  if (!in_poller_ && ring_is_worth_a_thief()) owner_.wake_one();
}

// A new root may be the larger part of the work: one who starts it and goes on for long is helped.
void worker::start(runnable& ready) noexcept {
  if (!queue_.push(ready)) [[unlikely]]
    return overflow(ready);
  owner_.wake_one();
}

// Half of the ring goes with it, so that the next ones find room without the lock.
void worker::overflow(runnable& ready) noexcept {
  runnable list;
  runnable* last = &list;
  std::uint64_t count = 1;
  for (; count <= run_queue::capacity / 2; ++count) {
    last->next = queue_.pop();
    if (!last->next) break;  // Thieves were here.
    last = last->next;
  }
  last->next = &ready;
  overflows_.increase();
  owner_.inject_all(*list.next, ready, count);
}

inline std::size_t worker::fork(promise_base* const* children, std::size_t count) noexcept {
  const std::size_t forked = forks_.push(children, count);
  forks_left_ -= static_cast<std::int32_t>(forked);
  // Without a fence: should a worker go to sleep unseen just now, then we run these ourselves, or
  // the next fork, or the monitor, wakes it.
  if (owner_.idle_->seems_worth_waking()) owner_.wake_one();
  return forked;
}

// After so many forks: whether the run may go on, because nobody else waits.
bool worker::renew_forks() noexcept {
  if (poll_next_ || !next_.is_empty() || queue_.size_approx() != 0 || share_.size_approx() != 0) {
    return false;
  }
  look_at_clock();
  const bool are_short = now_ - forks_since_ < forks_in_a_row_max * short_fork;
  forks_for_thieves_ = are_short ? forks_for_thieves : never_nest;
  forks_since_ = now_;
  if (owner_.injected_->size() != 0) poll_next_ = true;
  if (poll_next_) return false;
  forks_left_ = forks_in_a_row_max;
  return true;
}

promise_base* worker::take_forked(const end_hook& hook) noexcept {
  if (forks_left_ <= 0 && !renew_forks()) return nullptr;  // Others have their turn.
  promise_base* last = forks_.pop();
  if (last && last->hook != &hook) {
    forks_.push(*last);
    return nullptr;
  }
  return last;
}

void detail::fork(promise_base* const* children, std::size_t count) noexcept {
  std::size_t forked = 0;
  if (current_worker) forked = current_worker->fork(children, count);
  if (forked == count) [[likely]]
    return;
  for (; forked < count; ++forked) {
    runnable& child = children[forked]->self;
    child.home = current_agent();
    child.make_ready();
  }
}

bool detail::ends_nested(const promise_base& ending) noexcept {
  // An exception has to be looked at.
  if (nested_child != &ending || ending.exception) return false;
  nested_child = nullptr;
  return true;
}

std::coroutine_handle<> detail::fork_join::run(const lineage& of,
                                               promise_base* const* children) noexcept {
  const std::coroutine_handle<> parent = parent_;
  const std::uint32_t count = count_;
  const nested_run ran = run_nested(of, children, count);
  if (ran.suspended) [[unlikely]] {
    const bool is_last = leave(ran.ended, count, of, children);
    return is_last ? parent : std::noop_coroutine();
  }
  if (ran.ended == count) return parent;
  fork_from(ran.ended + 1, of, [children](std::size_t i) -> promise_base& { return *children[i]; });
  return go_on_with(adopt(of, *children[ran.ended]), ran.ended);
}

detail::fork_join::nested_run detail::fork_join::run_nested(const lineage& of,
                                                            promise_base* const* children,
                                                            std::uint32_t count) noexcept {
  worker* const here = current_worker;
  if (!here || !here->may_nest()) return {0, false};
  const std::uint32_t end = std::min(count, here->nestable());
  const promise_base* const outer = nested_child;
  nested_run ran{0, false};
  ++here->nesting_;
  while (ran.ended != end && here->may_nest()) {
    promise_base& child = adopt(of, *children[ran.ended]);
    memory::note(child.note().now, memory::frame_note::state::running);
    nested_child = &child;
    child.self.coroutine.resume();
    // Not the child's to say: it may have been resumed elsewhere, and be gone.
    if (nested_child) [[unlikely]] {
      ran.suspended = true;
      break;
    }
    ++ran.ended;
  }
  --here->nesting_;
  here->forks_left_ -= static_cast<std::int32_t>(ran.ended);
  nested_child = outer;
  return ran;
}

// After a nested child has suspended: the worker goes on with what is ready, as it does wherever a
// coroutine suspends. True if all have ended. Once the rest is forked, or if there was nothing but
// the suspended one, the parent may be resumed elsewhere, and this be gone.
bool detail::fork_join::leave(std::uint32_t ended, std::uint32_t count, const lineage& of,
                              promise_base* const* children) noexcept {
  const bool is_last = ended != 0 && left_.fetch_sub(ended, base::memory_order_acq_rel) == ended;
  if (ended + 1 == count) return is_last;
  fork_from(ended + 1, of, [children](std::size_t i) -> promise_base& { return *children[i]; });
  return false;
}

// What happens millions of times a second: there is a next sibling, and more behind it.
std::coroutine_handle<> detail::fork_join::on_ended(promise_base& ended) noexcept {
  const std::uint32_t chain = ended.chain;
  if (ended.exception) [[unlikely]]
    fail(ended);
  if (what_ == ended_children::are_destroyed) ended.destroy_ended();
  worker* const here = current_worker;
  if (nested_child == &ended) [[unlikely]] {
    nested_child = nullptr;
    return std::noop_coroutine();
  }
  if (chain == count_ || !here || here->forks_left_ <= 0) [[unlikely]]
    return end_chain(chain);
  promise_base* const next = here->forks_.pop_one_of_many();
  if (!next) [[unlikely]]
    return end_chain(chain);
  if (next->hook != this) [[unlikely]] {
    here->forks_.push(*next);
    return end_chain(chain);
  }
  return go_on_with(*next, chain);
}

std::coroutine_handle<> detail::fork_join::end_chain(std::uint32_t chain) noexcept {
  if (chain == count_) return parent_;
  if (promise_base* next = current_worker ? current_worker->take_forked(*this) : nullptr) {
    return go_on_with(*next, chain);
  }
  // Unless it is the last, the parent may have been resumed elsewhere, and this be gone.
  const bool is_last = left_.fetch_sub(chain, base::memory_order_acq_rel) == chain;
  return is_last ? parent_ : std::noop_coroutine();
}

worker_statistics worker::statistics() const noexcept {
  worker_statistics all;
  all.runs = runs_.value();
  all.steals = steals_.value();
  all.polls_stolen = polls_stolen_.value();
  all.injected = injected_.value();
  all.parks = parks_.value();
  all.overflows = overflows_.value();
  all.queue_depth = queue_.size_approx() + share_.size_approx();
  all.longest_run = std::chrono::nanoseconds(longest_run_ns_.load(base::memory_order_relaxed));
  std::transform(depths_.begin(), depths_.end(), all.queue_depths.begin(),
                 [](const counter& each) { return each.value(); });
  return all;
}

// xorshift32: where to start looking for work need not be unpredictable.
std::uint32_t worker::random() noexcept {
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 17;
  random_state_ ^= random_state_ << 5;
  return random_state_;
}

bool yield::await_ready() const noexcept {
  return current_worker == nullptr;
}

void yield::requeue() noexcept {
  current_worker->yield(*this);
}

timer_queue* this_worker::timers() noexcept {
  return current_worker ? &current_worker->timers() : nullptr;
}

poller* this_worker::current_poller() noexcept {
  return current_worker ? &current_worker->waits_in() : nullptr;
}

base::steady_time this_worker::coarse_now() noexcept {
  if (current_worker) return current_worker->coarse_now();
  const auto now = std::chrono::steady_clock::now();
  if (agent* here = current_agent()) here->notice_time(now);
  return now;
}

bool this_worker::is_stopping() noexcept {
  return current_worker && current_worker->owner().is_stopping();
}

blocking_pool* this_worker::blocking_threads() noexcept {
  return current_worker ? &current_worker->owner().blocking_threads() : nullptr;
}

void this_worker::serves(std::uint64_t request) noexcept {
  if (current_worker) current_worker->serves(request);
}

bool this_worker::spend_budget() noexcept {
  return !current_worker || current_worker->spend_budget();
}

}  // namespace tacit::sched
