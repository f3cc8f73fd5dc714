#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tacit/http/context.hpp>
#include <tacit/http/handler.hpp>
#include <tacit/http/method.hpp>
#include <tacit/http/method_set.hpp>
#include <tacit/http/middleware.hpp>

namespace tacit::http {

struct route_entry;
struct route_pattern;
struct route_search;
class route_tree;

/// Method, host and path to handler.
///
/// A pattern is `/segment/{name}/{name...}`: literal segments, `{name}` for one that is not empty,
/// `{name...}` at the end for the rest, which may be empty. In front may stand a host: `a.example`,
/// or `{name}.example` for one label. Patterns are written decoded.
///
/// The most specific pattern wins, whatever the order of adding: one with a host before one
/// without, a literal host before `{name}`, then the one whose paths are a part of the other's.
/// Where two match the same request and neither is more specific, adding the second fails. GET
/// takes HEAD along, unless HEAD has a route of its own.
///
/// A request's path is split, then decoded, once: an encoded slash is a character of a parameter
/// and never separates; `{name...}` cannot hold one, and such a request is refused. So are bad
/// escapes, encoded NULs, and segments "." and "..", encoded or not: hence no parameter leads out
/// of a folder it is appended to. A path with an empty segment before its last matches nothing.
/// Paths are compared as they are, hosts without regard to case and port.
///
/// Threads: add routes first, then find from any thread.
class router {
 public:
  router();
  ~router();
  router(const router&) = delete;
  router& operator=(const router&) = delete;

  /// Adds a route. Throws std::invalid_argument, naming the pattern, if it is malformed, and both
  /// patterns if it conflicts with another one. "*" with OPTIONS is for the server as a whole.
  void add(method on, std::string_view pattern, handler with, std::uint32_t group = outermost);

  /// The group that all others are in.
  static constexpr std::uint32_t outermost = 0;

  /// Adds a group of routes, whose patterns begin with those of its parent and `prefix`, and have
  /// the parent's middleware around them. See route_group.
  [[nodiscard]] std::uint32_t add_group(std::uint32_t parent, std::string_view prefix);

  /// Puts `around` around the handlers of a group and of those inside it; of the outermost, around
  /// every answer.
  void use(std::uint32_t group, middleware around);

  /// What is around every answer.
  [[nodiscard]] const middleware_chain& around_all() const noexcept;

  /// Answers what no route matches, also paths that are refused otherwise; 404 and 400 if not set.
  /// It is asked for every method, and finds the path as it was sent.
  void set_fallback(handler with) { fallback_ = std::move(with); }

  enum class outcome { found, not_found, method_not_allowed, bad_request };
  struct match {
    outcome result = outcome::not_found;
    const handler* with = nullptr;
    /// What goes around the handler; or, where there is none, around what answers instead.
    const middleware_chain* around = nullptr;
    /// For method_not_allowed: what there are routes for. OPTIONS is always among them, as whoever
    /// has no route for it answers with this.
    method_set allow;
    const char* why = nullptr;  ///< For bad_request.
  };

  /// Looks the request of `c` up, and sets its parameters. Allocates from the request's memory
  /// only, and only for parameters and for paths that have something encoded.
  [[nodiscard]] match find(context& c) const;

 private:
  struct host_entry;
  struct group;

  void refuse_conflicts(method on, const route_pattern& with) const;
  [[nodiscard]] route_tree& tree_for(const std::string& host);
  [[nodiscard]] const route_entry* search(std::string_view path, context& c,
                                          route_search& in) const;
  [[nodiscard]] static std::string_view keep(std::string_view label, context& c);
  [[nodiscard]] static const char* bind(const route_entry& found, const route_search& in,
                                        bool is_decoded, context& c);
  [[nodiscard]] match found(const route_entry& entry) const;
  [[nodiscard]] match not_found(outcome otherwise, const char* why) const;
  [[nodiscard]] match without_method(std::string_view path, context& c, route_search& in) const;
  [[nodiscard]] match find_asterisk() const;
  void rebuild_chains();

  std::vector<std::unique_ptr<group>> groups_;  // The outermost first, parents before children.
  std::vector<std::unique_ptr<route_entry>> routes_;
  std::unique_ptr<route_tree> any_host_;
  std::vector<std::unique_ptr<host_entry>> hosts_;  // Literal ones first.
  handler asterisk_;
  handler fallback_;
};

}  // namespace tacit::http
