#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "bench/formats/recorded_traffic.hpp"

namespace tacit::bench::formats {
namespace {

using json = nlohmann::json;

std::string text_in(const json& from, const char* key) {
  if (!from.is_object()) return {};
  const auto at = from.find(key);
  return at != from.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

const char* read_entry(const json& entry, recorded_request& into) {
  const auto request = entry.find("request");
  if (request == entry.end() || !request->is_object()) return "an entry without a request";
  into.method = text_in(*request, "method");
  const auto target = target_of(text_in(*request, "url"));
  if (!target) return "url is none, or not http";
  into.target = *target;
  for (const auto& field : request->value("headers", json::array())) {
    const auto name = text_in(field, "name");
    if (is_replayed(name)) into.fields.emplace_back(name, text_in(field, "value"));
  }
  if (request->contains("postData")) into.body = text_in((*request)["postData"], "text");
  into.time_ns = parse_rfc3339(text_in(entry, "startedDateTime"));
  if (!into.time_ns) return "startedDateTime is not of RFC 3339";
  return not_sendable(into);
}

std::uint64_t line_at(std::string_view text, std::size_t byte) {
  const auto before = text.substr(0, byte);
  return 1 + static_cast<std::uint64_t>(std::count(before.begin(), before.end(), '\n'));
}

/// An archive, entry by entry: each is taken when it is complete and dropped from the tree, so that
/// one that is cut off later keeps those before.
class archive {
 public:
  explicit archive(std::string_view text) : text_{text} {}

  recorded_traffic read() {
    try {
      const auto rest =
          json::parse(text_, [this](int depth, json::parse_event_t event, json& parsed) {
            return on_event(depth, event, parsed);
          });
      judge_version(rest);
    } catch (const json::parse_error& wrong) {
      out_.rejected.add(line_at(text_, wrong.byte), "the JSON is cut off or damaged here");
    } catch (const json::exception&) {
      out_.rejected.add(1, "the JSON has a number out of range");
    }
    order(out_);
    return std::move(out_);
  }

 private:
  // log is at depth 1, entries at 2, each of them at 3.
  bool on_event(int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::key && depth == 2) in_entries_ = parsed == "entries";
    if (event != json::parse_event_t::object_end || depth != 3 || !in_entries_) return true;
    ++entries_;
    recorded_request request;
    if (const char* wrong = read_entry(parsed, request)) {
      // nlohmann's callback does not say where it is; the entry's number does.
      out_.rejected.add(1, fmt::format("entry {}: {}", entries_, wrong));
    } else {
      out_.requests.push_back(std::move(request));
    }
    return false;
  }

  void judge_version(const json& rest) {
    const auto log = rest.is_object() ? rest.value("log", json{}) : json{};
    if (!log.is_object()) return out_.rejected.add(1, "no log: this is no HTTP archive");
    const auto version = text_in(log, "version");
    if (version != "1.1" && version != "1.2") {
      out_.rejected.add(1,
                        fmt::format("HAR version \"{}\": what looks like 1.2 was read", version));
    }
  }

  std::string_view text_;
  recorded_traffic out_;
  std::uint64_t entries_ = 0;
  bool in_entries_ = false;
};

}  // namespace

recorded_traffic parse_har(std::string_view text) {
  return archive{text}.read();
}

}  // namespace tacit::bench::formats
