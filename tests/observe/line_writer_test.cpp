#include <tacit/observe/line_writer.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace tacit::observe {
namespace {

struct line_writer_test : testing::Test {
  const std::string file = testing::TempDir() + "lines-" + std::to_string(::getpid());
  ~line_writer_test() override { std::filesystem::remove(file); }

  std::vector<std::string> lines() const {
    std::ifstream in(file);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);)
      all.push_back(line);
    return all;
  }
};

TEST_F(line_writer_test, writes_what_waits_before_it_ends_and_appends) {
  {
    line_writer writer(file, 4096);
    EXPECT_TRUE(writer.write("one\n"));
    EXPECT_TRUE(writer.write("two\n"));
  }
  { EXPECT_TRUE(line_writer(file, 4096).write("three\n")); }
  EXPECT_EQ(lines(), (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(line_writer_test, writes_without_being_ended) {
  line_writer writer(file, 4096);
  for (int i = 0; i < 20; ++i) {
    const auto before = std::filesystem::file_size(file);
    EXPECT_TRUE(writer.write("a line\n"));
    while (std::filesystem::file_size(file) == before)
      std::this_thread::yield();
  }
}

TEST_F(line_writer_test, loses_no_line_of_many_threads_and_keeps_their_order) {
  constexpr int threads = 12;
  constexpr int each_writes = 5'000;
  std::uint64_t dropped = 0;
  {
    line_writer writer(file, 1 << 20);
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t) {
      all.emplace_back([&, t] {
        for (int i = 0; i < each_writes; ++i)
          writer.write(std::to_string(t) + " " + std::to_string(i) + "\n");
      });
    }
    for (auto& each : all)
      each.join();
    dropped = writer.dropped();
  }
  const auto written = lines();
  EXPECT_EQ(written.size() + dropped, std::size_t{threads} * each_writes);
  std::map<int, int> last;
  for (const auto& line : written) {
    const auto space = line.find(' ');
    ASSERT_NE(space, std::string::npos) << "torn: " << line;
    const int from = std::stoi(line);
    const int number = std::stoi(line.substr(space));
    ASSERT_TRUE(!last.contains(from) || last[from] < number) << line;
    last[from] = number;
  }
}

TEST_F(line_writer_test, drops_and_counts_what_nobody_takes_and_still_ends) {
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  const int reader = ::open(file.c_str(), O_RDWR);  // Who never reads, but lets it be opened.
  ASSERT_GE(reader, 0);
  {
    line_writer writer(file, 64 * 1024);
    const std::string line(999, 'x');
    int refused = 0;
    for (int i = 0; i < 1000; ++i)
      refused += writer.write(line + "\n") ? 0 : 1;
    EXPECT_GT(refused, 500) << "a pipe takes 64 KiB, and the queue as much";
    EXPECT_GE(writer.dropped(), static_cast<std::uint64_t>(refused));
  }
  ::close(reader);
}

TEST_F(line_writer_test, says_which_file_cannot_be_opened) {
  try {
    line_writer writer("/nowhere/lines", 4096);
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere/lines"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace tacit::observe
