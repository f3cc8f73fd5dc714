#include "http/response_writer.hpp"

#include <gtest/gtest.h>

#include <memory_resource>
#include <regex>
#include <string>

#include "http/date.hpp"

namespace tacit::http {
namespace {

std::string head_of(const response& answer, persistence goes_on = persistence::implied) {
  output out;
  out.ensure_room(head_bytes_max(answer));
  write_head(out, answer, goes_on, {body_end::by::length, answer.content_length()});
  return std::regex_replace(std::string(out.pending()), std::regex("Date: [^\r]*"), "Date: D");
}

struct response_writer : testing::Test {
  response answer{*std::pmr::new_delete_resource()};
};

TEST_F(response_writer, writes_status_fields_and_length) {
  answer.status = 404;
  answer.content_type = "text/plain";
  answer.fields.emplace_back("X-One", "1");
  answer.body = "four";
  EXPECT_EQ(head_of(answer),
            "HTTP/1.1 404 Not Found\r\nServer: tacit\r\nDate: D\r\nContent-Type: text/plain\r\n"
            "X-One: 1\r\nContent-Length: 4\r\n\r\n");
}

TEST_F(response_writer, leaves_the_length_out_where_there_is_no_content) {
  answer.status = 304;
  EXPECT_EQ(head_of(answer), "HTTP/1.1 304 Not Modified\r\nServer: tacit\r\nDate: D\r\n\r\n");
}

TEST_F(response_writer, says_how_the_connection_goes_on) {
  EXPECT_NE(head_of(answer, persistence::close).find("\r\nConnection: close\r\n\r\n"),
            std::string::npos);
  EXPECT_NE(head_of(answer, persistence::keep_alive).find("\r\nConnection: keep-alive\r\n\r\n"),
            std::string::npos);
}

TEST_F(response_writer, writes_an_unknown_status_without_a_phrase) {
  answer.status = 299;
  EXPECT_TRUE(head_of(answer).starts_with("HTTP/1.1 299 \r\n"));
}

TEST_F(response_writer, announces_enough_room_for_long_fields) {
  answer.content_type = std::string(5000, 't');
  for (int i = 0; i < 50; ++i)
    answer.fields.emplace_back(std::string(300, 'n'), std::string(300, 'v'));
  EXPECT_GT(head_of(answer).size(), 35'000U);
}

TEST(date_field, has_the_fixed_length_form_of_rfc_9110) {
  EXPECT_TRUE(std::regex_match(
      std::string(date_field()),
      std::regex("Date: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9] [A-Z][a-z]{2} [0-9]{4} "
                 "[0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT\r\n")));
}

TEST(output, keeps_what_was_not_sent_when_it_grows) {
  output out;
  out.ensure_room(10);
  out.append("0123456789");
  out.consume(4);
  out.ensure_room(3 * output::capacity);
  out.append(std::string(3 * output::capacity, 'x'));
  EXPECT_TRUE(out.pending().starts_with("456789xxx"));
  out.consume(out.pending().size());
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace tacit::http
