#pragma once

#include <array>
#include <utility>

#include "model/execution.hpp"

namespace tacit::model {

/// A variable that is not atomic, for what a protocol hands from one thread to another. An access
/// that does not happen after what it conflicts with fails the run, whatever the value was.
///
/// Accesses are no scheduling points. Copying and moving read and write, so it can be an element of
/// what is under test.
template <class T>
class plain {
 public:
  plain() : plain(T()) {}
  plain(T initial) : value_(std::move(initial)) { wrote(); }
  plain(const plain& other) : value_(other.read()) { wrote(); }
  plain(plain&& other) noexcept : value_(other.take()) { wrote(); }
  plain& operator=(const plain& other) {
    write(other.read());
    return *this;
  }
  plain& operator=(plain&& other) noexcept {
    write(other.take());
    return *this;
  }
  ~plain() { check_write("destruction"); }

  [[nodiscard]] const T& read() const {
    check_read();
    return value_;
  }
  void write(T value) {
    check_write("write");
    value_ = std::move(value);
    wrote();
  }
  /// Reads, and leaves T().
  T take() {
    check_write("move");
    wrote();
    return std::exchange(value_, T());
  }

 private:
  void check_read() const {
    execution* run = execution::current();
    if (!run) return;
    run->tick();
    check_alive(*run);
    if (run->known().happened[writer_] < written_) {
      run->fail("race: T" + std::to_string(run->self()) +
                " reads what it does not know to be written by T" + std::to_string(writer_));
    }
    read_.set(run->self(), run->now());
  }
  void check_alive(execution& run) const {
    if (writer_ >= thread_max) run.fail("a variable is used after its end");
  }
  void check_write(const char* what) {
    execution* run = execution::current();
    if (!run) return;
    run->tick();
    check_alive(*run);
    for (std::uint32_t other = 0; other < thread_max; ++other) {
      const std::uint32_t last = other == writer_ ? std::max(written_, read_[other]) : read_[other];
      if (run->known().happened[other] < last) {
        run->fail("race: " + std::string(what) + " by T" + std::to_string(run->self()) +
                  ", unordered with an access by T" + std::to_string(other));
      }
    }
  }
  void wrote() {
    execution* run = execution::current();
    if (!run) return;
    run->tick();
    writer_ = run->self();
    written_ = run->now();
  }

  T value_;
  std::uint32_t writer_ = 0;
  std::uint32_t written_ = 0;
  mutable vector_clock read_;
};

}  // namespace tacit::model
