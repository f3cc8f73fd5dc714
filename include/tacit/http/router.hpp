#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <tacit/http/context.hpp>
#include <tacit/http/method.hpp>
#include <tacit/sched/task.hpp>

namespace tacit::http {

/// What answers a request: a plain function, or a coroutine for what has to wait.
struct handler {
  std::function<void(context&)> plain;
  std::function<sched::task<>(context&)> coroutine;

  explicit operator bool() const noexcept { return plain || coroutine; }
};

/// From a callable taking context&: one that returns a task becomes a coroutine handler.
template <class Callable>
handler make_handler(Callable callable) {
  if constexpr (std::is_same_v<std::invoke_result_t<Callable&, context&>, sched::task<>>) {
    return {{}, std::move(callable)};
  } else {
    return {std::move(callable), {}};
  }
}

/// Method and path to handler.
///
/// A pattern is a path of literal segments, `{name}` for one segment, and `{name...}` at its end
/// for the rest, which may be empty. A literal path wins over one with parameters; among these the
/// one with more literal segments wins, and `{name...}` comes last.
///
/// Threads: add routes first, then find from any thread.
class router {
 public:
  /// Adds a route. Throws std::invalid_argument, naming the pattern, if it is malformed or there is
  /// one for the same method and path already.
  void add(method on, std::string_view pattern, handler with);

  /// Answers what no route matches; 404 if not set. It is asked for every method.
  void set_fallback(handler with) { fallback_ = std::move(with); }

  enum class outcome { found, not_found, method_not_allowed, bad_request };
  struct match {
    outcome result = outcome::not_found;
    const handler* with = nullptr;
    const std::string* allow = nullptr;  ///< The Allow field, for method_not_allowed.
  };

  /// Looks the request of `c` up by method and path, and sets its parameters. HEAD finds the route
  /// of GET unless it has one of its own. Allocates from the request's memory only, and only for
  /// parameters.
  [[nodiscard]] match find(context& c) const;

 private:
  struct segment {
    enum class kind { literal, one, rest } is;
    std::string text;  // The literal, or the parameter's name.
  };
  struct entry {
    std::string pattern;
    std::vector<segment> segments;  // Empty for a literal path.
    std::array<handler, method_count> by_method;
    std::string allow;
  };
  struct transparent_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };

  [[nodiscard]] static std::vector<segment> parse(std::string_view pattern);
  [[nodiscard]] static bool matches(const entry& candidate, std::string_view path) noexcept;
  [[nodiscard]] static bool bind(const entry& matched, context& c);
  [[nodiscard]] match select(const entry& matched, context& c) const;

  std::unordered_map<std::string, std::unique_ptr<entry>, transparent_hash, std::equal_to<>>
      literal_;
  std::vector<std::unique_ptr<entry>> with_parameters_;  // Most specific first.
  handler fallback_;
};

}  // namespace tacit::http
