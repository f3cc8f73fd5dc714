// A site whose files are in the binary: the folder `assets`, put there by tacit_embed().

#include <tacit/http/embedded_files.hpp>
#include <tacit/server/server.hpp>
#include <tacit_embedded/assets.hpp>

int main(int argc, char** argv) {
  tacit::server::server app({.listen = argc > 1 ? argv[1] : "127.0.0.1:8080"});
  tacit::http::file_options options;
  options.cache_control = "no-cache";  // Clients ask each time, and get 304 while nothing changed.
  app.get("/{path...}", tacit::http::embedded_files(tacit_embedded::assets, options));
  return app.run();
}
