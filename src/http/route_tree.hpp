#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tacit/http/handler.hpp>
#include <tacit/http/method.hpp>
#include <tacit/http/method_set.hpp>
#include <tacit/http/middleware.hpp>

#include "http/route_pattern.hpp"
#include "http/text_index.hpp"

namespace tacit::http {

/// One route of the program. Its address is kept by trees.
struct route_entry {
  route_pattern pattern;
  method on;
  handler with;
  const middleware_chain* around;
};

/// A search for one request, through one tree after the other.
struct route_search {
  // As a string_view, but not set to zero for each request.
  struct piece {
    const char* data;
    std::size_t size;
  };

  explicit route_search(method of) noexcept : asked(of) {}  // NOLINT(*-member-init): see piece.

  void push(std::string_view value) noexcept {
    values[value_count++] = {value.data(), value.size()};
  }
  [[nodiscard]] std::string_view value(std::size_t i) const noexcept {
    return {values[i].data, values[i].size};
  }

  const method asked;
  std::array<piece, parameters_max> values;  ///< Of the parameters passed so far.
  std::size_t value_count = 0;

  /// Of the routes that have the path but not the method; of all of these once nothing was found.
  method_set allow;
  const route_entry* nearest = nullptr;  ///< The most specific of these.
};

/// The routes of one host, as a tree of segments.
///
/// A search prefers literal segments, then `{name}`, then `{name...}`, and turns back where a
/// branch comes to nothing. Since no two routes overlap without one being more specific, what it
/// finds first is the most specific. It visits a node at most once, so its time is bounded by the
/// routes, not by what the peer sends.
class route_tree {
 public:
  void add(const route_entry& added);

  /// The route for a path as sent, if that is literally a pattern and has the method. Null says
  /// nothing. A path that is found so needs no decoding.
  [[nodiscard]] const route_entry* find_literal(std::string_view path, method asked) const noexcept;

  /// Null if nothing has the path and the method.
  [[nodiscard]] const route_entry* find(std::string_view path, route_search& in) const;

 private:
  // The routes of one shape.
  struct leaf {
    std::array<const route_entry*, method_count> by_method{};
    method_set methods;

    [[nodiscard]] const route_entry* find(method asked) const noexcept;
  };
  struct node {
    text_index texts;                             // Of the literal segments that go on from here,
    std::vector<std::unique_ptr<node>> literals;  // ... to these.
    std::unique_ptr<node> one;
    std::unique_ptr<leaf> rest;
    std::unique_ptr<leaf> end;  // Patterns that end here.
  };

  static const route_entry* take(const leaf& found, route_search& in) noexcept;
  static const route_entry* descend(const node& from, std::string_view path, route_search& in);

  node root_;
  text_index literal_paths_;                 // Patterns without parameters, whole,
  std::vector<const leaf*> literal_leaves_;  // ... and where the tree has them.
};

}  // namespace tacit::http
