#pragma once

#include <coroutine>

#include <tacit/memory/frame_note.hpp>
#include <tacit/sched/promise.hpp>

namespace tacit::sched {

/// `co_await own_note()` is the note of the awaiting coroutine, or nullptr for one of another
/// library: to say from then on which request it serves. What it awaits later inherits that.
///
/// Lifetime: that of the coroutine.
class own_note {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend([[maybe_unused]] std::coroutine_handle<Promise> awaiting) noexcept {
    if constexpr (TacitPromise<Promise>) found_ = awaiting.promise().self.note;
    return false;
  }
  [[nodiscard]] memory::frame_note* await_resume() const noexcept { return found_; }

 private:
  memory::frame_note* found_ = nullptr;
};

}  // namespace tacit::sched
