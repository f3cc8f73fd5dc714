#include "model/explore.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace tacit::model {
namespace {

/// Where the time for an exploration went is of interest when it is too long.
void record(const outcome& found) {
  testing::Test::RecordProperty("runs", std::to_string(found.runs));
  testing::Test::RecordProperty("steps", std::to_string(found.steps));
  std::printf("             %llu runs, %llu steps\n", static_cast<unsigned long long>(found.runs),
              static_cast<unsigned long long>(found.steps));
}

std::string report(const failure& failed) {
  constexpr std::size_t lines_max = 300;
  std::string text = failed.what + '\n';
  const std::size_t lines = failed.trace.size();
  for (std::size_t i = lines - std::min(lines, lines_max); i < lines; ++i)
    text += "  " + failed.trace[i] + '\n';
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  text += "again: TACIT_MODEL_REPLAY=" + to_text(failed.decisions) +
          " build/model/tests/model/model_test --gtest_filter=" + test->test_suite_name() + '.' +
          test->name();
  return text;
}

}  // namespace

outcome explore(const search& how, const std::function<void()>& body) {
  outcome found;
  stage stacks;
  depth_first all(how.preemptions, how.stale_reads);
  sampling some(how.samples, how.seed);
  strategy& decides = how.samples == 0 ? static_cast<strategy&>(all) : some;
  while (decides.next_run()) {
    if (found.runs == how.runs_max) return found;
    ++found.runs;
    execution run(decides, how.steps_max, stacks, false);
    const auto what = run.run(body);
    found.steps += run.steps();
    if (what) {
      found.failed = repeat(how, run.decisions(), body).failed;
      if (!found.failed) throw std::logic_error("the body does not do the same again: " + *what);
      return found;
    }
  }
  found.complete = true;
  return found;
}

outcome repeat(const search& how, const schedule& decisions, const std::function<void()>& body) {
  outcome found;
  stage stacks;
  repetition same(decisions);
  same.next_run();
  execution run(same, how.steps_max, stacks, true);
  if (auto what = run.run(body)) found.failed = failure{*what, run.decisions(), run.trace()};
  found.runs = 1;
  found.steps = run.steps();
  return found;
}

void expect_holds(const search& how, const std::function<void()>& body) {
  if (const char* text = std::getenv("TACIT_MODEL_REPLAY")) {
    const outcome again = repeat(how, to_schedule(text), body);
    if (again.failed) ADD_FAILURE() << report(*again.failed);
    return;
  }
  search from = how;
  if (const char* text = std::getenv("TACIT_MODEL_SEED"))
    from.seed = std::strtoull(text, nullptr, 0);
  const outcome found = explore(from, body);
  record(found);
  if (found.failed) {
    if (how.samples != 0) ADD_FAILURE() << "seed " << from.seed;
    ADD_FAILURE() << "run " << found.runs << ": " << report(*found.failed);
  } else if (!found.complete) {
    ADD_FAILURE() << "not all was explored in " << found.runs << " runs";
  }
}

void expect_found(const search& how, std::string_view what, const std::function<void()>& body) {
  const outcome found = explore(how, body);
  record(found);
  if (!found.failed) {
    ADD_FAILURE() << "not found in " << found.runs << " runs: " << what;
  } else if (found.failed->what.find(what) == std::string::npos) {
    ADD_FAILURE() << "found something else than " << what << ": " << report(*found.failed);
  }
}

}  // namespace tacit::model

// What assert() calls: an assertion of the code under test is a failure of the run like any other.
extern "C" void __assert_fail(const char* what, const char* file, unsigned line,
                              const char*) noexcept {
  if (auto* run = tacit::model::execution::current()) {
    run->fail("assertion " + std::string(what) + " at " + file + ':' + std::to_string(line));
  }
  std::fprintf(stderr, "%s:%u: assertion %s\n", file, line, what);
  std::abort();
}
