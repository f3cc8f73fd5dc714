#include "bench/file_stream.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <atomic>
#include <tacit/base/error.hpp>

#include "bench/generate.hpp"
#include "bench/traffic_file.hpp"
#include "support/temporary_folder.hpp"

namespace tacit::bench {
namespace {

const expectations none{std::vector<std::string>{}};

struct streamed {
  std::vector<std::string> wires;
  std::vector<std::int64_t> times_ns;
  std::size_t blocks = 0;
  std::size_t largest = 0;
  stream_counts counts;
};

streamed read_all(const replay_options& options, const stream_bounds& bounds) {
  streamed out;
  const auto reader = open_stream(options, "h:1", none, out.counts, bounds);
  while (const auto block = reader->next()) {
    EXPECT_EQ(block->first, out.wires.size());
    for (std::uint64_t i = 0; i < block->source.size(); ++i)
      out.wires.emplace_back(block->at(block->first + i).wire);
    out.times_ns.insert(out.times_ns.end(), block->times_ns.begin(), block->times_ns.end());
    out.largest = std::max(out.largest, block->source.size());
    ++out.blocks;
  }
  return out;
}

void expect_same_as_whole(const replay_options& options, const stream_bounds& bounds) {
  const auto whole = read_traffic(options, "h:1", none);
  const auto parts = read_all(options, bounds);
  ASSERT_EQ(parts.wires.size(), whole.source.size());
  for (std::size_t i = 0; i < parts.wires.size(); ++i)
    ASSERT_EQ(parts.wires[i], whole.source.at(i).wire) << i;
  EXPECT_EQ(parts.times_ns, whole.times_ns.value_or(std::vector<std::int64_t>{}));
  EXPECT_EQ(parts.counts.requests, whole.source.size());
  EXPECT_EQ(parts.counts.left_out, whole.left_out);
  EXPECT_EQ(parts.counts.rejected.count, whole.rejected.count);
  EXPECT_EQ(parts.counts.late, 0u);
  EXPECT_GT(parts.blocks, 10u);
}

/// GoReplay's format with every third request a little behind its time, and some rubbish.
std::string gor_text(std::size_t requests) {
  std::string out;
  for (std::size_t i = 0; i < requests; ++i) {
    const auto time = 1'000'000 + (i % 3 == 0 ? i + 5 : i) * 1'000;
    out += "1 id " + std::to_string(time) + "\nPOST /" + std::to_string(i) +
           " HTTP/1.1\r\nContent-Length: 4\r\n\r\na\nb\n" +
           std::string{formats::gor_separator_line};
    out += i % 10 == 0 ? "\nrubbish\n" + std::string{formats::gor_separator_line} + "\n" : "\n";
  }
  return out;
}

TEST(file_stream, gives_what_the_whole_file_gives) {
  const support::temporary_folder folder;
  replay_options options;
  options.log_path = folder.write("some.log", generated_log(1'000, 1) + "nonsense\n\n");
  options.bodies = parse_body_sizes("1-50").value();
  options.filter.drop = {"/images/"};
  expect_same_as_whole(options, {16, 64});
  options = {};
  options.log_path = folder.write("some.gor", gor_text(500));
  expect_same_as_whole(options, {16, 20});
  options.log_path = folder.write("without_end.gor", gor_text(200).substr(0, 11'000));
  expect_same_as_whole(options, {8, 20});
}

TEST(file_stream, takes_targets_with_and_without_times) {
  const support::temporary_folder folder;
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += R"({"method":"GET","url":"http://x/)" + std::to_string(i) + "\"}\n";
  replay_options options;
  options.log_path = folder.write("targets.jsonl", text + "{}\n");
  expect_same_as_whole(options, {8, 20});
}

TEST(file_stream, counts_what_stands_too_far_behind_its_time) {
  const support::temporary_folder folder;
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += "1 id " + std::to_string(i == 90 ? 5 : i * 10) + "\nGET / HTTP/1.1\r\n\r\n\n" +
            std::string{formats::gor_separator_line} + "\n";
  }
  replay_options options;
  options.log_path = folder.write("late.gor", text);
  const auto parts = read_all(options, {8, 10});
  EXPECT_EQ(parts.wires.size(), 100u);
  EXPECT_EQ(parts.counts.late, 1u);
  EXPECT_TRUE(std::is_sorted(parts.times_ns.begin(), parts.times_ns.end()));
}

TEST(file_stream, skips_a_line_that_is_too_long) {
  const support::temporary_folder folder;
  replay_options options;
  options.log_path =
      folder.write("long.jsonl", "{\"method\":\"GET\",\"url\":\"/a\"}\n" + std::string(5'000, 'x') +
                                     "\n{\"method\":\"GET\",\"url\":\"/b\"}\n");
  const auto parts = read_all(options, {8, 10, 1'000});
  EXPECT_EQ(parts.wires.size(), 2u);
  ASSERT_EQ(parts.counts.rejected.count, 1u);
  EXPECT_EQ(parts.counts.rejected.listed[0].number, 2u);
}

TEST(file_stream, refuses_what_needs_the_whole_file) {
  const support::temporary_folder folder;
  replay_options options;
  stream_counts counts;
  options.log_path = folder.write("list.urls", "GET http://x/\n");
  EXPECT_THROW((void)open_stream(options, "h:1", none, counts), base::failure);
  options.log_path = folder.file("nobody.log");
  EXPECT_THROW((void)open_stream(options, "h:1", none, counts), base::failure);
}

/// Blocks of one request each, and how many of them live.
class counted_blocks final : public block_reader {
 public:
  explicit counted_blocks(std::uint64_t count) : count_{count} {}
  std::shared_ptr<request_block> next() override {
    if (made_ == count_) return nullptr;
    auto out = std::make_shared<request_block>("h:1");
    out->first = made_++;
    out->source.add({});
    return out;
  }
  std::uint64_t made() const { return made_; }

 private:
  const std::uint64_t count_;
  std::atomic<std::uint64_t> made_{0};
};

TEST(request_stream, gives_every_taker_every_block_and_reads_no_further_ahead_than_its_bound) {
  auto reader = std::make_unique<counted_blocks>(100);
  const auto& blocks = *reader;
  request_stream stream{std::move(reader), 2, 4};
  for (std::uint64_t i = 0; i < 100; ++i) {
    for (const unsigned taker : {0u, 1u}) {
      const auto block = stream.next(taker);
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(block->first, i);
      // What is in the window, and one that is about to be.
      EXPECT_LE(blocks.made(), i + 6);
    }
  }
  EXPECT_EQ(stream.next(0), nullptr);
  EXPECT_EQ(stream.next(1), nullptr);
}

TEST(request_stream, that_nobody_reads_to_its_end_can_be_destroyed) {
  request_stream stream{std::make_unique<counted_blocks>(1'000'000), 3, 2};
  EXPECT_NE(stream.next(0), nullptr);
}

}  // namespace
}  // namespace tacit::bench
