#include "model/workers.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include <tacit/memory/frame_pool.hpp>
#include <tacit/sched/agent.hpp>
#include <tacit/sched/this_worker.hpp>
#include <tacit/sched/yield.hpp>
#include <tacit/sync/select.hpp>

namespace tacit::model {
namespace {

workers* current_workers = nullptr;
// Kept until the next run, so that who comes too late finds what is said there.
std::vector<void*> ended_frames;
std::vector<const void*> live_frames;

/// In front of a coroutine's frame.
struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) frame_head {
  std::size_t bytes;  // Of the frame.
  memory::frame_note note;
};

// A run that failed has left frames behind.
void forget_frames() noexcept {
  live_frames.clear();
  for (void* each : std::exchange(ended_frames, {}))
    std::free(each);
}

}  // namespace

void* job::promise_type::operator new(std::size_t bytes) {
  return memory::frame_pool::allocate(bytes);
}

void job::promise_type::operator delete(void* frame) noexcept {
  memory::frame_pool::deallocate(frame);
}

void job::promise_type::ended::await_suspend(
    std::coroutine_handle<promise_type> which) const noexcept {
  workers& runs_on = *which.promise().on;
  which.destroy();
  runs_on.on_end(which);
}

workers::workers() {
  forget_frames();
  current_workers = this;
}

workers::~workers() {
  current_workers = nullptr;
}

workers* workers::current() noexcept {
  return current_workers;
}

void workers::take_on(const job& which) {
  which.coroutine.promise().on = this;
  live_.push_back(which.coroutine);
}

void workers::work(const job& first) {
  first.coroutine.resume();
  while (const handle next = take_ready())
    next.resume();
}

workers::handle workers::take_ready() {
  execution& run = *execution::current();
  while (ready_.empty()) {
    if (live_.empty()) return {};
    run.block(this, "a job that can go on");
  }
  const ready_job next = ready_.front();
  ready_.pop_front();
  run.acquire(next.known);
  return next.coroutine;
}

void workers::make_ready(sched::runnable& ready) noexcept {
  execution& run = *execution::current();
  run.point();
  const handle which = ready.coroutine;
  const auto found = std::find(live_frames.begin(), live_frames.end(), which.address());
  require(found != live_frames.end(), "a job that has ended is made ready");
  const bool is_queued = std::any_of(ready_.begin(), ready_.end(),
                                     [which](const auto& each) { return each.coroutine == which; });
  require(!is_queued, "a job is made ready twice");
  ready_.push_back({which, run.known()});
  run.wake_one(this);
}

void workers::on_end(handle which) {
  std::erase(live_, which);
  if (live_.empty()) execution::current()->wake_all(this);
}

}  // namespace tacit::model

// What the sources under test ask of the scheduler.
namespace tacit {

sched::agent* sched::current_agent() noexcept {
  return model::workers::current();
}

sched::timer_queue* sched::this_worker::timers() noexcept {
  return &model::workers::current()->timers();
}

bool sched::this_worker::spend_budget() noexcept {
  return true;
}

bool sched::yield::await_ready() const noexcept {
  return true;
}

void sched::yield::requeue() noexcept {
  make_ready();
}

void* memory::frame_pool::allocate(std::size_t bytes) {
  using model::frame_head;
  auto* const head = static_cast<frame_head*>(std::malloc(sizeof(frame_head) + bytes));
  std::construct_at(head)->bytes = bytes;
  model::live_frames.push_back(head + 1);
  return head + 1;
}

void memory::frame_pool::deallocate(void* frame) noexcept {
  auto* const head = static_cast<model::frame_head*>(frame) - 1;
  std::memset(frame, model::memory_of_ended, head->bytes);
  std::erase(model::live_frames, frame);
  model::ended_frames.push_back(head);
}

// Every order of the cases is explored.
std::uint32_t sync::detail::select_random(std::uint32_t bound) noexcept {
  return model::any_of(bound);
}

}  // namespace tacit
