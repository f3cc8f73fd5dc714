#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <tacit/http/handler.hpp>
#include <tacit/http/method.hpp>
#include <tacit/http/middleware.hpp>
#include <tacit/http/router.hpp>

namespace tacit::http {

/// Routes that have the beginning of their patterns, and what goes around their handlers, in
/// common.
///
///     auto api = app.group("/api");
///     api.use(http::bearer_auth("api", is_known));
///     api.get("/orders/{id}", order);
///
/// A group inside another one has its prefix and its middleware as well. Middleware goes around
/// the group's routes whether these were added before or after it.
///
/// A group is a name for a part of the router: copies mean the same.
/// Threads: as the router. Lifetime: the router outlives it.
class route_group {
 public:
  /// Adds a route. The handler is a plain function of context&, or a coroutine that returns task<>.
  /// Throws std::invalid_argument for a pattern that is malformed or conflicts (router::add).
  template <class Callable>
  void route(method on, std::string_view pattern, Callable handler) {
    router_->add(on, pattern, make_handler(std::move(handler)), group_);
  }
  template <class Callable>
  void get(std::string_view pattern, Callable handler) {
    route(method::get, pattern, std::move(handler));
  }
  template <class Callable>
  void post(std::string_view pattern, Callable handler) {
    route(method::post, pattern, std::move(handler));
  }
  template <class Callable>
  void put(std::string_view pattern, Callable handler) {
    route(method::put, pattern, std::move(handler));
  }
  template <class Callable>
  void patch(std::string_view pattern, Callable handler) {
    route(method::patch, pattern, std::move(handler));
  }
  template <class Callable>
  void del(std::string_view pattern, Callable handler) {
    route(method::delete_, pattern, std::move(handler));
  }

  /// A group inside this one: "/api", "/tenants/{tenant}", or, at the outermost, a host.
  [[nodiscard]] route_group group(std::string_view prefix) {
    return {*router_, router_->add_group(group_, prefix)};
  }

  /// Puts something around the handlers of this group, and of those inside it: a middleware, or a
  /// callable as make_middleware() takes it.
  template <class Middleware>
  void use(Middleware around) {
    if constexpr (std::is_same_v<Middleware, middleware>) {
      router_->use(group_, std::move(around));
    } else {
      router_->use(group_, make_middleware(std::move(around)));
    }
  }

  /// The outermost group: its prefix is empty, and its middleware goes around every answer, also
  /// where there is no route.
  explicit route_group(router& of) : route_group(of, router::outermost) {}

 private:
  route_group(router& of, std::uint32_t group) : router_(&of), group_(group) {}

  router* router_;
  std::uint32_t group_;
};

}  // namespace tacit::http
