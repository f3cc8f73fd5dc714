#include "http/route_tree.hpp"

#include <cstring>

#include "http/request_path.hpp"

namespace tacit::http {

const route_entry* route_tree::leaf::find(method asked) const noexcept {
  const route_entry* const exact = by_method[static_cast<std::size_t>(asked)];
  if (exact || asked != method::head) return exact;
  return by_method[static_cast<std::size_t>(method::get)];
}

void route_tree::add(const route_entry& added) {
  using kind = route_pattern::kind;
  node* at = &root_;
  std::unique_ptr<leaf>* into = nullptr;
  for (const auto& segment : added.pattern.path) {
    if (segment.is == kind::rest) {
      into = &at->rest;
    } else if (segment.is == kind::one) {
      if (!at->one) at->one = std::make_unique<node>();
      at = at->one.get();
    } else {
      const std::uint32_t place = at->texts.add(segment.text);
      if (place == at->literals.size()) at->literals.push_back(std::make_unique<node>());
      at = at->literals[place].get();
    }
  }
  if (!into) into = &at->end;
  if (!*into) *into = std::make_unique<leaf>();
  (*into)->by_method[static_cast<std::size_t>(added.on)] = &added;
  (*into)->methods.add(added.on);
  if (!added.pattern.names.empty()) return;
  const std::uint32_t place = literal_paths_.add(added.pattern.text);
  if (place == literal_leaves_.size()) literal_leaves_.push_back(into->get());
}

const route_entry* route_tree::find_literal(std::string_view path, method asked) const noexcept {
  const std::uint32_t place = literal_paths_.find(path);
  return place == text_index::none ? nullptr : literal_leaves_[place]->find(asked);
}

const route_entry* route_tree::find(std::string_view path, route_search& in) const {
  return path.starts_with('/') ? descend(root_, path, in) : nullptr;
}

const route_entry* route_tree::take(const leaf& found, route_search& in) noexcept {
  if (const route_entry* const entry = found.find(in.asked)) return entry;
  in.allow.add(found.methods);
  for (std::size_t i = 0; i < method_count && !in.nearest; ++i)
    in.nearest = found.by_method[i];
  return nullptr;
}

// `path` starts with '/', or is empty at the end.
const route_entry* route_tree::descend(const node& from, std::string_view path, route_search& in) {
  const node* at = &from;
  for (;;) {
    if (path.empty()) return at->end ? take(*at->end, in) : nullptr;
    const std::string_view rest = path.substr(1);
    const auto* const slash = static_cast<const char*>(std::memchr(rest.data(), '/', rest.size()));
    const std::size_t bytes = slash ? static_cast<std::size_t>(slash - rest.data()) : rest.size();
    const std::string_view segment = rest.substr(0, bytes);
    path = rest.substr(bytes);
    const std::uint32_t place = at->texts.find(segment);
    const node* const next = place == text_index::none ? nullptr : at->literals[place].get();
    if (next && !at->one && !at->rest) {
      at = next;
      continue;
    }
    if (next) {
      if (const route_entry* const found = descend(*next, path, in)) return found;
    }
    // What the values count was when a branch came to nothing, it is again.
    if (at->one && !segment.empty()) {
      in.push(segment);
      if (const route_entry* const found = descend(*at->one, path, in)) return found;
      --in.value_count;
    }
    if (at->rest && !has_empty_segment(rest)) {
      in.push(rest);
      if (const route_entry* const found = take(*at->rest, in)) return found;
      --in.value_count;
    }
    return nullptr;
  }
}

}  // namespace tacit::http
