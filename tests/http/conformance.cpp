#include "http/conformance.hpp"

#include <algorithm>
#include <stdexcept>

#include <tacit/sync/sleep.hpp>

namespace tacit::support {

using http::context;

void tell_what_was_asked(context& c) {
  c.text(c.request.path, " ", c.request.query, " ", c.request.authority);
}

void say_hello(context& c) {
  c.text("hello");
}

void tell_id(context& c) {
  c.text(c.param("id"));
}

void echo(context& c) {
  c.body(c.request.body, "x/y");
}

void throw_something(context&) {
  throw std::runtime_error("as planned");
}

sched::task<> gather(context& c) {
  const http::body_read got = co_await c.read_body();
  if (!got.error) c.text(got.bytes);
}

// Reads all before it answers, so that what is wrong with the body can still be said.
sched::task<> take_pieces(context& c) {
  std::string body;
  for (;;) {
    const http::body_read got = co_await c.read_some_body();
    if (got.error) co_return;
    if (got.bytes.empty()) break;
    body += got.bytes;
  }
  const base::error_code begun = co_await c.start_stream("x/y");
  if (begun) co_return;
  for (const char& each : body) {
    const base::error_code failed = co_await c.write({&each, 1});
    if (failed) co_return;
  }
}

sched::task<> stream_two(context& c) {
  const base::error_code begun = co_await c.start_stream("x/y");
  if (begun) co_return;
  for (const char* piece : {"one", "two"}) {
    const base::error_code failed = co_await c.write(piece);
    if (failed) co_return;
  }
}

sched::task<> sleep_a_moment(context& c) {
  static_cast<void>(co_await sync::sleep_for(std::chrono::microseconds(100)));
  c.text("slept");
}

namespace {

struct answer {
  std::string word;  // As in conformance_case.
  std::size_t end;   // Where the next one begins.
};

bool has(const std::string& head, const std::string& field) {
  return head.find("\r\n" + field + "\r\n") != std::string::npos;
}

std::string take_chunks(const std::string& text, std::size_t& at) {
  std::string body;
  for (;;) {
    const std::size_t bytes = std::stoul(text.substr(at), nullptr, 16);
    at = text.find("\r\n", at) + 2;
    if (bytes == 0) break;
    body += text.substr(at, bytes);
    at += bytes + 2;
  }
  while (text.substr(at, 2) != "\r\n")
    at = text.find("\r\n", at) + 2;
  at += 2;
  return body;
}

// Throws for what is no answer.
answer take_answer(const std::string& text, std::size_t at, bool to_head) {
  const auto head_end = text.find("\r\n\r\n", at);
  if (head_end == std::string::npos || text.compare(at, 9, "HTTP/1.1 ") != 0) {
    throw std::invalid_argument("no answer");
  }
  const std::string head = text.substr(at, head_end + 2 - at);
  std::string word = (to_head ? "h" : "") + head.substr(9, 3);
  if (has(head, "Connection: close")) word += "!";
  at = head_end + 4;
  if (to_head) return {word, at};
  const auto length = head.find("\r\nContent-Length: ");
  std::string body;
  if (has(head, "Transfer-Encoding: chunked")) {
    body = take_chunks(text, at);
  } else {
    body = text.substr(
        at, length == std::string::npos ? std::string::npos : std::stoul(head.substr(length + 18)));
    at += body.size();
  }
  return {word + ":" + body, at};
}

bool closes(const conformance_case& which) {
  const std::string& last = which.answers.back();
  return last.substr(0, last.find(':')).ends_with('!');
}

}  // namespace

std::string to_send(const conformance_case& which) {
  // Behind a refusal it must not be answered.
  return which.sent + "GET /item/after HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::string judge(const conformance_case& which, const std::string& received) {
  std::vector<std::string> expected = which.answers;
  if (!closes(which)) expected.emplace_back("200:after");
  std::size_t at = 0;
  for (const std::string& word : expected) {
    answer got;
    try {
      got = take_answer(received, at, word.starts_with('h'));
    } catch (const std::logic_error&) {
      return "expected " + word + ", got: " + received.substr(at);
    }
    // A word without a body stands for any.
    const auto length =
        word.find(':') == std::string::npos ? got.word.find(':') : std::string::npos;
    if (got.word.substr(0, length) != word) return "expected " + word + ", got " + got.word;
    at = got.end;
  }
  return at == received.size() ? "" : "and then: " + received.substr(at);
}

}  // namespace tacit::support
