#include <tacit/http/embedded_files.hpp>

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include <tacit/http/representation.hpp>

#include "http/file_path.hpp"

namespace tacit::http {
namespace {

class embedded_source final : public body_source {
 public:
  explicit embedded_source(std::string_view bytes) noexcept : bytes_(bytes) {}
  [[nodiscard]] std::string_view slice(std::uint64_t offset,
                                       std::uint64_t bytes_max) const noexcept override {
    return bytes_.substr(offset, bytes_max);
  }

 private:
  std::string_view bytes_;
};

// The file, or its best twin that the client accepts.
std::pair<const embedded_file*, content_coding> choose(const embedded_tree& tree,
                                                       const embedded_file& file, context& c) {
  std::pmr::string name(&c.arena());
  for (const content_coding coding : coding_preference(c.request, smallest_first)) {
    if (coding == content_coding::identity) break;
    name.assign(file.path).append(twin_suffix(coding));
    if (const embedded_file* const twin = tree.find(name)) return {twin, coding};
  }
  return {&file, content_coding::identity};
}

}  // namespace

const embedded_file* embedded_tree::find(std::string_view path) const noexcept {
  const auto found = std::lower_bound(
      files.begin(), files.end(), path,
      [](const embedded_file& each, std::string_view wanted) { return each.path < wanted; });
  return found != files.end() && found->path == path ? &*found : nullptr;
}

bool embedded_tree::has_folder(std::string_view path) const noexcept {
  if (path.empty()) return !files.empty();
  // Before "path/", without making that text.
  const auto is_before = [](const embedded_file& each, std::string_view wanted) {
    const int order = each.path.substr(0, wanted.size()).compare(wanted);
    if (order != 0) return order < 0;
    return each.path.substr(wanted.size()) < std::string_view("/");
  };
  const auto found = std::lower_bound(files.begin(), files.end(), path, is_before);
  return found != files.end() && found->path.starts_with(path) &&
         found->path.substr(path.size()).starts_with('/');
}

embedded_files::embedded_files(const embedded_tree& tree, file_options with)
    : tree_(tree), options_(std::move(with)) {}

void embedded_files::operator()(context& c) const {
  std::string_view path = c.param(options_.parameter);
  if (!is_file_path(path, options_.dotfiles)) return c.problem(404);
  std::pmr::string index(&c.arena());
  if (path.empty() || path.ends_with('/')) {
    if (options_.index.empty()) return c.problem(404);
    path = index.append(path).append(options_.index);
  }
  const embedded_file* const file = tree_.find(path);
  if (!file) return tree_.has_folder(path) ? redirect_to_folder(c) : c.problem(404);

  const media_type type = options_.types.of(path);
  representation what;
  what.varies = options_.twins && type.is_compressible;
  const embedded_file* sent = file;
  if (what.varies) std::tie(sent, what.coding) = choose(tree_, *file, c);
  what.length = sent->bytes.size();
  what.content_type = type.name;
  what.validators.etag = sent->etag;
  what.cache_control = options_.cache_control;
  const std::pmr::polymorphic_allocator<embedded_source> allocator(&c.arena());
  answer_with(c, what, std::allocate_shared<embedded_source>(allocator, sent->bytes));
}

}  // namespace tacit::http
