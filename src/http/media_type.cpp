#include <tacit/http/media_type.hpp>

#include <algorithm>
#include <array>

namespace tacit::http {
namespace {

struct known_type {
  std::string_view extension;
  media_type type;
};

// Sorted by extension. Text is UTF-8: what is not has been rare for long, and can be set.
constexpr known_type known[] = {
    {"aac", {"audio/aac", false}},
    {"apng", {"image/apng", false}},
    {"atom", {"application/atom+xml", true}},
    {"avif", {"image/avif", false}},
    {"bmp", {"image/bmp", true}},
    {"bz2", {"application/x-bzip2", false}},
    {"css", {"text/css; charset=utf-8", true}},
    {"csv", {"text/csv; charset=utf-8", true}},
    {"epub", {"application/epub+zip", false}},
    {"flac", {"audio/flac", false}},
    {"gif", {"image/gif", false}},
    {"gz", {"application/gzip", false}},
    {"htm", {"text/html; charset=utf-8", true}},
    {"html", {"text/html; charset=utf-8", true}},
    {"ico", {"image/vnd.microsoft.icon", true}},
    {"ics", {"text/calendar; charset=utf-8", true}},
    {"jpeg", {"image/jpeg", false}},
    {"jpg", {"image/jpeg", false}},
    {"js", {"text/javascript; charset=utf-8", true}},
    {"json", {"application/json", true}},
    {"jsonld", {"application/ld+json", true}},
    {"jxl", {"image/jxl", false}},
    {"m4a", {"audio/mp4", false}},
    {"m4v", {"video/mp4", false}},
    {"map", {"application/json", true}},
    {"md", {"text/markdown; charset=utf-8", true}},
    {"mjs", {"text/javascript; charset=utf-8", true}},
    {"mkv", {"video/matroska", false}},
    {"mov", {"video/quicktime", false}},
    {"mp3", {"audio/mpeg", false}},
    {"mp4", {"video/mp4", false}},
    {"mpeg", {"video/mpeg", false}},
    {"oga", {"audio/ogg", false}},
    {"ogg", {"audio/ogg", false}},
    {"ogv", {"video/ogg", false}},
    {"opus", {"audio/ogg", false}},
    {"otf", {"font/otf", true}},
    {"pdf", {"application/pdf", false}},
    {"png", {"image/png", false}},
    {"rss", {"application/rss+xml", true}},
    {"rtf", {"application/rtf", true}},
    {"svg", {"image/svg+xml", true}},
    {"tar", {"application/x-tar", true}},
    {"tif", {"image/tiff", false}},
    {"tiff", {"image/tiff", false}},
    {"ttf", {"font/ttf", true}},
    {"txt", {"text/plain; charset=utf-8", true}},
    {"vtt", {"text/vtt; charset=utf-8", true}},
    {"wasm", {"application/wasm", true}},
    {"wav", {"audio/wav", true}},
    {"weba", {"audio/webm", false}},
    {"webm", {"video/webm", false}},
    {"webmanifest", {"application/manifest+json", true}},
    {"webp", {"image/webp", false}},
    {"woff", {"font/woff", false}},
    {"woff2", {"font/woff2", false}},
    {"xhtml", {"application/xhtml+xml", true}},
    {"xml", {"application/xml", true}},
    {"yaml", {"application/yaml", true}},
    {"yml", {"application/yaml", true}},
    {"zip", {"application/zip", false}},
    {"zst", {"application/zstd", false}},
};
static_assert(std::is_sorted(std::begin(known), std::end(known),
                             [](const known_type& a, const known_type& b) {
                               return a.extension < b.extension;
                             }));

// An extension in lower case. One that is longer is nobody's.
class extension {
 public:
  explicit extension(std::string_view path) noexcept {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    const auto dot = name.rfind('.');
    // The dot of ".profile" hides the file and begins no extension.
    if (dot == std::string_view::npos || dot == 0) return;
    const std::string_view text = name.substr(dot + 1);
    if (text.size() > text_.size()) return;
    std::transform(text.begin(), text.end(), text_.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    size_ = text.size();
  }
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, 32> text_{};
  std::size_t size_ = 0;
};

media_type find_known(std::string_view wanted) noexcept {
  const auto* const found = std::lower_bound(
      std::begin(known), std::end(known), wanted,
      [](const known_type& each, std::string_view text) { return each.extension < text; });
  return found != std::end(known) && found->extension == wanted ? found->type : media_type{};
}

}  // namespace

media_type media_type_of(std::string_view path) noexcept {
  return find_known(extension(path).text());
}

void media_types::set(std::string_view extension_text, std::string_view type,
                      bool is_compressible) {
  const std::string file = "x." + std::string(extension_text);
  own_[std::string(extension(file).text())] = {std::string(type), is_compressible};
}

media_type media_types::of(std::string_view path) const {
  const extension wanted(path);
  const auto found = own_.find(wanted.text());
  if (found != own_.end()) return {found->second.name, found->second.is_compressible};
  return find_known(wanted.text());
}

}  // namespace tacit::http
