#include "bench/connections.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <tacit/base/error.hpp>

#include "bench/contenders/process.hpp"
#include "bench/driver.hpp"
#include "bench/expectations.hpp"
#include "scripted_server.hpp"

namespace tacit::bench {
namespace {

constexpr std::int64_t second = 1'000'000'000;

/// `count` requests in a closed loop (or by `when`) against a scripted server.
struct press {
  explicit press(scripted_server::script answers) : server{std::move(answers)} {}

  const scripted_server server;
  const endpoint address = server.address();
  traffic_source traffic{server.authority()};
  schedule when = schedule::saturating();
  std::uint64_t count = 1'000;
  driver_settings settings{4, 1, 1};
  std::int64_t timeout_ns = 30 * second;
  std::atomic<bool> stop{false};

  phase_result go() {
    if (traffic.size() == 0) traffic.add({"GET", "/x"}, {200, 5});
    driver connected{address, settings, timeout_ns, stop};
    load phase{&traffic, &when};
    phase.requests_max = count;
    phase.timeout_ns = timeout_ns;
    return connected.run(phase);
  }
};

std::uint64_t errors_of(const phase_result& result, error_kind kind) {
  return result.recorded.counts.errors[static_cast<std::size_t>(kind)];
}

sockaddr_storage from_address(const char* text) {
  sockaddr_storage out{};
  out.ss_family = AF_INET;
  ::inet_pton(AF_INET, text, &reinterpret_cast<sockaddr_in*>(&out)->sin_addr);
  return out;
}

void expect_all_answered(const phase_result& result, std::uint64_t count) {
  const auto& counts = result.recorded.counts;
  EXPECT_EQ(counts.due, count);
  EXPECT_EQ(counts.sent, count);
  EXPECT_EQ(counts.answered, count);
  EXPECT_EQ(counts.failed, 0u);
  EXPECT_EQ(counts.errors_total(), 0u)
      << (result.recorded.examples().empty() ? "" : result.recorded.examples().front());
  EXPECT_EQ(result.recorded.latency().count(), count);
  EXPECT_EQ(result.recorded.service_time().count(), count);
  EXPECT_EQ(result.recorded.schedule_lag().count(), count);
}

TEST(connections, a_closed_loop_sends_every_request_once) {
  press p{[](const auto&, auto) { return reply{ok("hello")}; }};
  expect_all_answered(p.go(), 1'000);
  EXPECT_EQ(p.server.requests(), 1'000u);
  EXPECT_EQ(p.server.connections(), 4u);
}

TEST(connections, a_deep_pipeline_sends_every_request_once) {
  press p{[](const auto&, auto) { return reply{ok("hello")}; }};
  p.settings = {3, 16, 1};
  p.count = 5'000;
  expect_all_answered(p.go(), 5'000);
  EXPECT_EQ(p.server.requests(), 5'000u);
}

TEST(connections, a_connection_that_is_used_up_is_opened_anew) {
  for (const bool by_reset : {false, true}) {
    for (const unsigned pipeline : {1u, 4u}) {
      press p{[](const auto&, auto) { return reply{ok("hello")}; }};
      p.settings = {4, pipeline, 1, {10, by_reset}};
      const auto result = p.go();
      expect_all_answered(result, 1'000);
      EXPECT_GE(result.recorded.counts.retired, 96u);
      EXPECT_EQ(result.recorded.counts.reconnects, 0u);
      EXPECT_GE(p.server.connections(), 100u);
    }
  }
}

TEST(connections, that_are_used_up_keep_an_open_loop_complete) {
  press p{[](const auto&, auto) { return reply{ok("hello")}; }};
  p.when = schedule::poisson(20'000, 6);
  p.settings = {4, 2, 1, {3, true}};
  expect_all_answered(p.go(), 1'000);
}

TEST(connections, are_opened_no_faster_than_asked) {
  press p{[](const auto&, auto) { return reply{ok("hello")}; }};
  p.settings.policy.requests_max = 1;
  p.settings.policy.connects_per_s_max = 1'000;
  p.count = 50;
  const auto result = p.go();
  expect_all_answered(result, 50);
  // Four of the fifty connections were there before the run.
  EXPECT_GE(result.elapsed_s(), 0.045);
}

TEST(connections, come_from_the_addresses_asked_for) {
  press p{[](const auto&, auto) { return reply{ok("hello")}; }};
  p.settings.policy.sources = {from_address("127.0.0.2"), from_address("127.0.0.3")};
  expect_all_answered(p.go(), 1'000);
  // 192.0.2.1 (RFC 5737) is nobody's address.
  p.settings.policy.sources = {from_address("192.0.2.1")};
  EXPECT_THROW((void)p.go(), base::failure);
}

TEST(connections, an_open_loop_sends_what_is_due) {
  press p{[](const auto&, auto) { return reply{ok("hello")}; }};
  p.when = schedule::poisson(20'000, 5);
  p.settings = {4, 4, 1};
  expect_all_answered(p.go(), 1'000);
}

TEST(connections, threads_share_one_schedule) {
  press p{[](const auto&, auto) { return reply{ok("hello")}; }};
  p.when = schedule::constant(20'000);
  p.settings = {5, 2, 3};
  p.count = 1'001;
  expect_all_answered(p.go(), 1'001);
  EXPECT_EQ(p.server.requests(), 1'001u);
  EXPECT_EQ(p.server.connections(), 5u);
}

TEST(connections, requests_go_out_in_the_order_of_the_log) {
  std::string order;
  press p{[&](const std::string& head, auto) {
    order += head[5];
    return reply{ok("hello")};
  }};
  for (const char* target : {"/a", "/b", "/c"})
    p.traffic.add({"GET", target}, {200, 5});
  p.settings = {1, 4, 1};
  p.count = 7;
  expect_all_answered(p.go(), 7);
  EXPECT_EQ(order, "abcabca");
}

TEST(connections, a_wrong_status_or_length_is_an_error) {
  press p{[](const std::string& head, auto) {
    if (head.find("/missing") != std::string::npos) {
      return reply{"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello"};
    }
    return reply{ok(head.find("/short") != std::string::npos ? "hell" : "hello")};
  }};
  for (const char* target : {"/fine", "/missing", "/short"})
    p.traffic.add({"GET", target}, {200, 5});
  p.count = 300;
  const auto result = p.go();
  EXPECT_EQ(result.recorded.counts.answered, 300u);
  EXPECT_EQ(errors_of(result, error_kind::status_mismatch), 100u);
  EXPECT_EQ(errors_of(result, error_kind::length_mismatch), 100u);
}

TEST(connections, a_wrong_body_is_an_error) {
  const std::string large(1'000'000, 'x');
  press p{[&](const std::string& head, auto) {
    return reply{ok(head.find("/large") != std::string::npos ? large : "hello")};
  }};
  // What gzip says of "hello", and of a million times x.
  const expectations said{{"/right=>crc32=3610a686", "/wrong=>crc32=3610a687", "/wrong=>status=200",
                           "/large=>crc32=63745bc2", "/text=>body~^hel+o$", "/other=>body~xyz"}};
  p.traffic.expect(&said);
  for (const char* target : {"/right", "/wrong", "/large", "/text", "/other"})
    p.traffic.add({"GET", target});
  p.settings = {3, 4, 1};
  p.count = 500;
  const auto result = p.go();
  EXPECT_EQ(result.recorded.counts.answered, 500u);
  EXPECT_EQ(errors_of(result, error_kind::body_mismatch), 200u);
  EXPECT_EQ(result.recorded.counts.errors_total(), 200u);
}

TEST(connections, an_address_that_nobody_has_is_no_fault_of_the_target) {
  press p{[](const auto&, auto) { return reply{ok("hello")}; }};
  p.traffic.add({"GET", "/x"});
  auto settings = p.settings;
  // 192.0.2.1 (RFC 5737) is nobody's; every other connection is asked to come from it.
  settings.policy.sources = {from_address("127.0.0.1"), from_address("192.0.2.1")};
  driver connected{p.address, settings, second, p.stop};
  EXPECT_EQ(connected.open_count(), 2u);
  EXPECT_NE(connected.open_failure().find("Cannot assign requested address"), std::string::npos)
      << connected.open_failure();
  load phase{&p.traffic, &p.when};
  phase.requests_max = 100;
  phase.timeout_ns = 30 * second;
  const auto result = connected.run(phase);
  EXPECT_EQ(result.recorded.counts.answered, 100u);
  EXPECT_EQ(result.recorded.counts.errors_total(), 0u);
}

/// Three requests in each block, with a millisecond between two.
class small_blocks final : public block_reader {
 public:
  std::shared_ptr<request_block> next() override {
    if (first_ >= 300) return nullptr;
    auto out = std::make_shared<request_block>("h:1");
    out->first = first_;
    for (int i = 0; i < 3; ++i) {
      out->source.add({"GET", "/" + std::to_string(first_)}, {200, 5});
      out->times_ns.push_back(static_cast<std::int64_t>(first_++) * 1'000'000);
    }
    return out;
  }

 private:
  std::uint64_t first_ = 0;
};

TEST(connections, a_stream_is_sent_to_its_end) {
  for (const double speed : {0.0, 10.0}) {
    for (const unsigned threads : {1u, 2u}) {
      press p{[](const auto&, auto) { return reply{ok("hello")}; }};
      request_stream stream{std::make_unique<small_blocks>(), threads, 2};
      p.when = speed > 0 ? schedule::constant(1e9) : schedule::constant(20'000);
      load phase{nullptr, &p.when, &stream, speed};
      phase.timeout_ns = 30 * second;
      driver connected{p.address, {4, 2, threads}, second, p.stop};
      const auto result = connected.run(phase);
      expect_all_answered(result, 300);
      if (speed > 0) {
        EXPECT_EQ(result.recorded.last_due_ns, 29'900'000);
      }
    }
  }
  press p{[](const auto&, auto) { return reply{ok("hello")}; }};
  request_stream stream{std::make_unique<small_blocks>(), 1, 2};
  load phase{nullptr, &p.when, &stream};
  phase.timeout_ns = 30 * second;
  driver connected{p.address, {4, 2, 1}, second, p.stop};
  expect_all_answered(connected.run(phase), 300);
}

TEST(connections, heads_and_bodiless_answers_keep_the_stream_in_step) {
  press p{[](const std::string& head, auto) {
    if (head.starts_with("HEAD")) return reply{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"};
    if (head.find("/304") != std::string::npos) return reply{"HTTP/1.1 304 Not Modified\r\n\r\n"};
    return reply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"};
  }};
  p.traffic.add({"HEAD", "/x"}, {200, 0});
  p.traffic.add({"GET", "/304"}, {304, 0});
  p.traffic.add({"GET", "/chunked"}, {200, 5});
  p.settings = {2, 8, 1};
  p.count = 999;
  expect_all_answered(p.go(), 999);
}

TEST(connections, large_bodies_are_counted_to_the_byte) {
  const std::string body(3'000'017, 'x');
  press p{[&](const auto&, auto) { return reply{ok(body)}; }};
  p.traffic.add({"GET", "/large"}, {200, body.size()});
  p.settings = {3, 2, 1};
  p.count = 30;
  const auto result = p.go();
  expect_all_answered(result, 30);
  EXPECT_EQ(result.recorded.counts.body_bytes, 30 * body.size());
}

TEST(connections, an_announced_close_is_a_reconnect_and_no_error) {
  press p{[](const auto&, std::size_t earlier) {
    if (earlier < 9) return reply{ok("hello")};
    return reply{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", true};
  }};
  p.settings = {2, 1, 1};
  const auto result = p.go();
  expect_all_answered(result, 1'000);
  EXPECT_GE(result.recorded.counts.reconnects, 99u);
  EXPECT_EQ(p.server.requests(), 1'000u);
}

TEST(connections, requests_behind_an_announced_close_are_sent_again) {
  press p{[](const auto&, std::size_t earlier) {
    if (earlier < 9) return reply{ok("hello")};
    return reply{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", true};
  }};
  p.settings = {1, 4, 1};
  p.count = 200;
  const auto result = p.go();
  // A server that closes with unread requests may break the connection before the answer is read;
  // whatever happens, every request is accounted for.
  const auto& counts = result.recorded.counts;
  EXPECT_EQ(counts.sent, 200u);
  EXPECT_EQ(counts.answered + counts.failed, 200u);
  EXPECT_GT(counts.resent, 0u);
}

TEST(connections, an_unannounced_close_fails_the_oldest_request) {
  press p{[](const auto&, std::size_t earlier) {
    return earlier < 9 ? reply{ok("hello")} : reply{"", true};
  }};
  p.settings = {1, 1, 1};
  p.count = 100;
  const auto result = p.go();
  EXPECT_EQ(errors_of(result, error_kind::closed_early), 10u);
  EXPECT_EQ(result.recorded.counts.failed, 10u);
  EXPECT_EQ(result.recorded.counts.answered, 90u);
}

TEST(connections, a_cut_answer_is_closed_early_and_a_broken_connection_reset) {
  press cut{[](const auto&, std::size_t earlier) {
    return earlier < 4 ? reply{ok("hello")}
                       : reply{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", true};
  }};
  cut.settings = {1, 1, 1};
  cut.count = 50;
  EXPECT_EQ(errors_of(cut.go(), error_kind::closed_early), 10u);

  press broken{[](const auto&, std::size_t earlier) {
    return earlier < 4 ? reply{ok("hello")} : reply{"", false, true};
  }};
  broken.settings = {1, 1, 1};
  broken.count = 50;
  EXPECT_EQ(errors_of(broken.go(), error_kind::reset), 10u);
}

TEST(connections, what_is_not_http_is_a_parse_error) {
  press p{[](const auto&, std::size_t earlier) {
    return reply{earlier == 0 ? ok("hello") : "220 mail.example ESMTP\r\n\r\n"};
  }};
  p.settings = {1, 1, 1};
  p.count = 20;
  const auto result = p.go();
  EXPECT_EQ(errors_of(result, error_kind::parse), 10u);
  EXPECT_EQ(result.recorded.counts.answered, 10u);
}

TEST(connections, bytes_that_nobody_asked_for_are_a_parse_error) {
  press p{[](const auto&, auto) { return reply{ok("hello") + ok("again")}; }};
  p.settings = {1, 1, 1};
  p.count = 10;
  const auto result = p.go();
  EXPECT_EQ(result.recorded.counts.answered, 10u);
  EXPECT_GT(errors_of(result, error_kind::parse), 0u);
}

TEST(connections, silence_ends_in_timeouts_and_the_run_ends) {
  press p{[](const auto&, auto) { return reply{""}; }};
  p.settings = {2, 3, 1};
  p.count = 20;
  p.timeout_ns = second / 10;
  p.when = schedule::constant(10'000);
  const auto result = p.go();
  const auto& counts = result.recorded.counts;
  EXPECT_EQ(counts.due, 20u);
  EXPECT_EQ(counts.answered, 0u);
  EXPECT_EQ(counts.sent, counts.failed);
  EXPECT_EQ(errors_of(result, error_kind::timeout), counts.failed);
  EXPECT_GT(counts.failed, 0u);
}

TEST(connections, a_refusing_target_is_named_before_anything_is_sent) {
  const auto where = parse_url("http://127.0.0.1:" + std::to_string(contenders::free_port()));
  const auto nobody = resolve(where);
  const std::atomic<bool> stop = false;
  try {
    const driver none{nobody, {2, 1, 1}, second, stop};
    FAIL() << "no failure";
  } catch (const base::failure& failure) {
    EXPECT_EQ(failure.message, "cannot connect to " + nobody.name + ": Connection refused");
  }
}

TEST(connections, a_stopped_run_returns_and_keeps_its_counts) {
  press p{[&p](const auto&, auto) {
    if (p.server.requests() == 100) p.stop = true;
    return reply{ok("hello")};
  }};
  p.count = ~std::uint64_t{0};
  const auto result = p.go();
  EXPECT_GE(result.recorded.counts.sent, result.recorded.counts.answered);
  EXPECT_GE(result.recorded.counts.sent, 90u);
  const auto& counts = result.recorded.counts;
  EXPECT_EQ(counts.sent, counts.answered + counts.failed + counts.outstanding);
}

TEST(connections, phases_follow_each_other_on_the_same_connections) {
  press p{[](const auto&, auto) { return reply{ok("hello")}; }};
  p.traffic.add({"GET", "/x"}, {200, 5});
  driver connected{p.address, p.settings, second, p.stop};
  load phase{&p.traffic, &p.when};
  phase.timeout_ns = 30 * second;
  phase.requests_max = 100;
  expect_all_answered(connected.run(phase), 100);
  phase.requests_max = 50;
  expect_all_answered(connected.run(phase), 50);
  EXPECT_EQ(p.server.connections(), 4u);
}

TEST(connections, latency_counts_from_the_due_time_when_slots_are_taken) {
  // One slot, and all requests due at once: the n-th waits for n - 1 others.
  press p{[](const auto&, auto) { return reply{ok("hello")}; }};
  p.when = schedule::recorded(std::vector<std::int64_t>(500, 0), 1, 1);
  p.settings = {1, 1, 1};
  p.count = 500;
  const auto result = p.go();
  expect_all_answered(result, 500);
  EXPECT_GT(result.recorded.latency().at_percentile(50), 50 * result.recorded.service_time().min());
  // The wait is the target's: the harness sent as soon as the slot was free.
  EXPECT_LT(result.recorded.schedule_lag().at_percentile(50),
            result.recorded.latency().at_percentile(50));
}

}  // namespace
}  // namespace tacit::bench
