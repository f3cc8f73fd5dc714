#pragma once

namespace tacit::model {

/// A line of the code under test. std::source_location is not there for Clang 14.
struct place {
  const char* file;
  int line;

  /// As a default argument: the line that calls.
  static constexpr place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace tacit::model
