// bench-sched from outside, with shell scripts for contenders.

#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::bench {
namespace {

support::finished bench_sched(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), TACIT_BENCH_SCHED);
  return support::run(std::move(arguments));
}

/// A folder of contenders that each do what a line of shell says.
class bench_sched_test : public testing::Test {
 protected:
  void add(const std::string& name, const std::string& script) {
    const std::filesystem::path path =
        programs_.write(name, "#!/bin/sh\necho " + name + " $* >>" + turns_path() + "\n" + script);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }

  static std::string printing(const std::string& name, const std::string& ns,
                              const std::string& check = "ok") {
    return R"(echo '{"contender":")" + name + R"(","shape":"'$1'","size":39,"operations":10,)" +
           R"("seconds":1,"ns_per_operation":)" + ns + R"(,"check":")" + check + "\"}'\n";
  }

  support::finished run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--programs", programs_.path().string()});
    return bench_sched(std::move(arguments));
  }

  std::string turns_path() { return output_.file("turns"); }

  std::string turns() {
    std::ifstream in(turns_path());
    return {std::istreambuf_iterator<char>(in), {}};
  }

  support::temporary_folder programs_;
  support::temporary_folder output_;
};

TEST_F(bench_sched_test, contenders_take_turns_round_by_round) {
  add("tacit", printing("tacit", "10"));
  add("tbb", printing("tbb", "20"));
  const auto result = run({"--shapes", "fib", "--contenders", "tacit,tbb", "--rounds", "2"});
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_EQ(turns(),
            "tacit fib --workers 2\ntbb fib --workers 2\n"
            "tacit fib --workers 2\ntbb fib --workers 2\n");
  EXPECT_NE(result.output.find("0.500 (0.500 to 0.500)"), std::string::npos) << result.output;
}

TEST_F(bench_sched_test, a_contender_that_is_not_built_is_skipped_by_name) {
  add("tbb", printing("tbb", "20"));
  const auto result = run({"--shapes", "fib", "--contenders", "go,tbb", "--rounds", "1"});
  EXPECT_EQ(result.status, 0) << result.errors;
  EXPECT_NE(result.output.find("Skipped: go: there is no "), std::string::npos) << result.output;
}

TEST_F(bench_sched_test, a_wrong_result_and_a_crash_are_named_and_the_others_go_on) {
  add("tacit", printing("tacit", "10", "wrong") + "exit 1\n");
  add("tbb", "echo out of tasks >&2\nkill -9 $$\n");
  add("go", printing("go", "30"));
  const auto json = output_.file("out.json");
  const auto result = run({"--shapes", "fib", "--rounds", "1", "--json", json});
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.output.find("Failed: tacit fib: the result is wrong\n"), std::string::npos);
  EXPECT_NE(result.output.find("Failed: tbb fib: killed by signal 9, it said: out of tasks\n"),
            std::string::npos)
      << result.output;
  std::ifstream file(json);
  const auto document = nlohmann::json::parse(file);
  EXPECT_EQ(document["failures"].size(), 2u);
  EXPECT_EQ(document["shapes"][0]["contenders"][0]["name"], "go");
}

TEST_F(bench_sched_test, a_slow_contender_gets_a_smaller_size) {
  add("asio", printing("asio", "20"));
  EXPECT_EQ(run({"--shapes", "fib", "--contenders", "asio", "--rounds", "1"}).status, 0);
  EXPECT_EQ(turns().rfind("asio fib --workers 2 --size ", 0), 0u) << turns();
}

TEST_F(bench_sched_test, nothing_to_run_is_a_failure) {
  EXPECT_EQ(run({"--shapes", "fib"}).status, 1);
}

TEST(bench_sched, wrong_usage_is_one_line_and_status_2) {
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--rounds", "0"},
                                                {"--shapes", "fob"},
                                                {"--contenders", "java"},
                                                {"--fast"},
                                                {"fib"}}) {
    const auto result = bench_sched(wrong);
    EXPECT_EQ(result.status, 2) << wrong.front();
    EXPECT_EQ(result.output, "");
    EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
  }
}

}  // namespace
}  // namespace tacit::bench
