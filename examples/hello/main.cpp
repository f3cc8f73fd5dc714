#include <tacit/server/server.hpp>

int main(int argc, char** argv) {
  tacit::server::server app({.listen = argc > 1 ? argv[1] : "127.0.0.1:8080"});
  app.get("/", [](tacit::http::context& c) { c.text("Hello\n"); });
  app.get("/hello/{name}",
          [](tacit::http::context& c) { c.text("Hello, ", c.param("name"), "\n"); });
  return app.run();  // Serves until SIGTERM or SIGINT, drains, returns the exit status.
}
