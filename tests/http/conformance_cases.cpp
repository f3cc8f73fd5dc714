#include "http/conformance_cases.hpp"

namespace tacit::support {
namespace {

using cases = std::vector<conformance_case>;
using namespace std::string_literals;

const std::string host = "Host: a\r\n";

std::string get(const std::string& target, const std::string& fields = {}) {
  return "GET " + target + " HTTP/1.1\r\n" + host + fields + "\r\n";
}

/// A head with exactly these lines behind the request line.
std::string plain_with(const std::string& lines) {
  return "GET /plain HTTP/1.1\r\n" + lines + "\r\n";
}

void add_targets(cases& to) {
  const auto asked = [&](const std::string& name, const std::string& target,
                         const std::string& answer) {
    to.push_back({"target_" + name, get(target), {answer}});
  };
  asked("in_origin_form", "/asked/x?y=z", "200:/asked/x y=z a");
  asked("with_an_empty_query", "/asked/x?", "200:/asked/x  a");
  asked("with_two_question_marks", "/asked/x?y?z", "200:/asked/x y?z a");
  asked("that_is_a_slash", "/", "200:/  a");
  asked("in_absolute_form_names_the_host", "http://b/asked/x?y", "200:/asked/x y b");
  asked("in_absolute_form_with_port", "http://b:8080/asked/x", "200:/asked/x  b:8080");
  asked("in_absolute_form_without_path", "http://b", "200:/  b");
  asked("in_absolute_form_with_query_only", "http://b?q=1", "200:/ q=1 b");
  asked("in_absolute_form_of_https", "https://b/asked/x", "200:/asked/x  b");
  asked("in_absolute_form_with_a_scheme_in_capitals", "HTTP://b/asked/x", "200:/asked/x  b");
  asked("in_absolute_form_with_an_ipv6_address", "http://[::1]:80/asked/x",
        "200:/asked/x  [::1]:80");
  asked("in_absolute_form_without_host_is_refused", "http:///asked/x", "400!");
  asked("in_absolute_form_with_a_user_is_refused", "http://u:p@b/asked/x", "400!");
  asked("in_absolute_form_with_a_port_that_is_none_is_refused", "http://b:x/asked", "400!");
  asked("in_absolute_form_of_another_scheme_is_refused", "ftp://b/asked/x", "400!");
  asked("with_a_fragment_is_refused", "/asked/x#y", "400!");
  asked("in_absolute_form_with_a_fragment_is_refused", "http://b/asked/x#y", "400!");
  asked("without_slash_is_refused", "asked", "400!");
  asked("in_authority_form_is_refused_for_get", "b:80", "400!");
  asked("asterisk_is_refused_for_get", "*", "400!");
  asked("with_a_space_is_refused", "/asked/x y", "400!");
  asked("that_is_empty_is_refused", "", "400!");
  asked("longer_than_the_limit_is_refused", "/" + std::string(5000, 'x'), "414!");
  to.push_back({"connect_is_not_done", "CONNECT b:80 HTTP/1.1\r\n" + host + "\r\n", {"501!"}});
  to.push_back(
      {"connect_without_port_is_refused", "CONNECT b HTTP/1.1\r\n" + host + "\r\n", {"400!"}});
  to.push_back(
      {"connect_to_a_path_is_refused", "CONNECT /plain HTTP/1.1\r\n" + host + "\r\n", {"400!"}});
}

void add_hosts(cases& to) {
  const auto add = [&](const std::string& name, const std::string& lines,
                       const std::string& answer) {
    to.push_back({"host_" + name, plain_with(lines), {answer}});
  };
  add("missing_is_refused", "", "400!");
  add("twice_is_refused", "Host: a\r\nHost: b\r\n", "400!");
  add("twice_the_same_is_refused", "Host: a\r\nHost: a\r\n", "400!");
  add("may_be_empty", "Host:\r\n", "200:hello");
  add("may_have_a_port", "Host: a:8080\r\n", "200:hello");
  add("may_have_an_empty_port", "Host: a:\r\n", "200:hello");
  add("may_be_an_ipv4_address", "Host: 127.0.0.1\r\n", "200:hello");
  add("may_be_an_ipv6_address", "Host: [2001:db8::1]:80\r\n", "200:hello");
  add("may_have_an_underscore", "Host: a_b\r\n", "200:hello");
  add("name_is_compared_without_case", "hOST: a\r\n", "200:hello");
  add("need_not_come_first", "X: y\r\nHost: a\r\n", "200:hello");
  add("with_a_port_that_is_none_is_refused", "Host: a:b\r\n", "400!");
  add("with_a_port_too_long_is_refused", "Host: a:123456\r\n", "400!");
  add("with_two_ports_is_refused", "Host: a:1:2\r\n", "400!");
  add("with_a_space_is_refused", "Host: a b\r\n", "400!");
  add("with_a_comma_is_refused", "Host: a,b\r\n", "400!");
  add("with_a_slash_is_refused", "Host: a/b\r\n", "400!");
  add("with_a_user_is_refused", "Host: u@a\r\n", "400!");
  add("with_a_question_mark_is_refused", "Host: a?b\r\n", "400!");
  add("with_a_number_sign_is_refused", "Host: a#b\r\n", "400!");
  add("with_a_backslash_is_refused", "Host: a\\b\r\n", "400!");
  add("in_quotes_is_refused", "Host: \"a\"\r\n", "400!");
  add("with_eight_bits_is_refused", "Host: \xc3\xa4\r\n", "400!");
  add("of_ipv6_without_end_is_refused", "Host: [::1\r\n", "400!");
  add("of_ipv6_with_more_behind_is_refused", "Host: [::1]b\r\n", "400!");
  add("that_is_a_port_only_is_refused", "Host: :80\r\n", "400!");
  to.push_back({"host_may_be_missing_in_http_1_0",
                "GET /plain HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                {"200:hello"}});
  to.push_back({"host_twice_in_http_1_0_is_refused",
                "GET /plain HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
                {"400!"}});
  to.push_back({"host_missing_with_an_absolute_target_is_refused",
                "GET http://a/plain HTTP/1.1\r\n\r\n",
                {"400!"}});
}

void add_versions(cases& to) {
  const auto version = [&](const std::string& name, const std::string& text,
                           const std::string& answer) {
    to.push_back({"version_" + name, "GET /plain " + text + "\r\n" + host + "\r\n", {answer}});
  };
  version("1_1", "HTTP/1.1", "200:hello");
  version("1_0_closes", "HTTP/1.0", "200!:hello");
  version("1_2_is_not_spoken", "HTTP/1.2", "505!");
  version("2_0_is_not_spoken", "HTTP/2.0", "505!");
  version("3_0_is_not_spoken", "HTTP/3.0", "505!");
  version("0_9_is_not_spoken", "HTTP/0.9", "505!");
  version("in_small_letters_is_refused", "http/1.1", "400!");
  version("without_dot_is_refused", "HTTP/11", "400!");
  version("without_minor_is_refused", "HTTP/1", "400!");
  version("with_two_digits_is_refused", "HTTP/1.10", "400!");
  version("with_a_space_behind_is_refused", "HTTP/1.1 ", "400!");
  version("with_a_space_before_is_refused", " HTTP/1.1", "400!");
  version("of_another_protocol_is_refused", "HTTPS/1.1", "400!");
  to.push_back({"version_missing_is_refused", "GET /plain\r\n" + host + "\r\n", {"400!"}});

  const auto connection = [&](const std::string& name, const std::string& fields,
                              const std::string& answer, const std::string& minor = "1") {
    to.push_back({"connection_" + name,
                  "GET /plain HTTP/1." + minor + "\r\n" + host + fields + "\r\n",
                  {answer}});
  };
  connection("close_closes", "Connection: close\r\n", "200!:hello");
  connection("close_is_compared_without_case", "connection: CLOSE\r\n", "200!:hello");
  connection("close_in_a_list_closes", "Connection: x, close\r\n", "200!:hello");
  connection("close_in_a_second_field_closes", "Connection: x\r\nConnection: close\r\n",
             "200!:hello");
  connection("close_beats_keep_alive", "Connection: keep-alive, close\r\n", "200!:hello");
  connection("keep_alive_is_the_rule", "Connection: keep-alive\r\n", "200:hello");
  connection("of_another_option_goes_on", "Connection: x\r\n", "200:hello");
  connection("upgrade_is_not_followed", "Connection: upgrade\r\nUpgrade: x\r\n", "200:hello");
  connection("that_is_no_list_is_refused", "Connection: @\r\n", "400!");
  connection("keep_alive_of_http_1_0_goes_on", "Connection: keep-alive\r\n", "200:hello", "0");
  connection("keep_alive_of_http_1_0_is_compared_without_case", "Connection: Keep-Alive\r\n",
             "200:hello", "0");
  connection("close_of_http_1_0_closes", "Connection: close\r\n", "200!:hello", "0");
}

void add_methods(cases& to) {
  const auto add = [&](const std::string& name, const std::string& method,
                       const std::string& answer, const std::string& target = "/plain") {
    to.push_back(
        {"method_" + name, method + " " + target + " HTTP/1.1\r\n" + host + "\r\n", {answer}});
  };
  add("get", "GET", "200:hello");
  add("head_has_no_body", "HEAD", "h200");
  add("head_of_nothing_has_no_body", "HEAD", "h404", "/nothing");
  add("head_of_a_stream_has_no_body", "HEAD", "h200", "/stream");
  add("post_that_is_not_there", "POST", "405");
  add("put_that_is_not_there", "PUT", "405");
  add("delete_that_is_not_there", "DELETE", "405");
  add("patch_that_is_not_there", "PATCH", "405");
  add("trace_is_not_there", "TRACE", "405");
  add("unknown", "BREW", "501");
  add("unknown_for_no_resource", "BREW", "501", "/nothing");
  add("names_are_compared_with_case", "get", "501");
  add("of_odd_characters_is_unknown", "!#$%&'*+-.^_`|~09", "501");
  add("of_great_length_is_unknown", std::string(200, 'A'), "501");
  add("that_is_empty_is_refused", "", "400!");
  add("with_a_delimiter_is_refused", "G@T", "400!");
  add("with_a_slash_is_refused", "G/T", "400!");
  add("with_eight_bits_is_refused", "G\xc3\xa4T", "400!");
  add("with_two_spaces_behind_is_refused", "GET ", "400!");
  add("with_a_tab_behind_is_refused", "GET\t/plain", "400!");
  to.push_back({"resource_that_is_not_there", get("/nothing"), {"404"}});
}

// Each with a plain handler, one that reads all, and one that reads and answers in pieces.
void add_bodies(cases& to) {
  const auto add = [&](const std::string& name, const std::string& fields, const std::string& body,
                       const std::string& answer, const std::string& minor = "1") {
    for (const char* path : {"echo", "gather", "pieces"}) {
      to.push_back({"body_" + name + "_to_" + path,
                    "POST /"s + path + " HTTP/1." + minor + "\r\n" + host + fields + "\r\n" + body,
                    {answer}});
    }
  };
  const std::string te = "Transfer-Encoding: chunked\r\n";
  add("by_length", "Content-Length: 5\r\n", "12345", "200:12345");
  add("of_length_zero", "Content-Length: 0\r\n", "", "200:");
  add("not_announced_is_empty", "", "", "200:");
  add("by_length_in_http_1_0", "Content-Length: 5\r\n", "12345", "200!:12345", "0");
  add("by_length_with_leading_zeros", "Content-Length: 0005\r\n", "12345", "200:12345");
  add("by_length_in_white_space", "Content-Length: \t5 \r\n", "12345", "200:12345");
  add("like_a_request_is_a_body", "Content-Length: 26\r\n", "GET /item/x HTTP/1.1\r\nX:\r\n",
      "200:GET /item/x HTTP/1.1\r\nX:\r\n");
  add("in_chunks", te, "2\r\n12\r\n3\r\n345\r\n0\r\n\r\n", "200:12345");
  add("in_no_chunks", te, "0\r\n\r\n", "200:");
  add("in_chunks_named_without_case", "transfer-encoding: Chunked\r\n", "1\r\nx\r\n0\r\n\r\n",
      "200:x");
  add("in_chunks_with_capital_digits", te, "A\r\n0123456789\r\n0\r\n\r\n", "200:0123456789");
  add("in_chunks_with_leading_zeros", te, "0005\r\n12345\r\n000\r\n\r\n", "200:12345");
  add("in_chunks_with_extensions", te, "2;a\r\n12\r\n3;b=c;d=\"e; \\\"f\"\r\n345\r\n0;g\r\n\r\n",
      "200:12345");
  add("in_chunks_with_trailers", te, "5\r\n12345\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n", "200:12345");
  add("in_chunks_like_chunks", te, "7\r\n0\r\n\r\nGE\r\n0\r\n\r\n", "200:0\r\n\r\nGE");

  const auto refused = [&](const std::string& name, const std::string& fields,
                           const std::string& status = "400!", const std::string& minor = "1") {
    to.push_back({"framing_by_" + name + "_is_refused",
                  "POST /echo HTTP/1." + minor + "\r\n" + host + fields + "\r\n",
                  {status}});
  };
  refused("length_and_chunks", "Content-Length: 5\r\n" + te);
  refused("chunks_and_length", te + "Content-Length: 5\r\n");
  refused("chunks_and_length_zero", te + "Content-Length: 0\r\n");
  refused("two_lengths", "Content-Length: 5\r\nContent-Length: 6\r\n");
  refused("two_equal_lengths", "Content-Length: 5\r\nContent-Length: 5\r\n");
  refused("a_list_of_lengths", "Content-Length: 5, 6\r\n");
  refused("a_list_of_equal_lengths", "Content-Length: 5,5\r\n");
  refused("a_length_with_plus", "Content-Length: +5\r\n");
  refused("a_length_with_minus", "Content-Length: -5\r\n");
  refused("a_length_in_hexadecimal", "Content-Length: 0x5\r\n");
  refused("a_length_with_a_space_inside", "Content-Length: 1 5\r\n");
  refused("a_length_with_a_fraction", "Content-Length: 5.0\r\n");
  refused("a_length_in_words", "Content-Length: five\r\n");
  refused("a_length_in_quotes", "Content-Length: \"5\"\r\n");
  refused("an_empty_length", "Content-Length:\r\n");
  refused("a_length_that_overflows", "Content-Length: 18446744073709551616\r\n");
  refused("a_length_above_the_limit", "Content-Length: 18446744073709551615\r\n", "413!");
  refused("a_coding_that_is_not_known", "Transfer-Encoding: gzip\r\n");
  refused("a_coding_before_chunks", "Transfer-Encoding: gzip, chunked\r\n", "501!");
  refused("a_coding_behind_chunks", "Transfer-Encoding: chunked, gzip\r\n");
  refused("chunks_of_chunks", "Transfer-Encoding: chunked, chunked\r\n");
  refused("chunks_twice", te + te);
  refused("a_coding_and_chunks_in_two_fields", "Transfer-Encoding: gzip\r\n" + te);
  refused("identity", "Transfer-Encoding: identity\r\n");
  refused("chunks_in_quotes", "Transfer-Encoding: \"chunked\"\r\n");
  refused("chunks_with_a_parameter", "Transfer-Encoding: chunked;q=1\r\n");
  refused("something_like_chunks", "Transfer-Encoding: xchunked\r\n");
  refused("chunks_and_a_comma", "Transfer-Encoding: chunked,\r\n");
  refused("no_coding", "Transfer-Encoding:\r\n");
  refused("chunks_with_a_vertical_tab", "Transfer-Encoding: chunked\v\r\n");
  refused("chunks_in_http_1_0", te, "400!", "0");
  refused("a_space_behind_length", "Content-Length : 5\r\n");
  refused("a_space_behind_coding", "Transfer-Encoding : chunked\r\n");
  refused("a_folded_coding", "Transfer-Encoding:\r\n chunked\r\n");
  refused("an_unknown_expectation", "Expect: magic\r\n", "417!");

  const auto broken = [&](const std::string& name, const std::string& chunks,
                          const std::string& status = "400!") {
    for (const char* path : {"echo", "gather"}) {
      to.push_back({"chunks_" + name + "_are_refused_to_" + path,
                    "POST /"s + path + " HTTP/1.1\r\n" + host + te + "\r\n" + chunks,
                    {status}});
    }
  };
  broken("whose_size_is_no_number", "xyz\r\n12345\r\n");
  broken("whose_size_is_empty", "\r\n12345\r\n");
  broken("whose_size_has_a_minus", "-5\r\n12345\r\n");
  broken("whose_size_has_a_plus", "+5\r\n12345\r\n");
  broken("whose_size_has_a_prefix", "0x5\r\n12345\r\n");
  broken("whose_size_has_a_space_before", " 5\r\n12345\r\n");
  broken("whose_size_has_a_space_behind", "5 \r\n12345\r\n");
  broken("whose_size_has_an_underscore", "1_0\r\n12345\r\n");
  broken("whose_size_overflows", "10000000000000000\r\n12345\r\n");
  broken("whose_size_line_ends_in_line_feed", "5\n12345\r\n0\r\n\r\n");
  broken("whose_size_line_ends_in_carriage_return", "5\r12345\r\n0\r\n\r\n");
  broken("longer_than_their_size", "4\r\n12345\r\n0\r\n\r\n");
  broken("without_line_end", "5\r\n123450\r\n\r\n");
  broken("that_end_in_line_feed", "5\r\n12345\n0\r\n\r\n");
  broken("with_a_control_character_in_an_extension", "5;a\x01\r\n12345\r\n0\r\n\r\n");
  broken("with_a_line_feed_in_an_extension", "5;a\nb\r\n12345\r\n0\r\n\r\n");
  broken("with_a_line_feed_between_quotes", "5;a=\"b\n\"\r\n12345\r\n0\r\n\r\n");
  broken("with_a_control_character_between_quotes", "5;a=\"\x01\"\r\n12345\r\n0\r\n\r\n");
  broken("with_an_extension_without_name", "5;=a\r\n12345\r\n0\r\n\r\n");
  broken("with_a_quote_over_a_line_end", "5;a=\"b\r\n1234\"\r\n0\r\n\r\n");
  broken("with_long_extensions",
         "1;" + std::string(3000, 'a') + "\r\n1\r\n1;" + std::string(3000, 'b') + "\r\n2\r\n");
  for (const char* name : {"Content-Length", "Transfer-Encoding", "Host", "Connection", "TE",
                           "Upgrade", "Expect", "Authorization"}) {
    std::string words;
    for (const char* at = name; *at; ++at)
      words += *at == '-' ? '_' : *at;
    broken("with_" + words + "_behind", "1\r\nx\r\n0\r\n"s + name + ": 1\r\n\r\n");
  }
  broken("with_a_folded_trailer", "1\r\nx\r\n0\r\nX: a\r\n b\r\n\r\n");
  broken("with_a_trailer_without_colon", "1\r\nx\r\n0\r\nX\r\n\r\n");
  broken("with_a_space_before_a_trailers_colon", "1\r\nx\r\n0\r\nX : a\r\n\r\n");
  broken("with_nul_in_a_trailer", "1\r\nx\r\n0\r\nX: a"s + '\0' + "b\r\n\r\n");
  to.push_back({"chunks_above_the_limit_are_refused",
                "POST /echo HTTP/1.1\r\n" + host + te + "\r\nffffffffffffffff\r\n12345",
                {"413!"}});
}

void add_fields(cases& to) {
  const auto add = [&](const std::string& name, const std::string& lines,
                       const std::string& answer) {
    to.push_back({"field_" + name, plain_with(host + lines), {answer}});
  };
  add("with_an_empty_value", "X:\r\n", "200:hello");
  add("without_white_space", "X:y\r\n", "200:hello");
  add("in_white_space", "X: \t y \t \r\n", "200:hello");
  add("with_a_tab_inside", "X: a\tb\r\n", "200:hello");
  add("with_eight_bits", "X: \xc3\xa4\r\n", "200:hello");
  add("of_odd_characters", "!#$%&'*+-.^_`|~: y\r\n", "200:hello");
  add("twice", "X: y\r\nX: z\r\n", "200:hello");
  add("with_a_colon_inside", "X: a:b\r\n", "200:hello");
  add("of_many_bytes", "X: " + std::string(5000, 'y') + "\r\n", "200:hello");
  add("of_too_many_bytes_is_refused", "X: " + std::string(9000, 'y') + "\r\n", "431!");
  add("with_a_space_before_its_colon_is_refused", "X : y\r\n", "400!");
  add("with_a_tab_before_its_colon_is_refused", "X\t: y\r\n", "400!");
  add("without_name_is_refused", ": y\r\n", "400!");
  add("without_colon_is_refused", "X\r\n", "400!");
  add("with_a_space_before_its_name_is_refused", " X: y\r\n", "400!");
  add("folded_with_a_space_is_refused", "X: a\r\n b\r\n", "400!");
  add("folded_with_a_tab_is_refused", "X: a\r\n\tb\r\n", "400!");
  add("folded_behind_an_empty_line_is_refused", "X:\r\n b\r\n", "400!");
  add("folded_into_nothing_is_refused", "X:\r\n \r\n", "400!");
  add("folded_behind_a_value_into_nothing_is_refused", "X: a\r\n \r\n", "400!");
  add("that_ends_in_line_feed_is_refused", "X: y\nZ: z\r\n", "400!");
  add("that_ends_in_carriage_return_is_refused", "X: y\rZ: z\r\n", "400!");
  add("with_two_carriage_returns_is_refused", "X: y\r\r\n", "400!");
  add("name_with_eight_bits_is_refused", "X\xc3\xa4: y\r\n", "400!");
  std::string fields;
  for (int i = 0; i < 99; ++i)
    fields += "X: y\r\n";
  add("ninety_nine_times_and_host", fields, "200:hello");
  add("more_often_than_the_limit_is_refused", fields + "X: y\r\n", "431!");
  to.push_back({"head_that_begins_with_white_space_is_refused",
                "GET /plain HTTP/1.1\r\n X: y\r\n" + host + "\r\n",
                {"400!"}});
  to.push_back({"head_that_ends_in_line_feed_is_refused",
                "GET /plain HTTP/1.1\r\n" + host + "\n",
                {"400!"}});
  to.push_back(
      {"head_with_line_feeds_only_is_refused", "GET /plain HTTP/1.1\nHost: a\n\n\r\n", {"400!"}});
  for (const char each : "\"(),/;<=>?@[\\]{}"s) {
    add("name_with_character_" + std::to_string(each) + "_is_refused", "X"s + each + "Y: z\r\n",
        "400!");
  }
}

// Everything below the space, and DEL.
void add_control_characters(cases& to) {
  for (int code = 0; code <= 0x20; ++code) {
    const char character = code == 0x20 ? '\x7f' : static_cast<char>(code);
    const std::string named = "control_character_" + std::to_string(character);
    if (character != '\t') {
      to.push_back({named + "_in_a_value_is_refused",
                    plain_with(host + "X: a" + character + "b\r\n"),
                    {"400!"}});
    }
    to.push_back({named + "_in_a_name_is_refused",
                  plain_with(host + "X" + character + "Y: b\r\n"),
                  {"400!"}});
    to.push_back({named + "_in_a_target_is_refused", get("/pl"s + character + "ain"), {"400!"}});
  }
}

void add_sequences(cases& to) {
  const std::string one = get("/item/1");
  const std::string two = get("/item/2");
  to.push_back(
      {"pipeline_is_answered_in_order", one + two + get("/item/3"), {"200:1", "200:2", "200:3"}});
  to.push_back({"pipeline_goes_on_behind_errors",
                get("/nothing") + one + get("/throws") + two,
                {"404", "200:1", "500", "200:2"}});
  to.push_back({"pipeline_of_bodies",
                "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabc" +
                    "POST /gather HTTP/1.1\r\n" + host +
                    "Transfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\n" +
                    "POST /pieces HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nghi" + one,
                {"200:abc", "200:def", "200:ghi", "200:1"}});
  to.push_back(
      {"pipeline_ends_with_a_close", get("/item/1", "Connection: close\r\n") + two, {"200!:1"}});
  to.push_back({"pipeline_ends_with_a_refusal", one + "nonsense\r\n\r\n" + two, {"200:1", "400!"}});
  to.push_back({"pipeline_of_head_and_get",
                "HEAD /plain HTTP/1.1\r\n" + host + "\r\n" + one,
                {"h200", "200:1"}});
  to.push_back(
      {"pipeline_of_streams", get("/stream") + get("/stream"), {"200:onetwo", "200:onetwo"}});
  to.push_back(
      {"pipeline_of_handlers_that_wait", get("/sleeps") + get("/item/1"), {"200:slept", "200:1"}});
  to.push_back({"body_nobody_reads_is_no_request",
                "GET /plain HTTP/1.1\r\n" + host + "Content-Length: " + std::to_string(one.size()) +
                    "\r\n\r\n" + one,
                {"200:hello"}});
  to.push_back({"body_for_nobody_is_no_request",
                "POST /nothing HTTP/1.1\r\n" + host +
                    "Content-Length: " + std::to_string(one.size()) + "\r\n\r\n" + one,
                {"404"}});
  to.push_back({"chunks_for_nobody_are_no_request",
                "POST /nothing HTTP/1.1\r\n" + host +
                    "Transfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n",
                {"404"}});
  to.push_back({"empty_line_before_a_request_is_ignored", "\r\n" + one, {"200:1"}});
  to.push_back({"empty_lines_before_a_request_are_ignored", "\r\n\r\n\r\n" + one, {"200:1"}});
  to.push_back({"empty_line_behind_a_body_is_ignored",
                "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\nx\r\n" + one,
                {"200:x", "200:1"}});
  to.push_back({"line_feed_before_a_request_is_refused", "\n" + one, {"400!"}});
  to.push_back({"space_before_a_request_is_refused", " " + one, {"400!"}});
  to.push_back({"junk_behind_a_body_is_refused",
                "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 1\r\n\r\nxjunk\r\n\r\n",
                {"200:x", "400!"}});
  to.push_back(
      {"tls_greeting_is_refused", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, {"400!"}});
  to.push_back({"preface_of_http_2_is_not_spoken", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {"505!"}});
  to.push_back({"expectation_in_http_1_0_is_ignored",
                "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
                {"200!:hi"}});
  to.push_back({"stream_to_http_1_0_ends_with_the_connection",
                "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                {"200!:onetwo"}});
}

}  // namespace

const std::vector<conformance_case>& conformance_cases() {
  static const cases all = [] {
    cases made;
    add_targets(made);
    add_hosts(made);
    add_versions(made);
    add_methods(made);
    add_bodies(made);
    add_fields(made);
    add_control_characters(made);
    add_sequences(made);
    return made;
  }();
  return all;
}

}  // namespace tacit::support
