#include <sys/mman.h>
#include <unistd.h>

#include <tacit/server/options.hpp>

#include "fuzz/targets.hpp"

namespace tacit::fuzz {
namespace {

// The text as a file, since that is what the reader takes.
class file_in_memory {
 public:
  explicit file_in_memory(std::string_view text) : fd_(::memfd_create("config", MFD_CLOEXEC)) {
    require(fd_ >= 0, "no file in memory can be had");
    for (std::size_t written = 0; written < text.size();) {
      const auto n = ::write(fd_, text.data() + written, text.size() - written);
      require(n > 0, "the file in memory cannot be written");
      written += static_cast<std::size_t>(n);
    }
  }
  file_in_memory(const file_in_memory&) = delete;
  file_in_memory& operator=(const file_in_memory&) = delete;
  ~file_in_memory() { ::close(fd_); }

  [[nodiscard]] std::string name() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

bool is_equal(const server::options& a, const server::options& b) {
  return server::fixed_differences(a, b).empty() && a.limits == b.limits &&
         a.drain_delay == b.drain_delay && a.drain_idle == b.drain_idle &&
         a.drain_timeout == b.drain_timeout && a.upgrade_timeout == b.upgrade_timeout;
}

}  // namespace

void fuzz_config(input bytes) {
  const file_in_memory file(as_text(bytes));
  server::options before;
  before.workers = 3;
  before.limits.fields_max = 7;
  server::options after = before;
  const auto result = server::load_config(file.name(), after);
  if (const auto* refused = std::get_if<base::failure>(&result)) {
    require(refused->message.starts_with(file.name() + ":"),
            "a failure that does not name its place");
    require(is_equal(before, after), "a config that was refused changed something");
    return;
  }
  require(after.workers <= server::workers_max, "more workers than there may be");
  server::options again = after;
  require(std::holds_alternative<std::monostate>(server::load_config(file.name(), again)),
          "what was taken once is refused");
  require(is_equal(after, again), "taken twice it is another config");
}

}  // namespace tacit::fuzz
