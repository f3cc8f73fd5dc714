// Every input that was ever of interest, replayed: what fuzzing found stays found.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz/targets.hpp"

namespace tacit::fuzz {
namespace {

std::vector<std::filesystem::path> files_of(const std::string& target) {
  std::vector<std::filesystem::path> files;
  for (const auto& each : std::filesystem::directory_iterator(TACIT_FUZZ_CORPUS "/" + target))
    files.push_back(each.path());
  std::sort(files.begin(), files.end());
  return files;
}

void replay(const std::string& target, void (*function)(input)) {
  const auto files = files_of(target);
  ASSERT_GE(files.size(), 12U);
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    // Of the exact size, so that AddressSanitizer sees a byte too far.
    const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
    try {
      function(bytes);
    } catch (const std::exception& error) {
      ADD_FAILURE() << file.string() << ": " << error.what();
    }
  }
}

TEST(fuzz_corpus, parser_holds) {
  replay("parser", fuzz_parser);
}
TEST(fuzz_corpus, chunked_holds) {
  replay("chunked", fuzz_chunked);
}
TEST(fuzz_corpus, router_holds) {
  replay("router", fuzz_router);
}
TEST(fuzz_corpus, range_holds) {
  replay("range", fuzz_range);
}
TEST(fuzz_corpus, config_holds) {
  replay("config", fuzz_config);
}
TEST(fuzz_corpus, combined_log_holds) {
  replay("combined_log", fuzz_combined_log);
}

}  // namespace
}  // namespace tacit::fuzz
