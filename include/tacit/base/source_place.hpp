#pragma once

#include <source_location>

namespace tacit::base {

#if defined(__cpp_lib_source_location)
using source_place = std::source_location;
#else
/// As std::source_location, for Clang 14 with GCC's library, where it is missing.
class source_place {
 public:
  static constexpr source_place current(const char* file = __builtin_FILE(),
                                        const char* function = __builtin_FUNCTION(),
                                        unsigned line = __builtin_LINE()) noexcept {
    source_place here;
    here.file_ = file;
    here.function_ = function;
    here.line_ = line;
    return here;
  }
  [[nodiscard]] constexpr const char* file_name() const noexcept { return file_; }
  [[nodiscard]] constexpr const char* function_name() const noexcept { return function_; }
  [[nodiscard]] constexpr unsigned line() const noexcept { return line_; }

 private:
  const char* file_ = "";
  const char* function_ = "";
  unsigned line_ = 0;
};
#endif

}  // namespace tacit::base
