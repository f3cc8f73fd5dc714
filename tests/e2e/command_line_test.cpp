// Bad input gets one clear line: what, where. Exit status 2 for a wrong request, 1 for a failure.

#include <elf.h>
#include <gtest/gtest.h>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "e2e/server_process.hpp"
#include "support/scripted_peer.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::e2e {
namespace {

using support::finished;
using support::run;
using support::temporary_folder;

constexpr int failure = 1;
constexpr int usage = 2;

/// Runs a program that must end with `status` and one line on stderr that holds each of `words`.
void expect_complaint(std::vector<std::string> arguments, int status,
                      const std::vector<std::string>& words) {
  std::string command;
  for (const std::string& argument : arguments)
    command += argument + " ";
  SCOPED_TRACE(command);
  const finished done = run(std::move(arguments));
  EXPECT_EQ(done.status, status);
  EXPECT_EQ(done.output, "");
  EXPECT_EQ(done.errors.find('\n'), done.errors.size() - 1) << done.errors;
  for (const std::string& word : words) {
    EXPECT_NE(done.errors.find(word), std::string::npos) << word << " is not in: " << done.errors;
  }
}

void expect_serve_complaint(std::vector<std::string> more, int status,
                            const std::vector<std::string>& words) {
  more.insert(more.begin(), {program(), "serve"});
  expect_complaint(std::move(more), status, words);
}

TEST(tacit_command_line, names_what_it_does_not_know) {
  expect_complaint({program(), "serv"}, usage, {"serv"});
  expect_complaint({program()}, usage, {"--help"});
  expect_serve_complaint({"--lisen", "127.0.0.1:0"}, usage, {"--lisen"});
  expect_serve_complaint({"--mode", "fiber"}, usage, {"--mode", "fiber"});
  expect_serve_complaint({"--memory", "pool"}, usage, {"--memory", "pool"});
  expect_serve_complaint({"--stealing", "maybe"}, usage, {"--stealing", "maybe", "on or off"});
  expect_serve_complaint({"--pause-recorder", "no"}, usage,
                         {"--pause-recorder", "no", "on or off"});
  expect_serve_complaint({"--debug-routes", "yes"}, usage, {"--debug-routes", "yes", "on or off"});
  expect_serve_complaint({"--stall-bound-ms", "-1"}, usage, {"--stall-bound-ms"});
  expect_serve_complaint({"surplus"}, usage, {"surplus"});
}

TEST(tacit_command_line, names_values_that_are_none) {
  for (const char* workers : {"-1", "many", "1.5", "99999999999"}) {
    expect_serve_complaint({"--workers", workers}, usage, {"--workers"});
  }
  for (const char* address :
       {"nonsense", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:x", ":"}) {
    expect_serve_complaint({"--listen", address}, usage,
                           {"listen", "'" + std::string(address) + "'"});
  }
  expect_serve_complaint({"--site", "x", "--body-limit", "-5"}, usage, {"--body-limit"});
  expect_serve_complaint({"--workers"}, usage, {"--workers"});
}

TEST(tacit_command_line, help_and_version_go_to_stdout) {
  for (const char* option : {"--help", "--version"}) {
    const finished done = run({program(), option});
    EXPECT_EQ(done.status, 0) << option;
    EXPECT_NE(done.output, "") << option;
    EXPECT_EQ(done.errors, "") << option;
  }
  const finished help = run({program(), "serve", "--help"});
  EXPECT_EQ(help.status, 0);
  for (const char* option :
       {"--config", "--listen", "--mode", "--memory", "--workers", "--site", "--body-limit"}) {
    EXPECT_NE(help.output.find(option), std::string::npos) << option;
  }
}

TEST(tacit_command_line, a_port_in_use_is_named) {
  const support::scripted_peer other(0, "");
  const std::string address = "127.0.0.1:" + std::to_string(other.port());
  for (const char* mode : {"coroutine", "thread"}) {
    expect_serve_complaint({"--listen", address, "--mode", mode}, failure, {address, "in use"});
  }
}

TEST(tacit_command_line, a_site_log_that_cannot_be_read_is_named) {
  const temporary_folder folder;
  const std::string absent = folder.file("absent.log");
  expect_serve_complaint({"--listen", "127.0.0.1:0", "--site", absent}, failure, {absent});
  expect_serve_complaint({"--listen", "127.0.0.1:0", "--site", folder.path()}, failure,
                         {folder.path()});
  const std::string empty = folder.write("empty.log", "not one line\nof a log\n");
  expect_serve_complaint({"--listen", "127.0.0.1:0", "--site", empty}, failure, {empty});
}

TEST(tacit_command_line, a_config_is_judged_by_file_and_key) {
  const temporary_folder folder;
  const std::string misspelt = folder.write("misspelt.json", R"({"lisen": "127.0.0.1:0"})");
  expect_serve_complaint({"--config", misspelt}, usage, {misspelt, "lisen"});
  const std::string mistyped = folder.write("mistyped.json", R"({"workers": "many"})");
  expect_serve_complaint({"--config", mistyped}, usage, {mistyped, "workers"});
  const std::string broken = folder.write("broken.json", "{\n  \"listen\": \n}");
  expect_serve_complaint({"--config", broken}, usage, {broken + ":3"});
  const std::string list = folder.write("list.json", "[]");
  expect_serve_complaint({"--config", list}, usage, {list});
  const std::string absent = folder.file("absent.json");
  expect_serve_complaint({"--config", absent}, failure, {absent});
  expect_serve_complaint({"--config", folder.path()}, failure, {folder.path()});
}

TEST(tacit_command_line, a_config_is_checked_in_the_words_of_serve) {
  const temporary_folder folder;
  const std::string good = folder.write("good.json", R"({"workers": 2})");
  const finished valid = run({TACIT_PROGRAM, "config", "check", good});
  EXPECT_EQ(valid.status, 0);
  EXPECT_EQ(valid.errors, "");
  for (const char* text : {R"({"lisen": "127.0.0.1:0"})", R"({"listen": "nowhere"})",
                           R"({"workers": 9999})", "[", ""}) {
    const std::string bad = folder.write("bad.json", text);
    const finished checked = run({TACIT_PROGRAM, "config", "check", bad});
    EXPECT_EQ(checked.status, usage) << text;
    EXPECT_EQ(checked.errors, run({TACIT_PROGRAM, "serve", "--config", bad}).errors) << text;
  }
  expect_complaint({TACIT_PROGRAM, "config", "check", folder.file("absent.json")}, usage,
                   {"absent"});
  expect_complaint({TACIT_PROGRAM, "config", "chek"}, usage, {"chek"});
  expect_complaint({TACIT_PROGRAM, "config"}, usage, {"--help"});
}

TEST(tacit_command_line, a_misspelt_limit_is_named_with_its_line) {
  const temporary_folder folder;
  const std::string misspelt =
      folder.write("limits.json", "{\n  \"limits\": {\n    \"fields_mx\": 5\n  }\n}");
  expect_serve_complaint({"--config", misspelt}, usage,
                         {misspelt + ":3", "fields_mx", "fields_max"});
}

TEST(tacit_command_line, a_config_is_followed_and_options_go_before_it) {
  const temporary_folder folder;
  const std::string config =
      folder.write("good.json", R"({"listen": "127.0.0.1:0", "mode": "thread", "memory": "heap"})");
  const server_process server({"coroutine", "arena"}, {"--config", config});
  EXPECT_EQ(server.runtime().at("mode"), "coroutine");

  support::process started({program(), "serve", "--config", config});
  const std::string address = started.await_line("listening on ");
  support::raw_client client(
      static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
  const auto runtime = nlohmann::json::parse(client.exchange(get_request("/debug/runtime")).body);
  EXPECT_EQ(runtime.at("mode"), "thread");
  EXPECT_EQ(runtime.at("memory"), "heap");
}

TEST(tacit_healthcheck, follows_the_server) {
  std::string url;
  {
    const server_process server({"coroutine", "arena"});
    url = "http://127.0.0.1:" + std::to_string(server.port());
    // Under an emulator the first answer may take longer than a health check waits.
    EXPECT_EQ(server.get("/healthz").status, 200);
    const finished good = run({program(), "healthcheck", url + "/healthz"});
    EXPECT_EQ(good.status, 0) << good.errors;
    expect_complaint({program(), "healthcheck", url + "/nowhere"}, failure, {"404"});
  }
  expect_complaint({program(), "healthcheck", url + "/healthz"}, failure, {url});
  expect_complaint({program(), "healthcheck", "nonsense"}, usage, {"nonsense"});
}

#ifdef TACIT_BENCH_PROGRAM

TEST(bench_command_line, names_what_it_does_not_know) {
  expect_complaint({TACIT_BENCH_PROGRAM, "walk"}, usage, {"walk"});
  expect_complaint({TACIT_BENCH_PROGRAM, "run"}, usage, {"URL"});
  expect_complaint({TACIT_BENCH_PROGRAM, "run", "http://127.0.0.1:1/", "--rat", "1"}, usage,
                   {"--rat"});
  for (const char* rate : {"fast", "0", "-1", "1e99"}) {
    expect_complaint({TACIT_BENCH_PROGRAM, "run", "http://127.0.0.1:1/", "--rate", rate}, usage,
                     {"--rate"});
  }
  for (const char* url :
       {"127.0.0.1:1", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/"}) {
    expect_complaint({TACIT_BENCH_PROGRAM, "run", url, "--rate", "10"}, usage, {url});
  }
}

TEST(bench_command_line, a_target_that_refuses_is_named_and_leaves_no_file) {
  const temporary_folder folder;
  std::uint16_t port = 0;
  {
    const support::scripted_peer gone(0, "");
    port = gone.port();
  }
  const std::string address = "127.0.0.1:" + std::to_string(port);
  expect_complaint({TACIT_BENCH_PROGRAM, "run", "http://" + address + "/", "--rate", "10",
                    "--duration", "1s", "--json", folder.file("result.json")},
                   failure, {address});
  EXPECT_TRUE(folder.empty());
}

TEST(bench_command_line, a_log_that_cannot_be_read_is_named) {
  const temporary_folder folder;
  const temporary_folder results;
  const std::string absent = folder.file("absent.log");
  const std::string garbage = folder.write("garbage.log", "not one line\nof a log\n");
  for (const std::string& log : {absent, folder.path().string(), garbage}) {
    expect_complaint({TACIT_BENCH_PROGRAM, "replay", log, "--target", "http://127.0.0.1:1",
                      "--json", results.file("result.json")},
                     failure, {log});
    expect_complaint(
        {TACIT_BENCH_PROGRAM, "compare", "--log", log, "--json", results.file("result.json")},
        failure, {log});
  }
  EXPECT_TRUE(results.empty());
}

TEST(bench_command_line, a_contenders_file_is_judged_by_file_and_key) {
  const temporary_folder folder;
  const std::string broken = folder.write("broken.json", "{\"contenders\": [");
  expect_complaint({TACIT_BENCH_PROGRAM, "compare", "--contenders", broken}, failure, {broken});
  const std::string misspelt =
      folder.write("misspelt.json", R"({"contenders": [{"nam": "x", "command": ["x"]}]})");
  expect_complaint({TACIT_BENCH_PROGRAM, "compare", "--contenders", misspelt}, failure,
                   {misspelt, "nam"});
}

TEST(bench_command_line, counts_the_requests_that_the_server_counts) {
  const temporary_folder folder;
  const server_process server({"coroutine", "arena"});
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/plaintext";
  const long before = server.runtime().at("requests");
  const finished done = run({TACIT_BENCH_PROGRAM, "run", url, "--rate", "1000", "--connections",
                             "4", "--duration", "1s", "--json", folder.file("result.json")});
  // A machine that is too busy makes the run invalid (3); the counts hold all the same.
  EXPECT_TRUE(done.status == 0 || done.status == 3) << done.errors;
  const long after = server.runtime().at("requests");
  EXPECT_GE(after - before, 1000);
  EXPECT_TRUE(std::filesystem::exists(folder.file("result.json")));
}

#endif

// Without, the first exception sorts all tables: 3 ms in which its thread answers nobody.
TEST(executable, has_an_index_of_its_unwind_tables_if_it_is_static) {
  std::ifstream file(program(), std::ios::binary);
  Elf64_Ehdr head{};
  ASSERT_TRUE(file.read(reinterpret_cast<char*>(&head), sizeof head));
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) GTEST_SKIP() << "a script stands in for it";
  std::set<Elf64_Word> segments;
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr segment{};
    file.seekg(static_cast<std::streamoff>(head.e_phoff + i * head.e_phentsize));
    ASSERT_TRUE(file.read(reinterpret_cast<char*>(&segment), sizeof segment));
    segments.insert(segment.p_type);
  }
  if (segments.contains(PT_INTERP)) GTEST_SKIP() << "it is linked dynamically";
  EXPECT_TRUE(segments.contains(PT_GNU_EH_FRAME));
}

}  // namespace
}  // namespace tacit::e2e
