// The tacit binary: `serve`, and `healthcheck` for containers that have no other tool.

#include <chrono>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <variant>

#include <tacit/http/files.hpp>
#include <tacit/http/json.hpp>
#include <tacit/http/traffic_recorder.hpp>
#include <tacit/server/options.hpp>
#include <tacit/server/server.hpp>

#include "server/demo_routes.hpp"
#include "server/healthcheck.hpp"
#include "server/site.hpp"

namespace {

using tacit::base::failure;

int report(const failure& what) {
  std::fprintf(stderr, "tacit: %s\n", what.message.c_str());
  return what.exit_status();
}

struct serve_arguments {
  std::string config;
  std::optional<std::string> listen, mode, memory, stealing, files, files_prefix;
  std::optional<std::uint32_t> workers, spare_workers, stall_bound_ms, idle_release_delay_ms;
  std::optional<std::uint32_t> drain_delay_ms, drain_timeout_ms;
  std::string site, record;
  std::uint64_t body_limit = tacit::server::site::no_body_limit;
  std::uint64_t churn_live_mb = 0;
};

// The command line wins over the config file.
std::optional<failure> resolve(const serve_arguments& from, tacit::server::options& into) {
  if (!from.config.empty()) {
    const auto loaded = tacit::server::load_config(from.config, into);
    if (const auto* problem = std::get_if<failure>(&loaded)) return *problem;
  }
  if (from.listen) into.listen = *from.listen;
  if (from.files) into.files = *from.files;
  if (from.files_prefix) into.files_prefix = *from.files_prefix;
  if (from.workers) into.workers = *from.workers;
  if (from.spare_workers) into.spare_workers = *from.spare_workers;
  if (from.stall_bound_ms) into.stall_bound = std::chrono::milliseconds(*from.stall_bound_ms);
  if (from.idle_release_delay_ms) {
    into.idle_release_delay = std::chrono::milliseconds(*from.idle_release_delay_ms);
  }
  if (from.drain_delay_ms) into.drain_delay = std::chrono::milliseconds(*from.drain_delay_ms);
  if (from.drain_timeout_ms) into.drain_timeout = std::chrono::milliseconds(*from.drain_timeout_ms);
  if (from.stealing) {
    const auto parsed = tacit::server::parse_switch(*from.stealing);
    if (const auto* problem = std::get_if<failure>(&parsed)) {
      return failure{"--stealing: " + problem->message, true};
    }
    into.stealing = std::get<bool>(parsed);
  }
  if (from.mode) {
    const auto parsed = tacit::server::parse_threading(*from.mode);
    if (const auto* problem = std::get_if<failure>(&parsed)) {
      return failure{"--mode: " + problem->message, true};
    }
    into.mode = std::get<tacit::server::threading>(parsed);
  }
  if (from.memory) {
    const auto parsed = tacit::server::parse_memory(*from.memory);
    if (const auto* problem = std::get_if<failure>(&parsed)) {
      return failure{"--memory: " + problem->message, true};
    }
    into.memory = std::get<tacit::memory::mode>(parsed);
  }
  return std::nullopt;
}

// Files of a folder, below the prefix.
std::optional<failure> add_files(tacit::server::server& app, const tacit::server::options& from) {
  std::string pattern = from.files_prefix;
  if (!pattern.ends_with('/')) pattern += '/';
  try {
    app.get(pattern + "{path...}", tacit::http::files(from.files));
  } catch (const std::invalid_argument& error) {
    return failure{"--files-prefix: " + std::string(error.what()), true};
  } catch (const std::exception& error) {
    return failure{"--files: " + std::string(error.what())};
  }
  return std::nullopt;
}

// Before routes are added: what is put around them goes around those that come later.
std::optional<failure> add_recording(tacit::server::server& app, const std::string& file) {
  try {
    const tacit::http::traffic_recorder recorder({.file = file});
    app.use(recorder.around());
    recorder.add_to(app.metrics());
    app.get("/debug/recording", [recorder, file](tacit::http::context& c) {
      c.json({{"file", file}, {"recorded", recorder.recorded()}, {"dropped", recorder.dropped()}});
    });
  } catch (const std::system_error& error) {
    return failure{"--record: " + std::string(error.what())};
  }
  return std::nullopt;
}

int serve(const serve_arguments& arguments) {
  tacit::server::options options;
  if (const auto problem = resolve(arguments, options)) return report(*problem);
  const tacit::server::pattern_source pattern;
  tacit::server::live_set live(arguments.churn_live_mb, options.memory);
  std::optional<tacit::server::site> site;
  if (!arguments.site.empty()) {
    auto loaded = tacit::server::site::load(arguments.site, arguments.body_limit);
    if (const auto* problem = std::get_if<failure>(&loaded)) return report(*problem);
    site = std::move(std::get<tacit::server::site>(loaded));
    if (site->unparsed_lines() != 0) {
      std::fprintf(stderr,
                   "tacit: %llu lines of %s are not in combined log format and were left out\n",
                   static_cast<unsigned long long>(site->unparsed_lines()), arguments.site.c_str());
    }
  } else if (arguments.body_limit != tacit::server::site::no_body_limit) {
    return report({"--body-limit caps the bodies of a site; give --site LOG as well", true});
  }
  tacit::server::server app(options);
  if (!arguments.record.empty()) {
    if (const auto problem = add_recording(app, arguments.record)) return report(*problem);
  }
  if (!options.files.empty()) {
    if (const auto problem = add_files(app, options)) return report(*problem);
  }
  // With a folder at the root the paths are its own.
  const bool has_demo = options.files.empty() || options.files_prefix != "/";
  if (site) {
    app.fallback([&](tacit::http::context& c) { site->answer(c, pattern); });
  } else if (has_demo) {
    tacit::server::add_demo_routes(app, pattern, live);
  }
  if (!arguments.config.empty()) {
    app.on_reload([&]() -> std::variant<tacit::server::options, failure> {
      tacit::server::options anew;
      if (auto problem = resolve(arguments, anew)) return std::move(*problem);
      return anew;
    });
  }
  return app.run();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Tacit: an HTTP service runtime", "tacit"};
  app.set_version_flag("--version", "tacit " TACIT_VERSION);
  app.require_subcommand(1);

  serve_arguments arguments;
  auto* serving = app.add_subcommand("serve", "Serve the demo routes, or a site made from a log");
  serving->add_option("--config", arguments.config,
                      "JSON file with settings; options win over it. SIGHUP has it read again");
  serving->add_option("--listen", arguments.listen,
                      "ADDRESS:PORT, port 0 for a free one (127.0.0.1:8080)");
  serving->add_option("--mode", arguments.mode, "coroutine or thread (coroutine)");
  serving->add_option("--memory", arguments.memory, "arena or heap (arena)");
  serving
      ->add_option("--workers", arguments.workers,
                   "worker threads in coroutine mode, 0 for one per CPU (0)")
      ->check(CLI::Range(0U, tacit::server::workers_max));
  serving
      ->add_option("--spare-workers", arguments.spare_workers,
                   "threads that stand by for when all workers are held by long handlers (16)")
      ->check(CLI::Range(0U, tacit::server::workers_max));
  serving->add_option("--stealing", arguments.stealing,
                      "on or off: whether idle workers take work and the poll from others; off is "
                      "for measuring (on)");
  serving
      ->add_option("--stall-bound-ms", arguments.stall_bound_ms,
                   "report a handler that keeps its worker for so many milliseconds, 0 for never "
                   "(20)")
      ->check(CLI::Range(0U, 3'600'000U));
  serving
      ->add_option("--idle-release-delay-ms", arguments.idle_release_delay_ms,
                   "a connection without a request for so long gives its memory back, 0 for never "
                   "(2000)")
      ->check(CLI::Range(0U, 3'600'000U));
  serving
      ->add_option("--drain-delay-ms", arguments.drain_delay_ms,
                   "after SIGTERM, serve on with /readyz at 503 for so long; behind a balancer, as "
                   "long as it takes to notice (0)")
      ->check(CLI::Range(0U, 3'600'000U));
  serving
      ->add_option("--drain-timeout-ms", arguments.drain_timeout_ms,
                   "then cut what has not ended after so long (20000)")
      ->check(CLI::Range(0U, 3'600'000U));
  serving->add_option("--files", arguments.files, "serve the files of this folder");
  serving->add_option("--files-prefix", arguments.files_prefix,
                      "path below which --files are served; with / there are no demo routes "
                      "(/static)");
  serving->add_option("--site", arguments.site,
                      "serve a site made from this access log in combined format");
  serving
      ->add_option("--body-limit", arguments.body_limit,
                   "with --site: no body is longer than this many bytes")
      ->check(CLI::NonNegativeNumber);

  serving
      ->add_option("--churn-live-mb", arguments.churn_live_mb,
                   "keep so many MB of sessions, of which each request for /churn replaces one (0)")
      ->check(CLI::Range(std::uint64_t{0}, tacit::server::live_set::mb_max));
  serving->add_option("--record", arguments.record,
                      "append requests to this file, in GoReplay's format, for tacit-bench replay");

  std::string url = "http://127.0.0.1:8080/healthz";
  auto* checking =
      app.add_subcommand("healthcheck", "Exit with 0 if the URL answers 200, else with 1");
  checking->add_option("url", url, "http://ADDRESS:PORT/PATH")->capture_default_str();

  // CLI11 would only say that a subcommand is missing.
  if (argc > 1 && argv[1][0] != '-' && !serving->check_name(argv[1]) &&
      !checking->check_name(argv[1])) {
    return report(
        {"unknown command '" + std::string(argv[1]) + "'; expected serve or healthcheck", true});
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForVersion& version) {
    return app.exit(version);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "tacit: %s; see tacit --help\n", error.what());
    return 2;
  }
  if (checking->parsed()) {
    const auto problem = tacit::server::check_health(url);
    return problem ? report(*problem) : 0;
  }
  return serve(arguments);
}
