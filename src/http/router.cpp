#include <tacit/http/router.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include "http/request_path.hpp"
#include "http/route_pattern.hpp"
#include "http/route_tree.hpp"

namespace tacit::http {
namespace {

// What the requests of one route are to those of another one, by method.
relation compare_methods(method a, method b) noexcept {
  if (a == b) return relation::equal;
  if (a == method::get && b == method::head) return relation::less_specific;
  if (a == method::head && b == method::get) return relation::more_specific;
  return relation::disjoint;
}

bool conflicts(relation by_method, relation by_path) noexcept {
  if (by_method == relation::disjoint || by_path == relation::disjoint) return false;
  if (by_path == relation::overlapping) return true;
  if (by_method == relation::equal) return by_path == relation::equal;
  return by_path != relation::equal && by_path != by_method;
}

std::string named(method on, const route_pattern& pattern) {
  return "'" + std::string(to_string(on)) + " " + pattern.text + "'";
}

constexpr std::size_t host_bytes_max = 255;  // RFC 1035 section 2.3.4.

/// The name of an authority, in lower case, without port and without the dot of the root. Empty if
/// it is too long for any pattern.
struct host_name {
  explicit host_name(std::string_view authority) noexcept {
    std::string_view name = authority.substr(0, authority.find(':'));
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.size() > room.size()) return;
    bytes = name.size();
    std::transform(name.begin(), name.end(), room.begin(), [](char each) {
      return each >= 'A' && each <= 'Z' ? static_cast<char>(each + 32) : each;
    });
  }
  [[nodiscard]] std::string_view text() const noexcept { return {room.data(), bytes}; }

  std::array<char, host_bytes_max> room;
  std::size_t bytes = 0;
};

}  // namespace

struct router::host_entry {
  std::string pattern;
  route_tree tree;

  [[nodiscard]] bool has_parameter() const noexcept { return pattern.starts_with('*'); }

  /// The label that the parameter stands for, empty without one; nullopt for another host.
  [[nodiscard]] std::optional<std::string_view> match(std::string_view host) const noexcept {
    if (!has_parameter()) return host == pattern ? std::optional(std::string_view()) : std::nullopt;
    const std::string_view label = host.substr(0, host.find('.'));
    if (label.empty() || host.substr(label.size()) != std::string_view(pattern).substr(1)) {
      return std::nullopt;
    }
    return label;
  }
};

struct router::group {
  std::uint32_t parent;
  std::string prefix;
  std::vector<std::unique_ptr<middleware>> own;  // Chains keep their addresses.
  middleware_chain chain;
};

router::router() : any_host_(std::make_unique<route_tree>()) {
  groups_.push_back(std::make_unique<group>());
}
router::~router() = default;

std::uint32_t router::add_group(std::uint32_t parent, std::string_view prefix) {
  auto fresh = std::make_unique<group>();
  fresh->parent = parent;
  fresh->prefix = groups_[parent]->prefix + std::string(prefix);
  groups_.push_back(std::move(fresh));
  rebuild_chains();
  return static_cast<std::uint32_t>(groups_.size() - 1);
}

void router::use(std::uint32_t to, middleware around) {
  groups_[to]->own.push_back(std::make_unique<middleware>(std::move(around)));
  rebuild_chains();
}

// By stage; within one the outer group's first, then in the order of use().
void router::rebuild_chains() {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    group& each = *groups_[i];
    middleware_chain chain;
    if (i != outermost) chain = groups_[each.parent]->chain;
    for (const auto& own : each.own) {
      chain.steps.push_back(own.get());
      if (own->around) chain.wraps = true;
    }
    std::stable_sort(chain.steps.begin(), chain.steps.end(),
                     [](const middleware* a, const middleware* b) { return a->at < b->at; });
    each.chain = std::move(chain);
  }
}

const middleware_chain& router::around_all() const noexcept {
  return groups_[outermost]->chain;
}

void router::add(method on, std::string_view pattern, handler with, std::uint32_t to) {
  const group& of = *groups_[to];
  if (pattern == "*") {
    if (on != method::options) throw std::invalid_argument("route '*': is for OPTIONS alone");
    if (asterisk_) throw std::invalid_argument("route 'OPTIONS *': there is one already");
    asterisk_ = std::move(with);
    return;
  }
  route_pattern parsed = parse_pattern(of.prefix + std::string(pattern));
  refuse_conflicts(on, parsed);
  routes_.push_back(std::make_unique<route_entry>(
      route_entry{std::move(parsed), on, std::move(with), &of.chain}));
  tree_for(routes_.back()->pattern.host).add(*routes_.back());
}

void router::refuse_conflicts(method on, const route_pattern& with) const {
  for (const auto& each : routes_) {
    if (each->pattern.host != with.host) continue;  // The more specific host decides.
    const relation by_path = compare_paths(with, each->pattern);
    if (!conflicts(compare_methods(on, each->on), by_path)) continue;
    throw std::invalid_argument("route " + named(on, with) + " conflicts with " +
                                named(each->on, each->pattern) +
                                ": both match some request, and neither is more specific");
  }
}

route_tree& router::tree_for(const std::string& host) {
  if (host.empty()) return *any_host_;
  const auto same = [&](const auto& each) { return each->pattern == host; };
  auto found = std::find_if(hosts_.begin(), hosts_.end(), same);
  if (found == hosts_.end()) {
    auto fresh = std::make_unique<host_entry>();
    fresh->pattern = host;
    const auto place = fresh->has_parameter() ? hosts_.end() : hosts_.begin();
    found = hosts_.insert(place, std::move(fresh));
  }
  return (*found)->tree;
}

const route_entry* router::search(std::string_view path, context& c, route_search& in) const {
  if (!hosts_.empty()) {
    const host_name host(c.request.authority);
    for (const auto& each : hosts_) {
      const auto label = each->match(host.text());
      if (!label) continue;
      in.value_count = 0;
      if (each->has_parameter()) in.push(*label);
      if (const route_entry* const found = each->tree.find(path, in)) {
        if (each->has_parameter()) {
          const std::string_view kept = keep(*label, c);
          in.values[0] = {kept.data(), kept.size()};
        }
        return found;
      }
    }
    in.value_count = 0;
  }
  return any_host_->find(path, in);
}

// Behind the decoded path, which stays where it is: find() has made room.
std::string_view router::keep(std::string_view label, context& c) {
  const std::size_t place = c.decoded_.size();
  c.decoded_.append(label);
  return std::string_view(c.decoded_).substr(place);
}

// Names the values. Nullptr, or why the request is refused.
const char* router::bind(const route_entry& found, const route_search& in, bool is_decoded,
                         context& c) {
  if (in.value_count == 0) return nullptr;
  const bool has_rest = found.pattern.path.back().is == route_pattern::kind::rest;
  c.params_.reserve(in.value_count);
  for (std::size_t i = 0; i < in.value_count; ++i) {
    const std::string_view value = in.value(i);
    const std::size_t encoded = is_decoded ? value.find(request_path::encoded_slash) : value.npos;
    if (encoded != value.npos) {
      if (has_rest && i + 1 == in.value_count)
        return "the path has an encoded '/' where it has others";
      const auto begin = c.decoded_.begin() + (value.data() - c.decoded_.data());
      std::replace(begin, begin + static_cast<std::ptrdiff_t>(value.size()),
                   request_path::encoded_slash, '/');
      if (has_empty_segment(value)) return "the path has an encoded '/' without a name before it";
    }
    c.params_.emplace_back(found.pattern.names[i], value);
  }
  return nullptr;
}

router::match router::find(context& c) const {
  if (c.request.path == "*") return find_asterisk();
  if (hosts_.empty()) {
    const route_entry* const literal = any_host_->find_literal(c.request.path, c.request.method);
    if (literal) return found(*literal);
  } else {
    c.decoded_.reserve(c.request.path.size() + host_bytes_max);
  }
  request_path path;
  if (const char* const why = decode_path(c.request.path, c.decoded_, path)) {
    return not_found(outcome::bad_request, why);
  }
  route_search in(c.request.method);
  if (const route_entry* const entry = search(path.text, c, in)) {
    if (const char* const why = bind(*entry, in, !path.is_view, c)) {
      return not_found(outcome::bad_request, why);
    }
    return found(*entry);
  }
  if (in.nearest) return without_method(path.text, c, in);
  return not_found(outcome::not_found, nullptr);
}

router::match router::found(const route_entry& entry) const {
  return {outcome::found, &entry.with, entry.around, {}, nullptr};
}

router::match router::not_found(outcome otherwise, const char* why) const {
  if (fallback_) return {outcome::found, &fallback_, &around_all(), {}, nullptr};
  return {otherwise, nullptr, &around_all(), {}, why};
}

// Has what is around the route that was missed: around which, is told by a preflight of CORS.
router::match router::without_method(std::string_view path, context& c, route_search& in) const {
  const route_entry* missed = in.nearest;
  if (c.request.method == method::options) {
    if (const auto wanted = c.request.find("Access-Control-Request-Method")) {
      route_search for_wanted(to_method(*wanted));
      if (const route_entry* const entry = search(path, c, for_wanted)) missed = entry;
    }
  }
  match answer{outcome::method_not_allowed, nullptr, missed->around, in.allow, nullptr};
  if (answer.allow.contains(method::get)) answer.allow.add(method::head);
  answer.allow.add(method::options);
  return answer;
}

router::match router::find_asterisk() const {
  if (asterisk_) return {outcome::found, &asterisk_, &around_all(), {}, nullptr};
  match answer{outcome::method_not_allowed, nullptr, &around_all(), {}, nullptr};
  for (const auto& each : routes_)
    answer.allow.add(each->on);
  if (answer.allow.contains(method::get)) answer.allow.add(method::head);
  answer.allow.add(method::options);
  return answer;
}

}  // namespace tacit::http
