// Notes as JSON: list, create, read, replace, delete.
//
//   curl -d '{"text": "buy milk"}' http://127.0.0.1:8080/notes
//   curl http://127.0.0.1:8080/notes/1

#include <charconv>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <tacit/http/json.hpp>
#include <tacit/server/server.hpp>

using tacit::http::context;

class notes {
 public:
  void list(context& c) {
    const std::lock_guard lock(mutex_);
    tacit::http::json all = tacit::http::json::array();
    for (const auto& [id, text] : texts_)
      all.push_back({{"id", id}, {"text", text}});
    c.json(all);
  }

  void create(context& c) {
    const auto text = text_of(c);
    if (!text) return;
    const std::lock_guard lock(mutex_);
    if (texts_.size() == notes_max) return c.problem(507, "no room for more notes");
    texts_[++last_id_] = *text;
    c.status(201).set("Location", "/notes/" + std::to_string(last_id_));
    c.json({{"id", last_id_}, {"text", *text}});
  }

  void read(context& c) {
    const std::lock_guard lock(mutex_);
    const auto found = texts_.find(id_of(c));
    if (found == texts_.end()) return c.problem(404);
    c.json({{"id", found->first}, {"text", found->second}});
  }

  void replace(context& c) {
    const auto text = text_of(c);
    if (!text) return;
    const std::lock_guard lock(mutex_);
    const auto found = texts_.find(id_of(c));
    if (found == texts_.end()) return c.problem(404);
    found->second = *text;
    c.json({{"id", found->first}, {"text", *text}});
  }

  void remove(context& c) {
    const std::lock_guard lock(mutex_);
    if (texts_.erase(id_of(c)) == 0) return c.problem(404);
    c.status(204);
  }

 private:
  static constexpr std::size_t notes_max = 10'000;

  // 0, which no note has, for what is no number.
  static std::uint64_t id_of(const context& c) {
    const std::string_view text = c.param("id");
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    return error == std::errc() && end == text.data() + text.size() ? id : 0;
  }

  // Answers by itself if there is none.
  static std::optional<std::string> text_of(context& c) {
    const auto body = nlohmann::json::parse(c.request.body, nullptr, false);
    if (body.is_discarded()) {
      c.problem(400, "the body is no JSON");
    } else if (!body.is_object() || !body.contains("text") || !body["text"].is_string()) {
      c.problem(422, "expected {\"text\": \"...\"}");
    } else {
      return body["text"].get<std::string>();
    }
    return std::nullopt;
  }

  std::mutex mutex_;  // Held for moments only, so that no worker waits for it.
  std::map<std::uint64_t, std::string> texts_;
  std::uint64_t last_id_ = 0;
};

int main(int argc, char** argv) {
  notes all;
  tacit::server::server app({.listen = argc > 1 ? argv[1] : "127.0.0.1:8080"});
  app.get("/notes", [&](context& c) { all.list(c); });
  app.post("/notes", [&](context& c) { all.create(c); });
  app.get("/notes/{id}", [&](context& c) { all.read(c); });
  app.put("/notes/{id}", [&](context& c) { all.replace(c); });
  app.del("/notes/{id}", [&](context& c) { all.remove(c); });
  return app.run();
}
