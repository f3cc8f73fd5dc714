#pragma once

#include <exception>
#include <utility>
#include <variant>

namespace tacit::sched {

/// A value, or the exception that came instead.
template <class T>
class outcome {
 public:
  template <class U>
  void set_value(U&& value) {
    state_.template emplace<1>(std::forward<U>(value));
  }
  void set_exception() noexcept { state_.template emplace<2>(std::current_exception()); }
  T take() {
    if (state_.index() == 2) std::rethrow_exception(std::get<2>(state_));
    return std::move(std::get<1>(state_));
  }

 private:
  std::variant<std::monostate, T, std::exception_ptr> state_;
};

template <>
class outcome<void> {
 public:
  void set_exception() noexcept { exception_ = std::current_exception(); }
  void take() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::exception_ptr exception_;
};

}  // namespace tacit::sched
