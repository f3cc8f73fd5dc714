#include <tacit/http/compression.hpp>

#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <random>
#include <stdexcept>
#include <thread>

#include "http/asked_server.hpp"
#include "http/compressors.hpp"

namespace tacit::http {
namespace {

// Decodes by the libraries' own decoders; empty if it is not one whole, proper body.
std::string decode(content_coding coding, const std::string& coded) {
  std::string plain(8 << 20, '\0');
  std::size_t size = plain.size();
  auto* const to = reinterpret_cast<unsigned char*>(plain.data());
  auto* const from = reinterpret_cast<const unsigned char*>(coded.data());
  if (coding == content_coding::brotli) {
    if (BrotliDecoderDecompress(coded.size(), from, &size, to) != BROTLI_DECODER_RESULT_SUCCESS)
      return {};
  } else if (coding == content_coding::zstd) {
    size = ZSTD_decompress(plain.data(), plain.size(), coded.data(), coded.size());
    if (ZSTD_isError(size)) return {};
  } else {
    z_stream state{};
    inflateInit2(&state, 31);
    state.next_in = const_cast<unsigned char*>(from);  // NOLINT: zlib's interface.
    state.avail_in = static_cast<unsigned>(coded.size());
    state.next_out = to;
    state.avail_out = static_cast<unsigned>(plain.size());
    const bool is_whole = inflate(&state, Z_FINISH) == Z_STREAM_END && state.avail_in == 0;
    size = state.total_out;
    inflateEnd(&state);
    if (!is_whole) return {};
  }
  plain.resize(size);
  return plain;
}

constexpr content_coding all_codings[] = {content_coding::zstd, content_coding::brotli,
                                          content_coding::gzip};

std::string some_text(std::size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i)
    text += "line " + std::to_string(i) + " of a text that compresses well\n";
  text.resize(bytes);
  return text;
}

class compression_test : public testing::TestWithParam<memory::mode> {
 protected:
  support::asked_server server{GetParam()};
  std::string sent = some_text(20'000);

  void use(const compression_options& with = {}) { server.routes.use(compression(with)); }
  void serve(const std::string& path, const std::string& body, const std::string& type,
             const std::string& field = {}, const std::string& value = {}) {
    server.routes.get(path, [=](context& c) {
      c.body(body, type);
      if (!field.empty()) c.set(field, value);
    });
  }
  support::answer_text ask(const std::string& path, const std::string& accepted) {
    return server.ask("GET " + path, "Accept-Encoding: " + accepted + "\r\n");
  }
};
INSTANTIATE_TEST_SUITE_P(memory, compression_test,
                         testing::Values(memory::mode::arena, memory::mode::heap),
                         [](const auto& each) { return std::string(to_string(each.param)); });

TEST_P(compression_test, sends_what_decodes_to_the_body) {
  use();
  serve("/x", sent, "text/plain; charset=utf-8");
  for (const content_coding coding : all_codings) {
    for (int again = 0; again < 3; ++again) {
      const auto answer = ask("/x", std::string(to_string(coding)));
      EXPECT_EQ(answer.field("Content-Encoding"), to_string(coding));
      EXPECT_EQ(answer.field("Content-Length"), std::to_string(answer.body.size()));
      EXPECT_EQ(answer.field("Vary"), "Accept-Encoding");
      EXPECT_LT(answer.body.size(), sent.size() / 5);
      EXPECT_EQ(decode(coding, answer.body), sent);
    }
  }
}

// What is in the chunks, if they come to their end.
std::string join_chunks(std::string_view body) {
  std::string joined;
  for (;;) {
    const std::size_t bytes = std::stoul(std::string(body.substr(0, body.find('\r'))), nullptr, 16);
    body.remove_prefix(body.find('\n') + 1);
    if (bytes == 0) return body == "\r\n" ? joined : "no end";
    joined += body.substr(0, bytes);
    body.remove_prefix(bytes + 2);
  }
}

sched::task<> write_in_pieces(context& c) {
  const std::string text = some_text(20'000);
  base::error_code failed = co_await c.start_stream("text/plain", text.size());
  for (std::size_t at = 0; !failed && at < text.size(); at += 3000) {
    failed = co_await c.write(std::string_view(text).substr(at, 3000));
    if (!failed && at == 6000) failed = co_await c.flush();
  }
  if (failed) c.trailer("X-Failed", failed.message());
}

TEST_P(compression_test, codes_what_is_written_piece_by_piece) {
  use();
  std::uint64_t told = 0;
  middleware counting;
  counting.answered = [&](const context&, std::uint64_t body_bytes) { told = body_bytes; };
  server.routes.use(counting);
  server.routes.get("/x", write_in_pieces);
  for (const content_coding coding : all_codings) {
    const auto answer = ask("/x", std::string(to_string(coding)));
    EXPECT_EQ(answer.field("Content-Encoding"), to_string(coding));
    EXPECT_EQ(answer.field("Content-Length"), "-");
    const std::string coded = join_chunks(answer.body);
    EXPECT_LT(coded.size(), sent.size() / 4);
    EXPECT_EQ(decode(coding, coded), sent) << to_string(coding);
    EXPECT_EQ(told, coded.size());
  }
  const auto plain = ask("/x", "identity");
  EXPECT_EQ(plain.field("Content-Length"), std::to_string(sent.size()));
  EXPECT_EQ(plain.body, sent);
  EXPECT_EQ(told, sent.size());
}

TEST_P(compression_test, leaves_alone_what_is_not_worth_it_or_not_allowed) {
  use();
  std::mt19937 random(7);
  std::string noise;
  while (noise.size() < 5000)
    noise += static_cast<char>(random());
  serve("/small", some_text(1023), "text/plain");
  serve("/huge", some_text(512 * 1024 + 1), "text/plain");
  serve("/image", sent, "image/png");
  serve("/untyped", sent, "");
  serve("/noise", noise, "text/plain");
  serve("/coded", sent, "text/plain", "Content-Encoding", "gzip");
  serve("/secret", sent, "text/plain", "Cache-Control", "private, No-Transform");
  serve("/range", sent, "text/plain", "Content-Range", "bytes 0-1/2");
  const std::pair<std::string, std::string> cases[] = {
      {"/small", "-"}, {"/huge", "-"},     {"/image", "-"},  {"/untyped", "-"},
      {"/noise", "-"}, {"/coded", "gzip"}, {"/secret", "-"}, {"/range", "-"}};
  for (const auto& [path, coding] : cases) {
    const auto answer = ask(path, "gzip, br, zstd");
    EXPECT_EQ(answer.status(), "200") << path;
    EXPECT_EQ(answer.field("Content-Encoding"), coding) << path;
  }
  EXPECT_EQ(ask("/large", "gzip").field("Content-Encoding"), "-") << "from a source";
}

TEST_P(compression_test, answers_head_as_it_is_but_for_vary) {
  use();
  serve("/x", sent, "text/plain");
  const auto answer = server.ask("HEAD /x", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(answer.field("Content-Encoding"), "-");
  EXPECT_EQ(answer.field("Vary"), "Accept-Encoding");
  EXPECT_EQ(answer.body, "");
}

TEST_P(compression_test, says_vary_also_where_nothing_was_asked_for) {
  use();
  serve("/x", sent, "application/ld+json", "Vary", "Origin");
  const auto answer = server.ask("GET /x");
  EXPECT_EQ(answer.body, sent);
  EXPECT_EQ(answer.field("Vary"), "Origin, Accept-Encoding");
}

TEST_P(compression_test, makes_a_strong_etag_weak) {
  use();
  serve("/strong", sent, "text/html", "ETag", "\"a\"");
  serve("/weak", sent, "text/html", "ETag", "W/\"a\"");
  EXPECT_EQ(ask("/strong", "gzip").field("ETag"), "W/\"a\"");
  EXPECT_EQ(ask("/weak", "gzip").field("ETag"), "W/\"a\"");
  EXPECT_EQ(ask("/strong", "identity").field("ETag"), "\"a\"");
}

TEST_P(compression_test, takes_no_more_compressors_than_it_may) {
  use({.compressors_max = 0});
  serve("/x", sent, "text/plain");
  const auto answer = ask("/x", "gzip");
  EXPECT_EQ(answer.field("Content-Encoding"), "-");
  EXPECT_EQ(answer.body, sent);
}

TEST(compression, refuses_levels_that_there_are_not) {
  EXPECT_THROW(static_cast<void>(compression({.gzip_level = 10})), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(compression({.zstd_level = -1})), std::invalid_argument);
}

// How Accept-Encoding is read is the specification of content_coding.
TEST(compressors, choose_the_fastest_that_is_accepted_and_offered) {
  const auto choose = [](std::string_view accepted, const compression_options& with = {}) {
    request asked(*std::pmr::new_delete_resource());
    asked.fields.push_back({"accept-encoding", accepted});
    return std::string(to_string(compressors(with).choose({asked, fastest_first})));
  };
  EXPECT_EQ(choose(""), "identity");
  EXPECT_EQ(choose("gzip, deflate, br, zstd"), "zstd");
  EXPECT_EQ(choose("gzip, deflate, br"), "br");
  EXPECT_EQ(choose("gzip, deflate, br", {.brotli_quality = 0}), "gzip");
  EXPECT_EQ(choose("*"), "zstd");
  EXPECT_EQ(choose("*;q=0.5, gzip;q=0.6"), "gzip");
  EXPECT_EQ(choose("br;q=0.5, gzip;q=0.8 , zstd;q=0.7"), "gzip");
  EXPECT_EQ(choose("br;q=0.5, gzip;q=0.8 , zstd;q=0.7", {.gzip_level = 0}), "zstd");
  EXPECT_EQ(choose("gzip;q=0.2,identity;q=0.5"), "identity");
  EXPECT_EQ(choose("identity;q=0, gzip;q=0.1"), "gzip");
  EXPECT_EQ(choose("compress, deflate"), "identity");
}

class encoder_test : public testing::TestWithParam<content_coding> {};
INSTANTIATE_TEST_SUITE_P(codings, encoder_test, testing::ValuesIn(all_codings),
                         [](const auto& each) { return std::string(to_string(each.param)); });

std::string drain(body_encoder& encoder, std::string_view input, body_encoder::flush how) {
  std::string given;
  for (;;) {
    const std::string_view piece = encoder.encode(input, how);
    if (piece.empty() && input.empty()) return given;
    given += piece;
  }
}

TEST_P(encoder_test, codes_any_pieces_with_any_flushes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  compressors all{compression_options{}};
  for (int round = 0; round < 20; ++round) {
    encoder_lease encoder = all.start(GetParam(), std::nullopt);
    ASSERT_TRUE(encoder);
    std::string sent, coded;
    for (unsigned pieces = random() % 20; pieces > 0; --pieces) {
      std::string piece = some_text(random() % 3 == 0 ? random() % 100'000 : random() % 100);
      for (char& each : piece) {
        if (random() % 4 == 0) each = static_cast<char>(random());
      }
      sent += piece;
      coded += drain(*encoder, piece,
                     random() % 3 == 0 ? body_encoder::flush::now : body_encoder::flush::none);
    }
    coded += drain(*encoder, {}, body_encoder::flush::end);
    ASSERT_EQ(drain(*encoder, {}, body_encoder::flush::end), "")
        << "after the end there is nothing";
    ASSERT_EQ(decode(GetParam(), coded), sent);
  }
}

TEST_P(encoder_test, that_is_given_up_half_way_serves_the_next_answer) {
  compressors all{compression_options{}};
  const std::string text = some_text(50'000);
  for (int i = 0; i < 5; ++i) {
    drain(*all.start(GetParam(), std::nullopt), text, body_encoder::flush::none);
    encoder_lease encoder = all.start(GetParam(), text.size());
    EXPECT_EQ(decode(GetParam(), drain(*encoder, text, body_encoder::flush::end)), text);
  }
}

TEST_P(encoder_test, comes_back_to_the_limit_from_any_thread) {
  compressors all{compression_options{.compressors_max = 2}};
  encoder_lease first = all.start(GetParam(), std::nullopt);
  encoder_lease second = all.start(GetParam(), std::nullopt);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(all.start(GetParam(), std::nullopt));
  std::thread([lease = std::move(second)] {}).join();
  EXPECT_TRUE(all.start(GetParam(), std::nullopt));
}

}  // namespace
}  // namespace tacit::http
