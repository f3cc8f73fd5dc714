#pragma once

#include <regex.h>
#include <memory>
#include <string>

namespace tacit::bench {

struct free_expression {
  void operator()(::regex_t* what) const noexcept {
    ::regfree(what);
    delete what;
  }
};

/// A compiled POSIX extended expression. Not std::regex: that recurses once per character of the
/// text, and a long one would end the stack.
using expression = std::unique_ptr<::regex_t, free_expression>;

/// Throws base::failure (usage) that names the option when the text is none.
[[nodiscard]] expression compile_expression(const std::string& text, const char* option);

/// Whether the expression matches anywhere in the text, up to its first zero byte.
[[nodiscard]] bool is_found(const expression& what, const std::string& in);

}  // namespace tacit::bench
