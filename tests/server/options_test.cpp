#include <tacit/server/options.hpp>

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace tacit::server {
namespace {

struct config : testing::Test {
  support::temporary_folder folder;
  options settings;

  std::string refusal(std::string_view text) {
    const auto loaded = load_config(folder.write("config.json", text), settings);
    const auto* failure = std::get_if<base::failure>(&loaded);
    return failure ? failure->message : "";
  }
  static bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
};

TEST_F(config, sets_what_it_names_and_leaves_the_rest) {
  EXPECT_EQ(refusal(R"({"listen": "127.0.0.1:1", "mode": "thread", "memory": "heap", "workers": 3,
                        "stealing": false, "pause_recorder": false, "debug_routes": true, "spare_workers": 1, "stall_bound_ms": 0, "drain_timeout_ms": 5, "drain_delay_ms": 6,
                        "drain_idle_ms": 4, "limits": {"connections_per_peer_max": 8, "body_bytes_max": 7, "idle_timeout_ms": 9}})"),
            "");
  EXPECT_EQ(settings.listen, "127.0.0.1:1");
  EXPECT_EQ(settings.mode, threading::thread);
  EXPECT_EQ(settings.memory, memory::mode::heap);
  EXPECT_EQ(settings.workers, 3U);
  EXPECT_FALSE(settings.stealing);
  EXPECT_FALSE(settings.pause_recorder);
  EXPECT_TRUE(settings.debug_routes);
  EXPECT_EQ(settings.spare_workers, 1U);
  EXPECT_EQ(settings.stall_bound, std::chrono::milliseconds(0));
  EXPECT_EQ(settings.drain_timeout, std::chrono::milliseconds(5));
  EXPECT_EQ(settings.drain_delay, std::chrono::milliseconds(6));
  EXPECT_EQ(settings.drain_idle, std::chrono::milliseconds(4));
  EXPECT_EQ(settings.limits.connections_per_peer_max, 8U);
  EXPECT_EQ(settings.limits.body_bytes_max, 7U);
  EXPECT_EQ(settings.limits.idle_timeout, std::chrono::milliseconds(9));
  EXPECT_EQ(settings.limits.fields_max, http::limits().fields_max);
}

TEST_F(config, sets_what_goes_around_every_answer) {
  EXPECT_FALSE(settings.middleware.access_log || settings.middleware.compression ||
               settings.middleware.cors);
  EXPECT_EQ(
      refusal(R"({"middleware": {"request_id": true, "access_log": "json", "access_log_file": "x",
                        "access_log_sample": 0.5, "compression": true, "cors": ["https://a.example"],
                        "security_headers": true}})"),
      "");
  EXPECT_TRUE(settings.middleware.request_id);
  EXPECT_EQ(settings.middleware.access_log->format, http::access_log_format::json_lines);
  EXPECT_EQ(settings.middleware.access_log->file, "x");
  EXPECT_EQ(settings.middleware.access_log->sample, 0.5);
  EXPECT_TRUE(settings.middleware.compression);
  EXPECT_EQ(settings.middleware.cors->origins, std::vector<std::string>{"https://a.example"});
  EXPECT_TRUE(settings.middleware.security_headers);
  EXPECT_TRUE(has(refusal(R"({"middleware": {"access_log": "xml"}})"), "off, combined or json"));
  EXPECT_TRUE(has(refusal(R"({"middleware": {"access_log_sample": 2}})"), "from 0 to 1"));
  EXPECT_TRUE(has(refusal(R"({"middleware": {"cors": "*"}})"), "a list of texts"));
  EXPECT_TRUE(has(refusal(R"({"middleware": {"zip": true}})"), "'middleware.zip'"));
  settings = {};
  EXPECT_TRUE(has(refusal(R"({"middleware": {"access_log_file": "x"}})"), "without access_log"));
}

TEST(options, tells_which_differences_need_a_restart) {
  const options running;
  options wanted = running;
  wanted.limits.fields_max = 1;
  wanted.drain_delay = std::chrono::milliseconds(1);
  EXPECT_TRUE(fixed_differences(running, wanted).empty());
  wanted.listen = "127.0.0.1:1";
  wanted.workers = 7;
  EXPECT_EQ(fixed_differences(running, wanted), (std::vector<std::string>{"listen", "workers"}));
}

TEST_F(config, names_file_line_and_key_of_a_misspelt_key) {
  const std::string message = refusal("{\n  \"mode\": \"thread\",\n  \"wokers\": 3\n}");
  EXPECT_TRUE(has(message, "config.json:3: ")) << message;
  EXPECT_TRUE(has(message, "'wokers'")) << message;
  EXPECT_TRUE(has(message, "did you mean 'workers'?")) << message;
  EXPECT_EQ(settings.mode, threading::coroutine) << "a bad file changes nothing";
}

TEST_F(config, names_a_misspelt_key_among_the_limits) {
  EXPECT_TRUE(has(refusal(R"({"limits": {"fields": 3}})"), "'limits.fields'"));
  EXPECT_TRUE(has(refusal(R"({"limits": {"zzzzzzzzzzzz": 3}})"), "known keys: head_bytes_max"));
}

TEST_F(config, refuses_values_of_the_wrong_kind) {
  EXPECT_TRUE(has(refusal(R"({"workers": "3"})"), "workers: expected a whole number"));
  EXPECT_TRUE(has(refusal(R"({"workers": -1})"), "whole number"));
  EXPECT_TRUE(has(refusal(R"({"workers": 1025})"), "from 0 to 1024"));
  EXPECT_TRUE(has(refusal(R"({"listen": 80})"), "expected a text"));
  EXPECT_TRUE(has(refusal(R"({"stealing": "on"})"), "stealing: expected true or false"));
  EXPECT_TRUE(has(refusal(R"({"mode": "fibers"})"), "coroutine or thread"));
  EXPECT_TRUE(has(refusal(R"({"limits": []})"), "expected an object"));
  EXPECT_TRUE(has(refusal("[]"), "expected an object"));
}

TEST_F(config, tells_where_the_json_breaks) {
  EXPECT_TRUE(has(refusal("{\n\"workers\": 3,,\n}"), "config.json:2: not valid JSON"));
  EXPECT_TRUE(has(refusal(""), "not valid JSON"));
  EXPECT_TRUE(has(refusal(R"({"workers": 7e777})"), "config.json: a number is too large"));
}

TEST_F(config, names_a_file_that_cannot_be_read) {
  const auto loaded = load_config(folder.file("missing.json"), settings);
  const auto& failure = std::get<base::failure>(loaded);
  EXPECT_TRUE(has(failure.message, "missing.json")) << failure.message;
  EXPECT_TRUE(has(failure.message, "No such file")) << failure.message;
  EXPECT_EQ(failure.exit_status(), 1);
}

}  // namespace
}  // namespace tacit::server
