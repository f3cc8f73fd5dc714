#include <tacit/http/files.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdint>
#include <system_error>
#include <utility>

#include <tacit/http/representation.hpp>
#include <tacit/sched/blocking.hpp>

#include "http/file_path.hpp"
#include "http/file_root.hpp"
#include "http/http_date.hpp"

namespace tacit::http {
namespace {

class file_source final : public body_source {
 public:
  explicit file_source(io::unique_fd fd) noexcept : fd_(std::move(fd)) {}
  [[nodiscard]] std::string_view slice(std::uint64_t, std::uint64_t) const noexcept override {
    return {};  // Not asked: all of it has an extent.
  }
  [[nodiscard]] std::optional<file_extent> extent(std::uint64_t offset,
                                                  std::uint64_t bytes_max) const noexcept override {
    return file_extent{fd_.get(), offset, bytes_max};
  }

 private:
  io::unique_fd fd_;
};

// A path as the kernel takes it. On the stack, since the request's memory is not to be touched from
// another thread.
class file_name {
 public:
  explicit file_name(std::string_view path) noexcept {
    text_[0] = '\0';
    append(path);
  }
  void append(std::string_view more) noexcept {
    fits_ = fits_ && size_ + more.size() < text_.size();
    if (!fits_) return;
    std::copy(more.begin(), more.end(), text_.data() + size_);
    size_ += more.size();
    text_[size_] = '\0';
  }
  void cut(std::size_t size) noexcept {
    size_ = size;
    text_[size_] = '\0';
  }
  [[nodiscard]] const char* text() const noexcept { return text_.data(); }
  [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }
  [[nodiscard]] bool fits() const noexcept { return fits_; }

 private:
  std::array<char, PATH_MAX> text_;  // Left as it is: clearing it would take longer than using it.
  std::size_t size_ = 0;
  bool fits_ = true;
};

// A file to be sent, or why there is none.
struct found {
  file_root::opened file;
  content_coding coding = content_coding::identity;
  media_type type;
  bool is_folder = false;  // Asked for without its slash.
};

class search {
 public:
  search(const file_root& in, const file_options& options, std::string_view path,
         const coding_preference& codings) noexcept
      : root_(in), options_(options), path_(path), codings_(codings) {}

  found run(file_root::lookup how) const noexcept {
    found result;
    file_name name(path_);
    const bool asks_for_folder = path_.empty() || path_.ends_with('/');
    if (asks_for_folder) name.append(options_.index);
    if (!name.fits() || (asks_for_folder && options_.index.empty())) {
      result.file.error = ENOENT;
      return result;
    }
    result.file = root_.open(name.text(), how);
    result.is_folder = result.file.is_folder() && !asks_for_folder;
    if (!result.file.error && !result.file.is_file()) result.file.error = ENOENT;
    result.type = options_.types.of(name.view());
    if (result.file.is_file() && result.type.is_compressible && options_.twins) {
      prefer_twin(name, how, result);
    }
    return result;
  }

 private:
  // EAGAIN makes the whole search start anew where it may block.
  void prefer_twin(file_name& name, file_root::lookup how, found& result) const noexcept {
    const std::size_t size = name.view().size();
    for (const content_coding coding : codings_) {
      if (coding == content_coding::identity) return;
      name.cut(size);
      name.append(twin_suffix(coding));
      if (!name.fits()) return;
      file_root::opened twin = root_.open(name.text(), how);
      if (twin.error == EAGAIN) {
        result.file.error = EAGAIN;
        return;
      }
      if (!twin.is_file() || twin.status.st_mtim.tv_sec < result.file.status.st_mtim.tv_sec) {
        continue;
      }
      result.file = std::move(twin);
      result.coding = coding;
      return;
    }
  }

  const file_root& root_;
  const file_options& options_;
  std::string_view path_;
  const coding_preference& codings_;
};

// W/"time-size-br" in hexadecimal.
class file_tag {
 public:
  file_tag(const struct stat& of, content_coding coding, std::int64_t now) noexcept {
    // Within the resolution of file systems' clocks it may change without a new time.
    if (of.st_mtim.tv_sec + 2 > now) append("W/");
    append("\"");
    append(static_cast<std::uint64_t>(of.st_mtim.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(of.st_mtim.tv_nsec));
    append("-");
    append(static_cast<std::uint64_t>(of.st_size));
    if (coding != content_coding::identity) {
      append("-");
      append(to_string(coding));
    }
    append("\"");
  }
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }

 private:
  void append(std::string_view piece) noexcept {
    size_ += piece.copy(text_.data() + size_, piece.size());
  }
  void append(std::uint64_t number) noexcept {
    const auto [end, ec] =
        std::to_chars(text_.data() + size_, text_.data() + text_.size(), number, 16);
    size_ = static_cast<std::size_t>(end - text_.data());
  }

  std::array<char, 2 + 2 + 2 * 16 + 1 + 9> text_{};
  std::size_t size_ = 0;
};

int status_of(int error) noexcept {
  switch (error) {
    case EACCES:
    case EPERM:
      return 403;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
      return 503;
    case EIO:
      return 500;
    default:
      return 404;
  }
}

void answer_with_file(context& c, found&& what, const file_options& options) {
  const struct stat& status = what.file.status;
  const std::int64_t now = present_second();
  const file_tag tag(status, what.coding, now);
  representation as;
  as.length = static_cast<std::uint64_t>(status.st_size);
  as.content_type = what.type.name;
  as.validators.etag = tag.text();
  // RFC 9110 section 8.8.2.1: never later than the answer.
  if (status.st_mtim.tv_sec <= now) as.validators.last_modified = status.st_mtim.tv_sec;
  as.coding = what.coding;
  as.varies = options.twins && what.type.is_compressible;
  as.cache_control = options.cache_control;
  const std::pmr::polymorphic_allocator<file_source> allocator(&c.arena());
  answer_with(c, as, std::allocate_shared<file_source>(allocator, std::move(what.file.fd)));
}

}  // namespace

files::files(const std::string& folder, file_options with)
    : root_(std::make_shared<file_root>(folder)),
      options_(std::make_shared<file_options>(std::move(with))) {}

sched::task<> files::operator()(context& c) const {
  const std::string_view path = c.param(options_->parameter);
  if (!is_file_path(path, options_->dotfiles)) co_return c.problem(404);
  const coding_preference codings(c.request, smallest_first);
  const search wanted(*root_, *options_, path, codings);
  found result = wanted.run(file_root::lookup::cached);
  if (result.file.error == EAGAIN) {
    const auto look_on_disk = [&]() noexcept { result = wanted.run(file_root::lookup::full); };
    try {
      co_await sched::blocking(look_on_disk);
    } catch (const std::system_error&) {
      result.file.error = EAGAIN;  // No thread to be had: too much is waiting for the disk already.
    }
  }
  if (result.is_folder) co_return redirect_to_folder(c);
  if (result.file.error) co_return c.problem(status_of(result.file.error));
  answer_with_file(c, std::move(result), *options_);
}

}  // namespace tacit::http
