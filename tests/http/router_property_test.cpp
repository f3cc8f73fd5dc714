// The router against a reference that tries every pattern, and tells specificity by sets of
// requests instead of by the form of patterns.

#include <tacit/http/router.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bitset>
#include <memory_resource>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace tacit::http {
namespace {

struct asked {
  method on;
  std::string host;
  std::string path;
};

std::vector<std::string> split(const std::string& path) {
  std::vector<std::string> segments;
  for (std::size_t at = 0; at != std::string::npos;) {
    const std::size_t end = path.find('/', at + 1);
    segments.push_back(path.substr(at + 1, end == std::string::npos ? end : end - at - 1));
    at = end;
  }
  return segments;
}

// Every request that the patterns below can tell apart: 'c' is in none of them.
const std::vector<asked>& universe() {
  static const std::vector<asked> all = [] {
    std::vector<std::string> paths{""};
    std::vector<std::string> deeper{""};
    for (int depth = 0; depth < 4; ++depth) {
      std::vector<std::string> longer;
      for (const auto& path : deeper) {
        for (const auto* segment : {"", "a", "b", "c"})
          longer.push_back(path + "/" + segment);
      }
      deeper = longer;
      paths.insert(paths.end(), longer.begin(), longer.end());
    }
    paths.erase(paths.begin());
    std::vector<asked> requests;
    for (const auto& path : paths) {
      for (const method on : {method::get, method::head, method::post}) {
        for (const auto* host : {"x.org", "y.org", "other"})
          requests.push_back({on, host, path});
      }
    }
    return requests;
  }();
  return all;
}

constexpr std::size_t universe_max = 4096;
using requests = std::bitset<universe_max>;

struct pattern {
  method on;
  std::string host;  // "", "x.org" or "{h}.org".
  std::string path;

  [[nodiscard]] int host_rank() const { return host.empty() ? 0 : host[0] == '{' ? 1 : 2; }

  [[nodiscard]] bool matches_path(const std::string& asked_path) const {
    const auto want = split(path);
    const auto have = split(asked_path);
    for (std::size_t i = 0; i + 1 < have.size(); ++i) {
      if (have[i].empty()) return false;
    }
    for (std::size_t i = 0; i < want.size(); ++i) {
      if (i >= have.size()) return false;
      if (want[i].ends_with("...}")) return true;
      if (want[i].starts_with('{') ? have[i].empty() : want[i] != have[i]) return false;
    }
    return want.size() == have.size();
  }
  [[nodiscard]] bool matches_host(const std::string& asked_host) const {
    if (host.starts_with('{')) return asked_host.ends_with(".org");
    return host.empty() || host == asked_host;
  }
  [[nodiscard]] bool matches(const asked& request) const {
    const bool by_method = request.on == on || (request.on == method::head && on == method::get);
    return by_method && matches_host(request.host) && matches_path(request.path);
  }
  [[nodiscard]] requests all() const {
    requests found;
    for (std::size_t i = 0; i < universe().size(); ++i)
      found[i] = matches(universe()[i]);
    return found;
  }
};

bool is_part(const requests& of, const requests& a) {
  return (a & ~of).none() && a != of;
}

pattern random_pattern(std::mt19937& random) {
  pattern made;
  const auto one_of = [&](auto... choices) {
    const std::vector<std::string> all{choices...};
    return all[random() % all.size()];
  };
  made.on = std::vector{method::get, method::get, method::head, method::post}[random() % 4];
  made.host = one_of("", "", "", "x.org", "{h}.org");
  const unsigned depth = 1 + random() % 3;
  for (unsigned i = 0; i < depth; ++i) {
    const bool is_last = i + 1 == depth;
    const std::string name = "{p" + std::to_string(i) + "}";
    const std::string rest = "{p" + std::to_string(i) + "...}";
    made.path += "/" + (is_last ? one_of("a", "b", "", name.c_str(), name.c_str(), rest.c_str())
                                : one_of("a", "b", name.c_str()));
  }
  return made;
}

struct accepted {
  pattern with;
  requests matched;
};

// The most specific one, found by looking at all of them.
std::optional<std::size_t> reference(const std::vector<accepted>& table, std::size_t request) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (!table[i].matched[request]) continue;
    if (!best || table[i].with.host_rank() > table[*best].with.host_rank() ||
        (table[i].with.host_rank() == table[*best].with.host_rank() &&
         is_part(table[*best].matched, table[i].matched))) {
      best = i;
    }
  }
  return best;
}

std::string encode_some(const std::string& path, std::mt19937& random) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string encoded;
  for (const char each : path) {
    if (each == '/' || random() % 3 != 0) {
      encoded += each;
      continue;
    }
    encoded += '%';
    encoded += digits[static_cast<unsigned char>(each) / 16];
    encoded += digits[static_cast<unsigned char>(each) % 16];
  }
  return encoded;
}

// What the router answers, in words. The handlers say the number of their route.
std::string ask(const router& routes, const asked& request, const std::string& path) {
  context c(*std::pmr::new_delete_resource());
  c.request.method = request.on;
  c.request.path = path;
  c.request.authority = request.host;
  const auto match = routes.find(c);
  if (match.result != router::outcome::found) {
    std::string answer = match.result == router::outcome::method_not_allowed ? "405 " : "none ";
    match.allow.append_names(answer);
    return answer;
  }
  match.with->plain(c);
  return std::string(c.response.body);
}

std::string expected(const std::vector<accepted>& table, std::size_t index) {
  if (const auto found = reference(table, index)) return "route " + std::to_string(*found);
  const asked& request = universe()[index];
  method_set allow;
  for (const accepted& each : table) {
    if (!each.with.matches_host(request.host) || !each.with.matches_path(request.path)) continue;
    allow.add(each.with.on);
    if (each.with.on == method::get) allow.add(method::head);
  }
  if (allow.empty()) return "none ";
  allow.add(method::options);
  std::string answer = "405 ";
  allow.append_names(answer);
  return answer;
}

TEST(router_property, finds_what_a_search_of_all_patterns_finds) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  ASSERT_LE(universe().size(), universe_max);
  for (int round = 0; round < 25; ++round) {
    router routes;
    std::vector<accepted> table;
    for (int tries = 0; tries < 30; ++tries) {
      const pattern fresh = random_pattern(random);
      const requests matched = fresh.all();
      const bool conflicts = std::any_of(table.begin(), table.end(), [&](const accepted& each) {
        return each.with.host == fresh.host && (each.matched & matched).any() &&
               !is_part(each.matched, matched) && !is_part(matched, each.matched);
      });
      const std::string text = "route " + std::to_string(table.size());
      bool was_refused = false;
      try {
        routes.add(fresh.on, fresh.host + fresh.path,
                   make_handler([text](context& c) { c.text(text); }));
      } catch (const std::invalid_argument&) {
        was_refused = true;
      }
      ASSERT_EQ(was_refused, conflicts) << fresh.host << fresh.path;
      if (!was_refused) table.push_back({fresh, matched});
    }
    for (std::size_t i = 0; i < universe().size(); ++i) {
      const asked& request = universe()[i];
      const std::string want = expected(table, i);
      ASSERT_EQ(ask(routes, request, request.path), want) << request.host << request.path;
      const std::string encoded = encode_some(request.path, random);
      ASSERT_EQ(ask(routes, request, encoded), want) << request.host << encoded;
    }
  }
}

// Whatever is sent, a parameter is a decoded part of the path that leads nowhere else.
TEST(router_property, no_path_makes_a_parameter_that_escapes) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  router routes;
  routes.add(method::get, "/{a}", make_handler([](context& c) { c.text(c.param("a")); }));
  routes.add(method::get, "/f/{a...}", make_handler([](context& c) { c.text(c.param("a")); }));
  static const std::vector<std::string> pieces = {"/",   ".", "..",  "%2e", "%2F", "%2f", "a", "f",
                                                  "/f/", "%", "%00", "%5c", "//",  "%25", "%2"};
  int found = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string path = "/";
    for (unsigned i = random() % 8; i > 0; --i)
      path += pieces[random() % pieces.size()];
    context c(*std::pmr::new_delete_resource());
    c.request.path = path;
    const auto match = routes.find(c);
    if (match.result != router::outcome::found) continue;
    ++found;
    const std::string value(c.param("a"));
    ASSERT_FALSE(value.starts_with('/')) << path;
    ASSERT_EQ(value.find('\0'), std::string::npos) << path;
    for (const auto& segment : split("/" + value))
      ASSERT_TRUE(segment != "." && segment != "..") << path << " gave " << value;
  }
  EXPECT_GT(found, 1000);
}

}  // namespace
}  // namespace tacit::http
