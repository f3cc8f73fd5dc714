// What a drain and a change of limits do to a connection, at the worst moment for it.

#include <gtest/gtest.h>

#include "http/served.hpp"

namespace tacit::http {
namespace {

using support::get;
using support::memory_stream;
using support::served;

// A peer to whom something happens during a given read: one that is about to wait for it.
class eventful_stream final : public io::stream {
 public:
  struct step {
    std::string bytes;             // None: the end of the stream.
    std::function<void()> before;  // Called when the read is started.
  };

  explicit eventful_stream(std::deque<step> steps) : steps_(std::move(steps)) {}

  [[nodiscard]] const std::string& written() const noexcept { return written_; }
  [[nodiscard]] bool was_stopped() const noexcept { return stopped_; }

  io::transfer try_write(std::span<const io::const_buffer> buffers) override {
    std::size_t taken = 0;
    for (const auto& each : buffers) {
      written_.append(static_cast<const char*>(each.data()), each.size());
      taken += each.size();
    }
    return {{}, taken};
  }
  void stop_reading() noexcept override { stopped_ = true; }
  void finish_writing() noexcept override {}
  void abort() noexcept override {}

 private:
  bool start_read(std::span<char> into, duration, io::completion& done) override {
    step now;
    if (!steps_.empty()) {
      now = std::move(steps_.front());
      steps_.pop_front();
    }
    if (now.before) now.before();
    done.bytes = now.bytes.copy(into.data(), into.size());
    if (done.bytes == 0) done.error = base::errc::end_of_stream;
    return true;
  }
  bool start_write(std::span<const io::const_buffer> buffers, duration,
                   io::completion& done) override {
    done.bytes = try_write(buffers).bytes;
    return true;
  }

  std::deque<step> steps_;
  std::string written_;
  bool stopped_ = false;
};

std::string answers_to(served& s, std::deque<eventful_stream::step> steps) {
  eventful_stream peer(std::move(steps));
  sched::block_on(serve_connection(s.service, peer, s.connections));
  return peer.written();
}

TEST(connection_life, a_request_that_comes_while_its_connection_is_closed_is_answered) {
  served s;
  const std::string text =
      answers_to(s, {{get("/plain"), {}}, {get("/item/7"), [&] { s.connections.close_idle(); }}});
  EXPECT_NE(text.find("\r\n\r\n7"), std::string::npos) << text;
  EXPECT_NE(text.find("Connection: close"), std::string::npos) << text;
}

// After shutdown(2) for reading the kernel goes on receiving, but each read on an empty queue ends.
TEST(connection_life, a_request_of_which_half_has_come_then_is_answered_too) {
  served s;
  const std::string whole = get("/item/7");
  const std::string text = answers_to(
      s,
      {{whole.substr(0, 9), [&] { s.connections.close_idle(); }}, {}, {}, {whole.substr(9), {}}});
  EXPECT_NE(text.find("\r\n\r\n7"), std::string::npos) << text;
}

TEST(connection_life, a_body_that_a_handler_awaits_then_still_reaches_it) {
  served s;
  const auto echo = [](context& c) -> sched::task<> {
    const body_read read = co_await c.read_body();
    if (!read.error) c.text(std::string(read.bytes));
  };
  s.service.router.add(method::post, "/awaits", make_handler(echo));
  const std::string head = "POST /awaits HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
  const std::string text =
      answers_to(s, {{head + "la", [&] { s.connections.close_idle(); }}, {}, {}, {"te", {}}});
  EXPECT_NE(text.find("\r\n\r\nlate"), std::string::npos) << text;
}

TEST(connection_life, a_request_of_which_no_more_comes_then_is_given_up) {
  served s;
  EXPECT_EQ(answers_to(s, {{"GET /pl", [&] { s.connections.close_idle(); }}}), "");
}

TEST(connection_life, an_end_that_is_the_peers_own_is_not_doubted) {
  served s;
  eventful_stream peer({{"GET /pl", {}}, {}, {"ain HTTP/1.1\r\nHost: a\r\n\r\n", {}}});
  sched::block_on(serve_connection(s.service, peer, s.connections));
  EXPECT_EQ(peer.written(), "");
}

TEST(connection_life, new_limits_hold_from_the_next_request_on) {
  served s;
  limits strict = s.service.limits;
  strict.target_bytes_max = 6;
  const std::string text =
      answers_to(s, {{get("/item/7"), {}},
                     {"GET /item/8 HT", {}},
                     {"TP/1.1\r\nHost: a\r\n\r\n", [&] { s.service.replace_limits(strict); }},
                     {get("/item/9"), {}}});
  EXPECT_NE(text.find("\r\n\r\n8"), std::string::npos) << "began under the limits before: " << text;
  EXPECT_NE(text.find("HTTP/1.1 414 "), std::string::npos) << text;
}

TEST(connection_life, a_larger_head_is_taken_on_a_connection_that_was_open_already) {
  served s;
  limits generous = s.service.limits;
  generous.head_bytes_max = 100'000;
  std::string fields;
  for (int i = 0; i < 60; ++i)
    fields += "F" + std::to_string(i) + ": " + std::string(500, 'x') + "\r\n";
  const std::string large = get("/item/9", fields);
  std::deque<eventful_stream::step> steps{{get("/item/7"), {}}};
  for (std::size_t at = 0; at < large.size(); at += 1000)
    steps.push_back({large.substr(at, 1000), {}});
  steps[1].before = [&] { s.service.replace_limits(generous); };
  const std::string text = answers_to(s, std::move(steps));
  EXPECT_NE(text.find("\r\n\r\n9"), std::string::npos) << text;
}

TEST(connection_life, limits_that_were_in_force_before_are_put_back_without_a_copy) {
  served s;
  const limits* const first = &s.service.current_limits();
  limits other = *first;
  other.fields_max = 3;
  s.service.replace_limits(other);
  const limits* const second = &s.service.current_limits();
  EXPECT_EQ(second->fields_max, 3U);
  s.service.replace_limits(s.service.limits);
  EXPECT_EQ(&s.service.current_limits(), first);
  s.service.replace_limits(other);
  EXPECT_EQ(&s.service.current_limits(), second);
}

}  // namespace
}  // namespace tacit::http
