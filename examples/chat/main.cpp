// A chat room: who listens gets every message as a server-sent event.
//
//   curl -N http://127.0.0.1:8080/messages &
//   curl -d 'Hello, all' http://127.0.0.1:8080/messages

#include <memory>
#include <string>

#include <tacit/http/server_sent_events.hpp>
#include <tacit/server/server.hpp>
#include <tacit/sync/broadcast.hpp>

using namespace tacit;

class room {
 public:
  void say(http::context& c) {
    messages_.send(std::make_shared<const std::string>(c.request.body));
    c.status(202);
  }

  sched::task<> follow(http::context& c) {
    http::event_stream events(c);
    // Ends when the listener leaves or the server drains; both end every wait of the source.
    static_cast<void>(co_await events.run(pass_on(events)));
  }

 private:
  using message = std::shared_ptr<const std::string>;

  sched::task<> pass_on(http::event_stream& events) {
    auto listening = messages_.subscribe();
    // So that the listener knows that it misses nothing from here on.
    if (co_await events.send({.data = "welcome", .name = "joined"})) co_return;
    while (auto next = co_await listening.receive()) {
      // Who reads too slowly loses messages, and holds nobody up.
      if (next.missed() > 0) {
        const std::string missed = std::to_string(next.missed());
        if (co_await events.send({.data = missed, .name = "missed"})) co_return;
      }
      if (co_await events.send({.data = **next})) co_return;
    }
  }

  sync::broadcast<message> messages_{64};
};

int main(int argc, char** argv) {
  room lobby;
  server::server app({.listen = argc > 1 ? argv[1] : "127.0.0.1:8080"});
  app.post("/messages", [&](http::context& c) { lobby.say(c); });
  app.get("/messages", [&](http::context& c) { return lobby.follow(c); });
  return app.run();
}
