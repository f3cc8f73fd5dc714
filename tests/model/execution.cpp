#include "model/execution.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <utility>

namespace tacit::model {

context& stage::stack(std::uint32_t which, std::function<void()> body) {
  while (seats_.size() <= which) {
    auto made = std::make_unique<seat>();
    seat* at = made.get();
    at->stack = std::make_unique<context>([at] {
      for (;;)
        std::exchange(at->body, nullptr)();
    });
    seats_.push_back(std::move(made));
  }
  seats_[which]->body = std::move(body);
  return *seats_[which]->stack;
}

void stage::clear() {
  for (auto& each : seats_) {
    each->stack->abandon();
    // What is suspended refers to its seat.
    static_cast<void>(each.release());
  }
  seats_.clear();
}

execution::execution(strategy& decides, std::uint32_t steps_max, stage& on, bool traced)
    : strategy_(decides), steps_max_(steps_max), stage_(on), traced_(traced) {}

std::optional<std::string> execution::run(std::function<void()> body) {
  current_ = this;
  spawn(std::move(body));
  stage_.explorer().switch_to(*threads_[0].stack);
  current_ = nullptr;
  if (failed_ || broken_) stage_.clear();
  if (broken_) std::rethrow_exception(broken_);
  return failed_;
}

std::uint32_t execution::spawn(std::function<void()> body) {
  const std::uint32_t which = thread_count_++;
  if (which == thread_max) fail("more threads than model::thread_max");
  thread& added = threads_[which];
  if (which != 0) {
    tick();
    added.known = mine().known;
  }
  added.known.happened.set(which, 1);
  added.known.observed.set(which, 1);
  added.stack = &stage_.stack(
      which, [this, which, run = std::move(body)]() mutable { run_thread(which, std::move(run)); });
  return which;
}

// Where this ends another run may have begun, and `this` be gone: nothing follows the last line.
void execution::run_thread(std::uint32_t which, std::function<void()> body) {
  try {
    body();
  } catch (const std::exception& thrown) {
    fail(std::string("an exception left a thread: ") + thrown.what());
  }
  body = nullptr;
  threads_[which].state = thread_state::ended;
  wake_all(&threads_[which]);
  reschedule(choice_kind::hand_over);
}

void execution::join(std::uint32_t which) {
  thread& other = threads_[which];
  while (other.state != thread_state::ended)
    block(&other, "a thread's end");
  acquire(other.known);
}

void execution::tick() {
  knowledge& known = mine().known;
  known.happened.set(running_, known.happened[running_] + 1);
  known.observed.set(running_, known.happened[running_]);
}

void execution::count_step() {
  if (++steps_ <= steps_max_) return;
  fail("no end after " + std::to_string(steps_max_) + " steps: " + who_waits());
}

void execution::point() {
  count_step();
  reschedule(choice_kind::preempt);
  tick();
}

void execution::give_way() {
  count_step();
  reschedule(choice_kind::give_way);
  tick();
}

bool execution::block(const void* what, const char* name, bool timed) {
  thread& waiting = mine();
  waiting.state = thread_state::blocked;
  waiting.timed = timed;
  waiting.timed_out = false;
  waiting.waits_on = what;
  waiting.waits_on_name = name;
  reschedule(choice_kind::hand_over);
  return !waiting.timed_out;
}

void execution::wake_all(const void* what) {
  for (auto& each : threads_) {
    if (each.state == thread_state::blocked && each.waits_on == what) {
      each.state = thread_state::ready;
    }
  }
}

void execution::wake_one(const void* what) {
  std::array<thread*, thread_max> waiting;
  std::uint32_t count = 0;
  for (auto& each : threads_) {
    if (each.state == thread_state::blocked && each.waits_on == what) waiting[count++] = &each;
  }
  if (count != 0) waiting[choose(choice_kind::any, count)]->state = thread_state::ready;
}

std::uint32_t execution::choose(choice_kind kind, std::uint32_t count) {
  return count == 1 ? 0 : ask({kind, count, nullptr, running_});
}

std::uint32_t execution::ask(const choice& what) {
  try {
    const std::uint32_t taken = strategy_.choose(what);
    decisions_.push_back(static_cast<std::uint8_t>(taken));
    return taken;
  } catch (...) {
    broken_ = std::current_exception();
  }
  fail("");
}

// Who goes on. Options begin with the caller if it can, and go on in the order of the threads, so
// that taking the first option everywhere is fair to those who give way.
void execution::reschedule(choice_kind kind) {
  std::array<std::uint8_t, thread_max> ready;
  std::uint32_t count = 0;
  if (kind == choice_kind::preempt) ready[count++] = static_cast<std::uint8_t>(running_);
  do {
    // One who hands over may itself be woken by the time that passes.
    const std::uint32_t last = kind == choice_kind::hand_over ? thread_count_ : thread_count_ - 1;
    for (std::uint32_t i = 1; i <= last; ++i) {
      const std::uint32_t other = (running_ + i) % thread_count_;
      if (threads_[other].state == thread_state::ready) {
        ready[count++] = static_cast<std::uint8_t>(other);
      }
    }
  } while (count == 0 && let_time_pass());

  if (count != 0) {
    const std::uint32_t next = ready[count == 1 ? 0 : ask({kind, count, ready.data(), running_})];
    if (next != running_) switch_to(next);
  } else if (kind == choice_kind::hand_over) {
    const std::string waiting = who_waits();
    if (!waiting.empty()) fail("deadlock: " + waiting);
    mine().stack->switch_to(stage_.explorer());
  }
}

void execution::switch_to(std::uint32_t next) {
  context& from = *mine().stack;
  running_ = next;
  from.switch_to(*threads_[next].stack);
}

// Time limits expire only when nobody can go on otherwise: an early expiry would cover up a wake-up
// that was lost.
bool execution::let_time_pass() {
  bool passed = false;
  for (auto& each : threads_) {
    if (each.state != thread_state::blocked || !each.timed) continue;
    each.state = thread_state::ready;
    each.timed_out = passed = true;
  }
  return passed;
}

std::string execution::who_waits() const {
  std::string all;
  for (std::uint32_t i = 0; i < thread_count_; ++i) {
    if (threads_[i].state == thread_state::ended) continue;
    if (!all.empty()) all += ", ";
    all += 'T' + std::to_string(i) +
           (threads_[i].state == thread_state::ready
                ? std::string(" goes on")
                : std::string(" waits for ") + threads_[i].waits_on_name);
  }
  return all;
}

void execution::fence_seq_cst() {
  point();
  thread& here = mine();
  here.known.join(here.unfenced);
  here.known.observed.join(fences_);
  fences_.join(here.known.observed);
  here.known.fence = next_seq_cst();
  here.fenced = here.known;
}

void execution::fail(std::string why) {
  if (!failed_) failed_ = std::move(why);
  // Never resumed.
  mine().stack->switch_to(stage_.explorer());
  std::abort();
}

void execution::note(const std::string& what, place where) {
  const char* file = std::strrchr(where.file, '/');
  trace_.push_back('T' + std::to_string(running_) + "  " + (file ? file + 1 : where.file) + ':' +
                   std::to_string(where.line) + "  " + what);
}

std::size_t execution::number_of(const void* object) {
  const auto found = std::find(numbered_.begin(), numbered_.end(), object);
  const auto number = static_cast<std::size_t>(found - numbered_.begin()) + 1;
  if (found == numbered_.end()) numbered_.push_back(object);
  return number;
}

}  // namespace tacit::model
