#include "support/process.hpp"

#include <gtest/gtest.h>
#include <sys/types.h>
#include <csignal>
#include <stdexcept>

namespace tacit::support {
namespace {

TEST(process, captures_both_streams_and_the_exit_status) {
  const finished done = run({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(done.status, 3);
  EXPECT_EQ(done.output, "out\n");
  EXPECT_EQ(done.errors, "err\n");
}

TEST(process, awaits_a_line_that_comes_in_pieces) {
  process program({"/bin/sh", "-c", "echo first; printf 'listening '; echo 'on 1:2'; read x; cat"});
  EXPECT_EQ(program.await_line("listening on "), "1:2");
  EXPECT_EQ(program.wait(), 0);
}

TEST(process, says_what_stderr_held_when_the_line_never_comes) {
  process program({"/bin/sh", "-c", "echo no such luck >&2"});
  try {
    static_cast<void>(program.await_line("listening on "));
    FAIL() << "a line was found";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("no such luck"), std::string::npos);
  }
}

TEST(process, reports_the_signal_that_ended_the_program) {
  process program({"/bin/sh", "-c", "echo up; exec cat /dev/zero >/dev/null"});
  EXPECT_EQ(program.await_line("up"), "");
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), -SIGTERM);
}

TEST(process, reads_more_than_a_pipe_holds) {
  const finished done = run({"/bin/sh", "-c", "head -c 300000 /dev/zero"});
  EXPECT_EQ(done.status, 0);
  EXPECT_EQ(done.output.size(), 300000u);
}

TEST(process, destructor_ends_what_still_runs) {
  pid_t pid = 0;
  {
    process program({"/bin/sh", "-c", "echo up; exec cat /dev/zero >/dev/null"});
    EXPECT_EQ(program.await_line("up"), "");
    EXPECT_TRUE(program.running());
    pid = program.pid();
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(process, a_missing_program_is_exit_status_127) {
  EXPECT_EQ(run({"/nonexistent/program"}).status, 127);
}

}  // namespace
}  // namespace tacit::support
