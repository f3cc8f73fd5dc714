// The tacit binary: `serve`, `healthcheck` for containers that have no other tool, and `config`.

#include <malloc.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <tacit/http/files.hpp>
#include <tacit/http/json.hpp>
#include <tacit/http/traffic_recorder.hpp>
#include <tacit/server/options.hpp>
#include <tacit/server/server.hpp>
#include <tacit/version.hpp>

#include "server/config_reference.hpp"
#include "server/demo_routes.hpp"
#include "server/healthcheck.hpp"
#include "server/settings.hpp"
#include "server/site.hpp"

namespace {

using tacit::base::failure;
using tacit::server::setting;

int report(const failure& what) {
  std::fprintf(stderr, "tacit: %s\n", what.message.c_str());
  return what.exit_status();
}

int print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return 0;
}

struct serve_arguments {
  std::string config;
  std::vector<std::pair<const setting*, std::optional<std::string>>> given;  // On the command line.
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
  for (const auto& [which, text] : from.given) {
    if (!text) continue;
    if (auto problem = tacit::server::assign_option(*which, into, *text)) return problem;
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
  // In this mode a request asks malloc for nothing, so there is nothing that threads could contend
  // for: heaps of their own would only take memory, and time at the start.
  if (options.memory == tacit::memory::mode::arena) ::mallopt(M_ARENA_MAX, 1);
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

// What serve would say of the file.
int check_config(const std::string& file) {
  tacit::server::options options;
  const auto loaded = tacit::server::load_config(file, options);
  if (const auto* problem = std::get_if<failure>(&loaded)) {
    report(*problem);
    return 2;
  }
  std::printf("%s: valid\n", file.c_str());
  return 0;
}

using words = std::span<char* const>;  // Of the command line.

/// What can be given to the program, and what was.
struct command_line {
  serve_arguments serve;
  std::string url = "http://127.0.0.1:8080/healthz";
  std::string config_file;
  bool as_manual = false;

  CLI::App* checking = nullptr;
  CLI::App* config_check = nullptr;
  CLI::App* reference = nullptr;
  CLI::App* schema = nullptr;
};

bool is_parsed(const CLI::App* command) {
  return command != nullptr && command->parsed();
}

// To describe an option to the parser takes some 20,000 instructions, and a start names few of
// them. So only those are described that are named, or all where help is asked for.
bool may_be_given(std::string_view name, words given) {
  return std::any_of(given.begin(), given.end(), [&](std::string_view word) {
    return word.starts_with(name) || word.starts_with("-h") || word.starts_with("--help");
  });
}

void describe_serve(CLI::App& app, command_line& into, words given) {
  serve_arguments& arguments = into.serve;
  auto* serving = app.add_subcommand("serve", "Serve the demo routes, or a site made from a log");
  const auto add = [&](const char* name, auto& value, const char* help) {
    return may_be_given(name, given) ? serving->add_option(name, value, help) : nullptr;
  };
  add("--config", arguments.config,
      "JSON file with settings; options win over it. SIGHUP has it read again");
  for (const setting& each : tacit::server::settings()) {
    if (each.is_option && may_be_given(each.option(), given)) {
      arguments.given.emplace_back(&each, std::nullopt);
    }
  }
  for (auto& [which, text] : arguments.given) {
    serving->add_option(which->option(), text, tacit::server::help_of(*which))
        ->type_name(which->takes == setting::kind::number ? "N" : "TEXT");
  }
  add("--site", arguments.site, "serve a site made from this access log in combined format");
  if (auto* limit = add("--body-limit", arguments.body_limit,
                        "with --site: no body is longer than this many bytes")) {
    limit->check(CLI::NonNegativeNumber);
  }
  if (auto* live =
          add("--churn-live-mb", arguments.churn_live_mb,
              "keep so many MB of sessions, of which each request for /churn replaces one (0)")) {
    live->check(CLI::Range(std::uint64_t{0}, tacit::server::live_set::mb_max));
  }
  add("--record", arguments.record,
      "append requests to this file, in GoReplay's format, for tacit-bench replay");
}

void describe_healthcheck(CLI::App& app, command_line& into, words /*given*/) {
  into.checking =
      app.add_subcommand("healthcheck", "Exit with 0 if the URL answers 200, else with 1");
  into.checking->add_option("url", into.url, "http://ADDRESS:PORT/PATH")->capture_default_str();
}

void describe_config(CLI::App& app, command_line& into, words /*given*/) {
  auto* config = app.add_subcommand("config", "Check a config file, or tell what it may hold");
  config->require_subcommand(1);
  into.config_check =
      config->add_subcommand("check", "Exit with 0 if serve would take the file, else with 2");
  into.config_check->add_option("file", into.config_file, "the JSON file")->required();
  into.reference = config->add_subcommand("reference", "Print all keys, in Markdown");
  into.reference->add_flag("--man", into.as_manual, "as a manual page instead");
  into.schema = config->add_subcommand("schema", "Print the JSON schema, for editors");
}

struct command {
  std::string_view name;
  void (*describe)(CLI::App&, command_line&, words);
};

constexpr std::array commands{command{"serve", describe_serve},
                              command{"healthcheck", describe_healthcheck},
                              command{"config", describe_config}};

// The one that is named; all of them where none is.
void describe_commands(CLI::App& app, command_line& into, words given) {
  const std::string_view name = given.size() > 1 ? given[1] : "";
  const auto is_named = [&](const command& each) { return each.name == name; };
  const bool takes_all = std::none_of(commands.begin(), commands.end(), is_named);
  for (const command& each : commands) {
    if (takes_all || is_named(each)) each.describe(app, into, given);
  }
}

// CLI11 would only say that a subcommand is missing.
std::optional<failure> unknown_command(CLI::App& among, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return std::nullopt;
  std::string known;
  for (CLI::App* each : among.get_subcommands({})) {
    if (each->check_name(argv[1])) return unknown_command(*each, argc - 1, argv + 1);
    known += (known.empty() ? "" : ", ") + each->get_name();
  }
  if (known.empty()) return std::nullopt;
  return failure{"unknown command '" + std::string(argv[1]) + "'; there are: " + known, true};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Tacit: an HTTP service runtime", "tacit"};
  app.set_version_flag("--version", "tacit " TACIT_VERSION);
  app.require_subcommand(1);
  command_line given;
  describe_commands(app, given, {argv, static_cast<std::size_t>(argc)});

  if (const auto problem = unknown_command(app, argc, argv)) return report(*problem);
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
  if (is_parsed(given.checking)) {
    const auto problem = tacit::server::check_health(given.url);
    return problem ? report(*problem) : 0;
  }
  if (is_parsed(given.config_check)) return check_config(given.config_file);
  if (is_parsed(given.reference)) {
    return print(given.as_manual ? tacit::server::config_manual()
                                 : tacit::server::config_reference());
  }
  if (is_parsed(given.schema)) return print(tacit::server::config_schema());
  return serve(given.serve);
}
