#include "bench/contenders/contender.hpp"

#include <gtest/gtest.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <tacit/base/error.hpp>

#include "support/patience.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::bench::contenders {
namespace {

std::string failure_of(const std::string& json) {
  const support::temporary_folder folder;
  const auto path = folder.write("c.json", json);
  try {
    (void)read_descriptions(path);
  } catch (const base::failure& failure) {
    EXPECT_TRUE(failure.message.starts_with(path)) << failure.message;
    return failure.message.substr(std::min(failure.message.size(), path.size() + 2));
  }
  return "no failure";
}

TEST(contender_description, is_read_with_its_defaults) {
  const support::temporary_folder folder;
  const auto path = folder.write(
      "c.json", R"({"contenders":[{"name":"a","command":["x","{port}"],"env":{"K":"v"}}]})");
  const auto all = read_descriptions(path);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "a");
  EXPECT_EQ(all[0].command, (std::vector<std::string>{"x", "{port}"}));
  EXPECT_EQ(all[0].environment.at("K"), "v");
  EXPECT_EQ(all[0].ready_path, "/");
  EXPECT_EQ(all[0].origin, folder.path());
}

TEST(contender_description, mistakes_are_named_with_their_place) {
  EXPECT_EQ(failure_of("{"), "not JSON: error at byte 2");
  EXPECT_EQ(failure_of("[]"), "document: expected an object");
  EXPECT_EQ(failure_of("{}"), "document.contenders is missing: expected an array of contenders");
  EXPECT_EQ(failure_of(R"({"contenders":5})"),
            "document.contenders: expected an array of contenders");
  EXPECT_EQ(failure_of(R"({"contenders":[{"command":["x"]}]})"),
            "contenders[0].name is missing: expected a name");
  EXPECT_EQ(failure_of(R"({"contenders":[{"name":"a","command":"x"}]})"),
            "contenders[0].command: expected an array of strings");
  EXPECT_EQ(failure_of(R"({"contenders":[{"name":"a","command":[]}]})"),
            "contenders[0].command: expected at least the program");
  EXPECT_EQ(failure_of(R"({"contenders":[{"name":"a","command":["x"],"env":[1]}]})"),
            "contenders[0].env: expected an object of strings");
  EXPECT_EQ(failure_of(R"({"contenders":[{"name":"a","command":["x"],"ready_path":"x"}]})"),
            "contenders[0].ready_path: expected a path that starts with /");
  EXPECT_EQ(failure_of(R"({"contenders":[{"name":"a","command":["x"],"comand":["y"]}]})"),
            "contenders[0].comand is unknown: expected one of name, command, env, ready_path, cwd, "
            "templates, serves, target, needs, works_if, pause_log");
  const auto with_log = [](const std::string& log) {
    return failure_of(R"({"contenders":[{"name":"a","command":["x"],"pause_log":)" + log + "}]}");
  };
  EXPECT_EQ(with_log(R"({"format":"gclog","file":"f"})"),
            "contenders[0].pause_log.format: expected go_gctrace, jvm_unified or tacit");
  EXPECT_EQ(with_log(R"({"format":"tacit"})"),
            "contenders[0].pause_log: expected either file or path");
  EXPECT_EQ(with_log("5"), "contenders[0].pause_log: expected an object");
}

TEST(contender_description, says_what_it_needs_and_where_its_runtime_logs_pauses) {
  const support::temporary_folder folder;
  const auto path =
      folder.write("c.json", R"({"contenders":[{"name":"a","command":["x"],"needs":["{bin}/x"],
                    "works_if":["x","-v"],"pause_log":{"format":"jvm_unified","file":"{tmp}/l"}}]})");
  const auto all = read_descriptions(path);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].needs, std::vector<std::string>{"{bin}/x"});
  EXPECT_EQ(all[0].works_if, (std::vector<std::string>{"x", "-v"}));
  EXPECT_EQ(all[0].pause_log.format, formats::gc_log_format::jvm_unified);
  EXPECT_EQ(all[0].pause_log.file, "{tmp}/l");
}

TEST(contender_description, what_is_missing_is_named) {
  surroundings around;
  around.bin = "/nowhere";
  description what;
  what.command = {"sh"};
  EXPECT_EQ(missing_for(what, around), "");
  what.works_if = {"sh", "-c", "exit 3"};
  EXPECT_EQ(missing_for(what, around), "sh -c exit 3: exit status 3");
  what.works_if = {"sh", "-c", "exit 0"};
  EXPECT_EQ(missing_for(what, around), "");
  what.needs = {"{bin}/x"};
  EXPECT_EQ(missing_for(what, around), "/nowhere/x is not there");
  what.command = {"{bin}/server"};
  EXPECT_EQ(missing_for(what, around), "/nowhere/server is not there");
}

TEST(contender_description, the_published_examples_are_well_formed) {
  const std::string folder = TACIT_REPOSITORY "/bench/contenders/";
  const auto cells = read_descriptions(folder + "tacit.json");
  const auto built = built_in();
  ASSERT_EQ(cells.size(), 4u);  // The modes come first.
  ASSERT_GE(built.size(), cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    EXPECT_EQ(cells[i].name, built[i].name);
    EXPECT_EQ(cells[i].command, built[i].command);
    EXPECT_EQ(cells[i].ready_path, built[i].ready_path);
  }
  EXPECT_EQ(read_descriptions(folder + "nginx.json").size(), 1u);
  EXPECT_EQ(read_descriptions(folder + "go.json").size(), 2u);
  EXPECT_EQ(read_descriptions(folder + "java.json").size(), 3u);
  EXPECT_EQ(read_descriptions(folder + "raw_epoll.json").size(), 1u);
}

TEST(temporary_folder, is_gone_with_everything_in_it) {
  std::filesystem::path path;
  {
    const temporary_folder folder;
    path = folder.path();
    std::filesystem::create_directories(path / "a" / "b");
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

/// Whether a process is there, zombies not counted.
bool is_alive(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

TEST(process, stops_with_its_object_even_when_it_ignores_being_asked) {
  pid_t pid = 0;
  {
    const process stubborn{
        {{"sh", "-c", "trap '' TERM; while :; do sleep 1000; done"}, {}, "", "/dev/null", {}}};
    pid = stubborn.pid();
    EXPECT_TRUE(is_alive(pid));
  }
  EXPECT_FALSE(is_alive(pid));
}

TEST(process, stops_although_it_was_suspended) {
  process suspended{{{"sleep", "1000"}, {}, "", "/dev/null", {}}};
  ::kill(suspended.pid(), SIGSTOP);
  EXPECT_EQ(suspended.stop(), "killed by signal 15");
}

TEST(process, says_how_it_ended) {
  process failing{{{"sh", "-c", "exit 7"}, {}, "", "/dev/null", {}}};
  EXPECT_TRUE(support::eventually([&] { return failing.ending().has_value(); }));
  EXPECT_EQ(failing.ending(), "exit status 7");
}

TEST(process, a_missing_program_is_named) {
  try {
    const process none{{{"no-such-program-here"}, {}, "", "/dev/null", {}}};
    FAIL() << "no failure";
  } catch (const base::failure& failure) {
    EXPECT_EQ(failure.message, "no-such-program-here: there is no such program");
  }
}

TEST(contender, its_runtimes_log_is_read_from_its_file) {
  description what;
  what.name = "logs";
  what.command = {TACIT_RAW_EPOLL, "{port}"};
  what.ready_path = "/plaintext";
  what.templates = {{"{tmp}/gc.log", TACIT_REPOSITORY "/tests/bench/golden/gc_g1.log"}};
  what.pause_log = {formats::gc_log_format::jvm_unified, "{tmp}/gc.log", {}};
  const std::atomic<bool> stop = false;
  const contender started{what, {}, stop};
  const auto log = started.pause_log();
  ASSERT_TRUE(log);
  EXPECT_EQ(log->collector, "G1");
  EXPECT_EQ(log->stops(), 3u);
}

TEST(contender, a_server_that_ends_at_once_is_reported_with_its_last_words) {
  description what;
  what.name = "broken";
  what.command = {"sh", "-c", "echo port {port} is cursed >&2; exit 3"};
  const std::atomic<bool> stop = false;
  try {
    const contender started{what, {}, stop};
    FAIL() << "no failure";
  } catch (const base::failure& failure) {
    EXPECT_TRUE(failure.message.starts_with("broken: it ended at once (exit status 3): port "))
        << failure.message;
    EXPECT_TRUE(failure.message.ends_with(" is cursed")) << failure.message;
  }
}

TEST(contender, placeholders_templates_and_environment_reach_the_program) {
  const support::temporary_folder folder;
  const auto note = folder.write("note.in", "port={port} dir={dir} { kept }");
  description what;
  what.name = "raw";
  what.origin = folder.path();
  what.templates["{tmp}/note"] = "{dir}/note.in";
  what.environment["WHERE"] = "{dir}";
  what.command = {
      "sh", "-c",
      "cp {tmp}/note {dir}/copy; echo \"$WHERE\" > {dir}/where; exec {bin}/raw_epoll {port}"};
  what.ready_path = "/plaintext";
  surroundings around;
  around.bin = std::filesystem::path{TACIT_RAW_EPOLL}.parent_path();
  const std::atomic<bool> stop = false;
  const contender started{what, around, stop};
  const auto read = [&](const char* name) {
    std::ifstream file{folder.file(name)};
    std::string line;
    std::getline(file, line);
    return line;
  };
  EXPECT_EQ(read("copy"), "port=" + started.authority().substr(10) +
                              " dir=" + folder.path().string() + " { kept }");
  EXPECT_EQ(read("where"), folder.path().string());
}

TEST(cpu_plan, leaves_the_last_cpu_to_the_harness) {
  const auto plan = plan_cpus(1);
  if (plan.harness.empty()) GTEST_SKIP() << "there is one CPU only";
  EXPECT_EQ(plan.servers.size(), 1u);
  EXPECT_NE(plan.servers.front(), plan.harness.front());
  const auto many = plan_cpus(1'000);
  for (const int cpu : many.servers)
    EXPECT_NE(cpu, many.harness.front());
}

}  // namespace
}  // namespace tacit::bench::contenders
