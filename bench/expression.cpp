#include "bench/expression.hpp"

#include <fmt/format.h>
#include <array>
#include <tacit/base/error.hpp>

namespace tacit::bench {

expression compile_expression(const std::string& text, const char* option) {
  auto out = std::make_unique<::regex_t>();
  if (const int wrong = ::regcomp(out.get(), text.c_str(), REG_EXTENDED)) {
    std::array<char, 128> why{};
    ::regerror(wrong, out.get(), why.data(), why.size());
    throw base::failure{fmt::format("{}: {}: {}", option, text, why.data()), true};
  }
  return expression{out.release()};
}

bool is_found(const expression& what, const std::string& in) {
  return ::regexec(what.get(), in.c_str(), 0, nullptr, 0) == 0;
}

}  // namespace tacit::bench
