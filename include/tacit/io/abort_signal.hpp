#pragma once

#include <boost/asio/cancellation_type.hpp>
#include <memory>
#include <utility>

#include <tacit/io/operation_memory.hpp>

namespace tacit::io {

/// How to end one Asio operation under way. As asio::cancellation_signal, but what the operation
/// leaves here lies in the awaiting frame: Asio's own signal takes it from the heap when it is not
/// used from within io_context::run().
///
/// Threads: none at the same time; abortable.hpp says how that is kept.
class abort_signal {
  struct holder_base {
    virtual void call(boost::asio::cancellation_type_t type) = 0;
    virtual void destroy(abort_signal& in) noexcept = 0;

   protected:
    ~holder_base() = default;
  };

 public:
  abort_signal() = default;
  abort_signal(const abort_signal&) = delete;
  abort_signal& operator=(const abort_signal&) = delete;
  ~abort_signal() { clear(); }

  /// Ends the operation in whichever way it knows.
  void emit() {
    if (held_) held_->call(boost::asio::cancellation_type::all);
  }

  void clear() noexcept {
    if (held_) std::exchange(held_, nullptr)->destroy(*this);
  }

  /// What Asio sees of the signal: a CancellationSlot. One without a signal costs Asio a test.
  class slot {
   public:
    slot() = default;
    explicit slot(abort_signal& signal) noexcept : signal_(&signal) {}

    template <class Handler, class... Args>
    Handler& emplace(Args&&... args) {
      return signal_->hold<Handler>(std::forward<Args>(args)...);
    }
    template <class Handler>
    std::decay_t<Handler>& assign(Handler&& handler) {
      return emplace<std::decay_t<Handler>>(std::forward<Handler>(handler));
    }
    void clear() {
      if (signal_) signal_->clear();
    }
    [[nodiscard]] bool is_connected() const noexcept { return signal_ != nullptr; }
    [[nodiscard]] bool has_handler() const noexcept { return signal_ && signal_->held_; }
    bool operator==(const slot&) const noexcept = default;

   private:
    abort_signal* signal_ = nullptr;
  };

 private:
  template <class Handler>
  struct holder final : holder_base {
    template <class... Args>
    explicit holder(Args&&... args) : handler(std::forward<Args>(args)...) {}
    void call(boost::asio::cancellation_type_t type) override { handler(type); }
    void destroy(abort_signal& in) noexcept override {
      std::destroy_at(this);
      in.memory_.deallocate(this);
    }
    Handler handler;
  };

  template <class Handler, class... Args>
  Handler& hold(Args&&... args) {
    static_assert(alignof(holder<Handler>) <= alignof(std::max_align_t));
    clear();
    void* const place = memory_.allocate(sizeof(holder<Handler>));
    auto* const made = ::new (place) holder<Handler>(std::forward<Args>(args)...);
    held_ = made;
    return made->handler;
  }

  holder_base* held_ = nullptr;
  // What a socket leaves takes 40 bytes, a composed operation 32 (Asio 1.26).
  inline_memory<56> memory_;
};

}  // namespace tacit::io
