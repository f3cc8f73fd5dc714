// The reference, the schema and the reader of config files are made from one table, and say the
// same.

#include "server/config_reference.hpp"

#include <gtest/gtest.h>
#include <fstream>
#include <sstream>

#include "support/temporary_folder.hpp"

namespace tacit::server {
namespace {

using nlohmann::json;

std::string committed(const std::string& path) {
  std::ifstream in(TACIT_REPOSITORY "/" + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The config file that holds only this key.
json config_of(const setting& which, json value) {
  json config = json::object();
  json& into = which.group.empty() ? config : config[std::string(which.group)];
  if (which.name.starts_with("access_log_")) into["access_log"] = "combined";
  into[std::string(which.name)] = std::move(value);
  return config;
}

std::string refusal(const json& config, options& into) {
  const support::temporary_folder folder;
  const auto loaded = load_config(folder.write("tacit.json", config.dump()), into);
  const auto* failure = std::get_if<base::failure>(&loaded);
  return failure ? failure->message : "";
}

json schema_of(const setting& which) {
  json properties = json::parse(config_schema()).at("properties");
  if (!which.group.empty()) properties = properties.at(std::string(which.group)).at("properties");
  return properties.at(std::string(which.name));
}

TEST(config_reference, is_the_committed_page) {
  EXPECT_EQ(committed("docs/configuration.md"), config_reference())
      << "build/release/bin/tacit config reference >docs/configuration.md";
}

TEST(config_reference, schema_is_the_committed_file) {
  EXPECT_EQ(committed("docs/tacit.schema.json"), config_schema())
      << "build/release/bin/tacit config schema >docs/tacit.schema.json";
}

TEST(config_reference, names_every_key_on_the_page_in_the_schema_and_in_the_manual) {
  const std::string page = config_reference();
  const std::string manual = config_manual();
  for (const setting& each : settings()) {
    SCOPED_TRACE(each.key());
    EXPECT_NE(page.find("\n| `" + each.key() + "` |"), std::string::npos);
    EXPECT_NE(manual.find("\n.B " + each.key() + "\n"), std::string::npos);
    EXPECT_FALSE(schema_of(each).at("description").get<std::string>().empty());
  }
}

TEST(config_reference, schema_holds_no_key_that_is_not_read) {
  const json properties = json::parse(config_schema()).at("properties");
  std::size_t keys = properties.size() - 1;  // Without "$schema".
  for (const char* group : {"limits", "middleware"}) {
    keys += properties.at(group).at("properties").size() - 1;
  }
  EXPECT_EQ(keys, settings().size());
}

TEST(config_reference, defaults_are_taken_and_change_nothing) {
  for (const setting& each : settings()) {
    SCOPED_TRACE(each.key());
    options read;
    EXPECT_EQ(refusal(config_of(each, schema_of(each).at("default")), read), "");
    EXPECT_EQ(each.get(read), each.get(options()));
  }
}

TEST(config_reference, values_beyond_the_bounds_of_the_schema_are_refused) {
  for (const setting& each : settings()) {
    const json schema = schema_of(each);
    options read;
    if (schema.contains("maximum")) {
      SCOPED_TRACE(each.key());
      EXPECT_EQ(refusal(config_of(each, schema.at("maximum")), read), "");
      EXPECT_NE(refusal(config_of(each, schema.at("maximum").get<double>() * 2), read), "");
      EXPECT_NE(refusal(config_of(each, -1), read), "");
    }
    if (schema.contains("enum")) {
      SCOPED_TRACE(each.key());
      for (const json& choice : schema.at("enum")) {
        EXPECT_EQ(refusal(config_of(each, choice), read), "");
        EXPECT_EQ(each.get(read), choice);
      }
      EXPECT_NE(refusal(config_of(each, "otherwise"), read), "");
    }
    EXPECT_NE(refusal(config_of(each, json::object()), read), "") << each.key();
  }
}

TEST(config_reference, tells_what_takes_a_restart) {
  for (const setting& each : settings()) {
    if (!each.group.empty() || each.takes != setting::kind::number) continue;
    options wanted;
    assign(each, wanted, 1U);
    EXPECT_EQ(fixed_differences(options(), wanted).empty(), each.at_once) << each.key();
  }
}

TEST(config_reference, a_file_may_name_its_schema) {
  options read;
  EXPECT_EQ(refusal({{"$schema", "tacit.schema.json"}, {"workers", 2}}, read), "");
  EXPECT_EQ(read.workers, 2U);
}

}  // namespace
}  // namespace tacit::server
