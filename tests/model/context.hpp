#pragma once

#include <functional>

#include <boost/context/fiber.hpp>

namespace tacit::model {

/// A stack of its own, on which code runs until it switches to another one.
///
/// All of them live on one thread of the operating system.
class context {
 public:
  /// The stack that the process was started with.
  context() = default;
  /// A new one. `entry` begins at the first switch to it and must not return.
  explicit context(std::function<void()> entry);
  ~context() = default;
  context(const context&) = delete;
  context& operator=(const context&) = delete;

  /// Leaves `*this`, which is running, and goes on in `to`. Returns when somebody switches back.
  void switch_to(context& to);

  /// Gives up what is suspended in here. Its stack is leaked rather than unwound: an unwinding
  /// would end at the first noexcept function.
  void abandon();

 private:
  boost::context::fiber rest_;  // What is to be resumed; empty while it runs.
};

}  // namespace tacit::model
