#pragma once

// How a cancel scope ends an operation of Asio.
//
// Three may be at work on the same awaiter at a time, on three threads: the coroutine that starts
// the operation, the handler by which it completes, and whoever cancels the scope. Each holds a bit
// of `state_`, and the coroutine goes on when the last bit has gone:
//
//   initiating  from begin() until initiated(). While it is set the coroutine is not resumed, so
//               what Asio writes into the awaiter while it starts the operation has a place.
//   pending     from begin() until completed().
//   aborting    from on_cancelled(), which sets it only while `pending` is set, until the posted
//               abort() has run.
//
// 1. Asio's cancellation slots know no threads: a slot is emitted where the operation's handlers
//    run. So on_cancelled() posts abort() to the operation's executor, which must run one function
//    at a time, as a reactor and a strand do.
// 2. abort() emits only while `pending` is set. By rule 1 that does not change meanwhile.
// 3. The hook is added to the scope after the operation was started, when its slot is filled.
// 4. The coroutine leaves the scope (end()) when it goes on; before that nobody who might still
//    call on_cancelled() has the awaiter taken away.
//
// Without a scope none of this happens: completed() makes the coroutine ready and that is all.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <coroutine>
#include <cstdint>

#include <tacit/base/atomic.hpp>
#include <tacit/base/error.hpp>
#include <tacit/base/source_place.hpp>
#include <tacit/io/abort_signal.hpp>
#include <tacit/io/operation_memory.hpp>
#include <tacit/sched/cancel.hpp>

namespace tacit::io {

/// An awaited operation that a cancel scope can end.
///
/// Threads:   completed() and on_cancelled() on any; the rest by the awaiting coroutine.
class abortable : public sched::runnable, private sched::cancel_hook {
 public:
  /// For the operation's handler. Not connected where there is no scope.
  [[nodiscard]] abort_signal::slot slot() noexcept {
    return listens_ ? abort_signal::slot(signal_) : abort_signal::slot();
  }

  /// The operation has ended and its results are in place. The awaiter may be gone afterwards.
  void completed() noexcept {
    if (!scope_) return make_ready();
    drop(pending);
  }

 protected:
  abortable() = default;
  ~abortable() = default;

  /// Before the operation is started.
  template <class Promise>
  void begin(std::coroutine_handle<Promise> awaiting, const char* waits_on,
             base::source_place place) noexcept {
    suspend(awaiting, waits_on, place);
    scope_ = sched::current_scope::scope_of(awaiting);
    if (scope_) state_.store(initiating | pending, base::memory_order_relaxed);
  }

  [[nodiscard]] bool has_scope() const noexcept { return scope_ != nullptr; }

  /// Whether the scope is cancelled already, and cause() filled: then the operation need not start.
  [[nodiscard]] bool is_refused() noexcept {
    if (scope_) cause_ = scope_->cause();
    return static_cast<bool>(cause_);
  }

  /// Between begin() and the start: abort() will run where the operation's handlers do.
  void listen() noexcept { listens_ = true; }

  /// With a scope, after the operation was started. Whether the coroutine is to suspend; if so the
  /// awaiter may be gone.
  [[nodiscard]] bool initiated() noexcept;

  /// In await_resume, first thing.
  void end() noexcept {
    if (added_) scope_->remove(*this);
  }

  /// Why the operation was refused or aborted; nothing otherwise. After end().
  [[nodiscard]] const base::error_code& cause() const noexcept { return cause_; }

  /// What the operation reports, with the scope's cause in place of Asio's word for it.
  [[nodiscard]] base::error_code explain(const base::error_code& reported) const noexcept;

  /// To be implemented with post_abort_to(). Only called after listen().
  virtual void post_abort() noexcept = 0;

  template <class Executor>
  void post_abort_to(const Executor& where) noexcept {
    boost::asio::post(where, posted{this});
  }
  /// As above. Unwraps a reactor's executor, because the wrapped one would use the heap.
  void post_abort_to(const boost::asio::any_io_executor& where) noexcept;

 private:
  static constexpr std::uint8_t initiating = 1;
  static constexpr std::uint8_t pending = 2;
  static constexpr std::uint8_t aborting = 4;

  using abort_memory = inline_memory<56>;  // On a reactor, the posted abort() takes 40 bytes.
  struct posted {
    using allocator_type = operation_allocator<std::byte, abort_memory>;
    abortable* self;
    [[nodiscard]] allocator_type get_allocator() const noexcept {
      return allocator_type(self->abort_memory_);
    }
    void operator()() const { self->abort(); }
  };

  void on_cancelled(const base::error_code& cause) noexcept final;
  void abort();
  void drop(std::uint8_t bit) noexcept;

  sched::cancel_scope* scope_ = nullptr;
  base::error_code cause_;  // Written by who sets `aborting`, before it is posted.
  bool listens_ = false;
  bool added_ = false;  // Read by the coroutine when it goes on.
  base::atomic<std::uint8_t> state_{0};
  abort_signal signal_;
  abort_memory abort_memory_;
};

}  // namespace tacit::io
