// What an event looks like on the wire. Over a peer in memory nothing waits; how a stream lives and
// ends is tested over sockets, in tests/server.

#include <tacit/http/server_sent_events.hpp>

#include <gtest/gtest.h>

#include <memory_resource>
#include <string>
#include <vector>

#include "http/served.hpp"

namespace tacit::http {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

/// What the source of a stream does, and what run() gave.
struct script {
  std::vector<server_event> events;
  std::vector<base::error_code> results;
  base::error_code outcome;
  std::string last_seen;
};

sched::task<> play(event_stream& events, script& of) {
  for (const server_event& each : of.events) {
    const base::error_code result = co_await events.send(each);
    of.results.push_back(result);
  }
}

sched::task<> say_more(event_stream& events, script& of) {
  const base::error_code retry = co_await events.retry(1500ms);
  of.results.push_back(retry);
  const base::error_code comment = co_await events.comment("hello");
  of.results.push_back(comment);
  const base::error_code split = co_await events.comment("hel\nlo");
  of.results.push_back(split);
  const base::error_code negative = co_await events.retry(-1ms);
  of.results.push_back(negative);
}

sched::task<> handle(script& of, sched::task<> (*source)(event_stream&, script&), context& c) {
  of.last_seen = last_event_id(c);
  event_stream events(c);
  of.outcome = co_await events.run(source(events, of));
}

class server_sent_events : public testing::Test {
 protected:
  /// The answer's head and, without the chunks, its body.
  std::pair<std::string, std::string> answer(const std::string& method = "GET",
                                             const std::string& fields = {}) {
    support::served s;
    const auto handler = [this](context& c) { return handle(played, source, c); };
    s.service.router.add(method::get, "/events", make_handler(handler));
    const std::string text =
        s.answers_to({method + " /events HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"});
    const auto head_end = text.find("\r\n\r\n");
    std::string body;
    for (std::size_t at = head_end + 4; at < text.size();) {
      const std::size_t bytes = std::stoul(text.substr(at), nullptr, 16);
      at = text.find("\r\n", at) + 2;
      body += text.substr(at, bytes);
      at += bytes + 2;
    }
    return {text.substr(0, head_end), body};
  }
  std::string sent(std::vector<server_event> events) {
    played.events = std::move(events);
    return answer().second;
  }

  script played;
  sched::task<> (*source)(event_stream&, script&) = play;
};

constexpr base::error_code fine;
const base::error_code malformed = make_error_code(base::errc::malformed);

TEST_F(server_sent_events, the_head_says_what_it_is_and_that_nobody_keeps_it) {
  const std::string head = answer().first;
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK")) << head;
  for (const char* field : {"Content-Type: text/event-stream", "Cache-Control: no-store",
                            "X-Accel-Buffering: no", "Transfer-Encoding: chunked"})
    EXPECT_NE(head.find(field), std::string::npos) << field;
  EXPECT_EQ(played.outcome, fine);
}

TEST_F(server_sent_events, an_event_has_a_line_per_line_of_its_data) {
  EXPECT_EQ(sent({{.data = "one"}}), "data: one\n\n");
  EXPECT_EQ(sent({{.data = "a\nb\r\nc\rd"}}), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(sent({{.data = "\n\r"}}), "data: \ndata: \ndata: \n\n");
  EXPECT_EQ(sent({{.data = ""}}), "data: \n\n");
  EXPECT_EQ(sent({{.data = " x"}, {.data = ":y"}}), "data:  x\n\ndata: :y\n\n");
}

TEST_F(server_sent_events, an_event_may_have_a_name_an_id_and_a_time_to_come_back) {
  EXPECT_EQ(sent({{.data = "x", .name = "tick", .id = "7", .retry = 2s}}),
            "event: tick\nid: 7\nretry: 2000\ndata: x\n\n");
  EXPECT_EQ(sent({{.data = "x", .id = ""}}), "id: \ndata: x\n\n") << "which takes the id back";
}

TEST_F(server_sent_events, what_would_break_the_form_is_refused_and_not_sent) {
  EXPECT_EQ(sent({{.data = "1", .name = "a\nb"},
                  {.data = "2", .name = "a\rb"},
                  {.data = "3", .id = "a\nb"},
                  {.data = "4", .id = "a\rb"},
                  {.data = "5", .id = "a\0b"sv},
                  {.data = "6", .retry = -1ms},
                  {.data = "7"}}),
            "data: 7\n\n");
  EXPECT_EQ(played.results, (std::vector<base::error_code>{malformed, malformed, malformed,
                                                           malformed, malformed, malformed, fine}));
}

TEST_F(server_sent_events, a_time_to_come_back_and_a_comment_can_be_sent_alone) {
  source = say_more;
  EXPECT_EQ(answer().second, "retry: 1500\n\n: hello\n\n");
  EXPECT_EQ(played.results, (std::vector<base::error_code>{fine, fine, malformed, malformed}));
}

TEST_F(server_sent_events, the_last_event_that_a_client_has_seen_can_be_asked_for) {
  answer("GET", "Last-Event-ID: 41\r\n");
  EXPECT_EQ(played.last_seen, "41");
  answer();
  EXPECT_EQ(played.last_seen, "");
}

TEST_F(server_sent_events, to_head_only_the_head_is_sent_and_the_source_does_not_start) {
  played.events = {{.data = "x"}};
  const auto [head, body] = answer("HEAD");
  EXPECT_NE(head.find("text/event-stream"), std::string::npos);
  EXPECT_EQ(body, "");
  EXPECT_TRUE(played.results.empty());
}

sched::task<> send_outside(base::error_code& result) {
  std::pmr::monotonic_buffer_resource memory;
  context c(memory);
  event_stream events(c);
  result = co_await events.send({.data = "x"});
}

TEST_F(server_sent_events, nothing_can_be_sent_before_the_stream_runs) {
  base::error_code result;
  sched::block_on(send_outside(result));
  EXPECT_EQ(result, make_error_code(base::errc::wrong_use));
}

}  // namespace
}  // namespace tacit::http
