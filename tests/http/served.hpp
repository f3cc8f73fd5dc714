#pragma once

#include <deque>
#include <regex>
#include <stdexcept>
#include <string>

#include <tacit/http/service.hpp>
#include <tacit/observe/metrics.hpp>
#include <tacit/sched/block_on.hpp>
#include <tacit/sync/sleep.hpp>

#include "http/connection_set.hpp"
#include "http/serve_connection.hpp"
#include "support/memory_stream.hpp"

namespace tacit::support {

inline constexpr auto npos = std::string::npos;

inline std::string get(const std::string& path, const std::string& fields = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

/// A body of a repeated letter, in slices of an odd size.
class letters final : public http::body_source {
 public:
  [[nodiscard]] std::string_view slice(std::uint64_t,
                                       std::uint64_t bytes_max) const noexcept override {
    return std::string_view(block_).substr(0, std::min<std::uint64_t>(bytes_max, block_.size()));
  }

 private:
  std::string block_ = std::string(1009, 'z');
};

/// A service with a few routes, and connections to it in memory.
struct served {
  observe::metrics numbers;
  http::service service{numbers};
  http::connection_set connections;
  letters source;

  explicit served(memory::mode memory = memory::mode::arena) {
    service.memory = memory;
    const auto route = [this](http::method on, const char* path, auto handler) {
      service.router.add(on, path, http::make_handler(std::move(handler)));
    };
    route(http::method::get, "/plain", [](http::context& c) { c.text("hello"); });
    route(http::method::get, "/item/{id}", [](http::context& c) { c.text(c.param("id")); });
    route(http::method::post, "/echo", [](http::context& c) { c.body(c.request.body, "x/y"); });
    route(http::method::get, "/large",
          [this](http::context& c) { c.body(source, 100'000, "x/y"); });
    route(http::method::get, "/throws",
          [](http::context&) { throw std::runtime_error("as planned"); });
    route(http::method::get, "/sleeps", [](http::context& c) -> sched::task<> {
      static_cast<void>(co_await sync::sleep_for(std::chrono::microseconds(100)));
      c.text("slept");
    });
    route(http::method::get, "/throws-later", [](http::context&) -> sched::task<> {
      static_cast<void>(co_await sync::sleep_for(std::chrono::microseconds(100)));
      throw std::runtime_error("as planned");
    });
  }

  void serve(memory_stream& peer) {
    sched::block_on(http::serve_connection(service, peer, connections));
  }

  /// What the peer reads after it has sent these pieces, with the date taken out.
  std::string answers_to(std::deque<std::string> pieces) {
    memory_stream peer(std::move(pieces));
    serve(peer);
    return without_date(peer.written());
  }

  static std::string without_date(const std::string& text) {
    static const std::regex date("Date: [^\r]*");
    return std::regex_replace(text, date, "Date: D");
  }
};

}  // namespace tacit::support
