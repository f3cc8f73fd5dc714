#pragma once

// Children of one coroutine that may run in parallel, and how they find back together.
//
// Children run in one of two ways. A group begins with the first and goes over to the second when
// it has to; the worker says which (worker::may_nest).
//   Nested: the parent's worker has enough that thieves may take, all of it older and so larger.
//     Then it resumes one child after the other on its stack. What ends there costs nobody more
//     than a call. When one suspends the rest is forked, and the worker goes on with what is ready.
//   Forked: the parent pushes all but one onto its worker's fork deque and becomes that one. A
//     child that ends takes the next of its siblings from the deque, unless a thief was faster.
//
// What ends in a row on one thread, nested or forked, is a chain; each child knows how long its
// chain is (promise_base::chain). Only where a chain breaks does anybody count with an atomic:
//   1. A chain that comprises all children resumes the parent, without any atomic: it is alone.
//   2. Any other chain subtracts its length from `left_`; the one that brings it to zero resumes
//      the parent. Release and acquire on `left_` carry the children's results to it. Before a
//      nested child that has suspended is the only one left, whoever ran it no longer looks here.
// A chain breaks where a child suspends, where a thief took the rest, or where the worker has gone
// on with forks for so long that others have to have their turn.
//
// Children either stay, with their values, until the parent destroys them (these are never nested),
// or return their values to a place of the parent's and destroy themselves at their end, while they
// are warm.

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <tacit/base/source_place.hpp>

#include <tacit/base/atomic.hpp>
#include <tacit/sched/cancel.hpp>
#include <tacit/sched/promise.hpp>

namespace tacit::sched::detail {

/// Makes these children stealable, in this order. Those for which the deque has no room, or for
/// which the calling thread has none, are made ready in the ordinary way.
void fork(promise_base* const* children, std::size_t count) noexcept;

/// Runs children in parallel and resumes the parent when all have ended.
class fork_join : public end_hook {
 public:
  enum class ended_children : bool { stay, are_destroyed };

  explicit fork_join(ended_children what = ended_children::stay) noexcept : what_(what) {}

  /// `child(i)` is the promise of child i; `count` is not 0. Returns what to run now.
  template <class Promise, class Child>
  std::coroutine_handle<> start(std::coroutine_handle<Promise> parent, base::source_place place,
                                std::size_t count, const Child& child) noexcept {
    const lineage of = prepare(parent, place, count);
    fork_from(1, of, child);
    return go_on_with(adopt(of, child(0)), 0);
  }

  /// The same for children that are destroyed at their end: they may run nested.
  template <class Promise>
  std::coroutine_handle<> start_nested(std::coroutine_handle<Promise> parent,
                                       base::source_place place, std::size_t count,
                                       promise_base* const* children) noexcept {
    return run(prepare(parent, place, count), children);
  }

  std::coroutine_handle<> on_ended(promise_base& ended) noexcept override;

 protected:
  ~fork_join() = default;

  /// Rethrows the exception that came first, if any did.
  void rethrow_first() const {
    if (first_exception_) [[unlikely]]
      std::rethrow_exception(first_exception_);
  }
  [[nodiscard]] cancel_scope& scope() noexcept { return scope_; }
  [[nodiscard]] bool has_started() const noexcept { return static_cast<bool>(parent_); }

 private:
  static constexpr std::size_t batch_max = 16;

  // What a child has from its parent.
  struct lineage {
    const void* awaited_by;
    std::uint64_t request;
  };

  template <class Promise>
  lineage prepare(std::coroutine_handle<Promise> parent, base::source_place place,
                  std::size_t count) noexcept {
    parent_ = parent;
    count_ = static_cast<std::uint32_t>(count);
    left_.store(count_, base::memory_order_relaxed);
    scope_.parent_ = current_scope::scope_of(parent);
    note_place(parent, place);
    if constexpr (TacitPromise<Promise>) {
      return {parent.address(), parent.promise().note().request.load(base::memory_order_relaxed)};
    } else {
      return {nullptr, 0};
    }
  }

  promise_base& adopt(const lineage& of, promise_base& child) noexcept {
    auto& its = child.note();
    memory::note(its.awaited_by, of.awaited_by);
    memory::note(its.request, of.request);
    child.hook = this;
    child.scope = &scope_;
    child.chain = 1;
    return child;
  }

  // Backwards: the owner takes the last one pushed, thieves the first.
  template <class Child>
  void fork_from(std::uint32_t begin, const lineage& of, const Child& child) noexcept {
    promise_base* batch[batch_max];
    std::size_t batched = 0;
    for (std::uint32_t i = count_; i-- > begin;) {
      batch[batched++] = &adopt(of, child(i));
      if (batched == batch_max || i == begin) {
        fork(batch, batched);
        batched = 0;
      }
    }
  }

  // How far the nested children came.
  struct nested_run {
    std::uint32_t ended;
    bool suspended;  ///< The one after those that ended.
  };

  std::coroutine_handle<> run(const lineage& of, promise_base* const* children) noexcept;
  nested_run run_nested(const lineage& of, promise_base* const* children,
                        std::uint32_t count) noexcept;
  bool leave(std::uint32_t ended, std::uint32_t count, const lineage& of,
             promise_base* const* children) noexcept;
  std::coroutine_handle<> end_chain(std::uint32_t chain) noexcept;
  void fail(const promise_base& failed) noexcept;

  static std::coroutine_handle<> go_on_with(promise_base& next, std::uint32_t chain) noexcept {
    next.chain = chain + 1;
    memory::note(next.note().now, memory::frame_note::state::running);
    return next.self.coroutine;
  }

  std::coroutine_handle<> parent_;
  base::atomic<std::uint32_t> left_{0};
  std::uint32_t count_ = 0;
  const ended_children what_;
  base::atomic<bool> has_failed_{false};
  std::exception_ptr first_exception_;  // Written by whoever sets has_failed_.
  cancel_scope scope_;                  // Of the children, inside the parent's.
};

}  // namespace tacit::sched::detail
