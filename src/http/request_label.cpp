// A number is the slot's index in its upper half and the request's in its lower one.
//
// A slot is read while it may be written. `current` says which request the rest is about; it is 0
// while there is none, or the rest is being written. Writer: current = 0; the rest; current = n.
// Reader: current is n; the rest; current is still n. Each store of the rest is a release and each
// load an acquire, so a reader that saw something newer sees a newer `current` afterwards. As the
// requests of a slot are counted on over its connections, `current` never has a value again.

#include "http/request_label.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>

namespace tacit::http {
namespace {

constexpr std::size_t words = request_label::line_bytes_max / sizeof(std::uint64_t);
constexpr std::size_t chunk_slots = 256;
// A million connections. What is above shares one slot, and is not found.
constexpr std::size_t chunks_max = 4096;

}  // namespace

struct request_label::slot {
  base::atomic<std::uint32_t> current{0};
  base::atomic<std::uint32_t> line_bytes{0};
  base::atomic<std::uint64_t> connection{0};
  base::atomic<std::uint32_t> first_request{0};  // Of the connection, minus one.
  std::array<base::atomic<std::uint64_t>, words> line{};
  std::uint32_t index = 0;
  slot* next_free = nullptr;          // Guarded by the registry's lock.
  std::uint32_t requests_so_far = 0;  // Guarded by the registry's lock.
};

namespace {

using slot = request_label::slot;

class registry {
 public:
  slot& take() {
    const std::lock_guard guard(lock_);
    if (!free_) grow();
    slot& taken = *free_;
    if (&taken != &beyond_) free_ = taken.next_free;
    taken.connection.store(++connections_, base::memory_order_release);
    taken.first_request.store(taken.requests_so_far, base::memory_order_release);
    return taken;
  }

  void give_back(slot& returned, std::uint32_t requests) noexcept {
    if (&returned == &beyond_) return;
    const std::lock_guard guard(lock_);
    returned.requests_so_far = requests;
    returned.next_free = free_;
    free_ = &returned;
  }

  [[nodiscard]] const slot* find(std::uint32_t index) const noexcept {
    if (index / chunk_slots >= chunks_max) return nullptr;
    const slot* chunk = chunks_[index / chunk_slots].load(base::memory_order_acquire);
    return chunk ? chunk + index % chunk_slots : nullptr;
  }

 private:
  void grow() {
    if (made_ == chunks_max) {
      beyond_.index = chunks_max * chunk_slots;
      free_ = &beyond_;
      return;
    }
    auto* chunk = new slot[chunk_slots];  // Never returned: see the class.
    for (std::size_t i = chunk_slots; i-- > 0;) {
      chunk[i].index = static_cast<std::uint32_t>(made_ * chunk_slots + i);
      chunk[i].next_free = free_;
      free_ = &chunk[i];
    }
    // Release: who finds the chunk finds its slots made.
    chunks_[made_++].store(chunk, base::memory_order_release);
  }

  base::mutex lock_;
  slot* free_ = nullptr;           // Guarded by lock_.
  std::size_t made_ = 0;           // Guarded by lock_.
  std::uint64_t connections_ = 0;  // Guarded by lock_.
  std::array<base::atomic<slot*>, chunks_max> chunks_{};
  slot beyond_;
};

registry& all_slots() noexcept {
  static registry made;
  return made;
}

}  // namespace

std::string labelled_request::to_string() const {
  std::string text = line;
  for (char& each : text) {
    if (each < ' ' || each > '~') each = '?';
  }
  if (line.size() == request_label::line_bytes_max) text += "...";
  return text + " (connection " + std::to_string(connection) + ", request " +
         std::to_string(request) + ")";
}

request_label::request_label()
    : slot_(all_slots().take()), requests_(slot_.first_request.load(base::memory_order_relaxed)) {}

request_label::~request_label() {
  end();
  all_slots().give_back(slot_, requests_.load(base::memory_order_relaxed));
}

std::uint64_t request_label::begin(std::string_view text, std::size_t readable) noexcept {
  std::array<std::uint64_t, words> copy{};
  if (readable >= line_bytes_max) [[likely]] {
    std::memcpy(copy.data(), text.data(), line_bytes_max);
  } else {
    std::memcpy(copy.data(), text.data(), std::min(text.size(), line_bytes_max));
  }
  std::uint32_t number = requests_.load(base::memory_order_relaxed) + 1;
  if (number == 0) number = 1;
  requests_.store(number, base::memory_order_relaxed);
  slot_.current.store(0, base::memory_order_relaxed);
  for (std::size_t i = 0; i < words; ++i)
    slot_.line[i].store(copy[i], base::memory_order_release);
  slot_.line_bytes.store(static_cast<std::uint32_t>(std::min(text.size(), line_bytes_max)),
                         base::memory_order_release);
  slot_.current.store(number, base::memory_order_release);
  return (std::uint64_t{slot_.index} << 32) | number;
}

void request_label::end() noexcept {
  slot_.current.store(0, base::memory_order_relaxed);
}

// The slot is this label's while it lives, so what was there at the beginning of it stays.
request_label::summary request_label::summarize() const {
  summary made;
  made.connection = slot_.connection.load(base::memory_order_acquire);
  const std::uint32_t number = requests_.load(base::memory_order_relaxed);
  made.requests = number - slot_.first_request.load(base::memory_order_acquire);
  if (made.requests != 0) made.current = find((std::uint64_t{slot_.index} << 32) | number);
  return made;
}

std::optional<labelled_request> request_label::find(std::uint64_t number) {
  const slot* at = all_slots().find(static_cast<std::uint32_t>(number >> 32));
  const auto wanted = static_cast<std::uint32_t>(number);
  if (!at || wanted == 0 || at->current.load(base::memory_order_acquire) != wanted) {
    return std::nullopt;
  }
  std::array<std::uint64_t, words> copy;
  for (std::size_t i = 0; i < words; ++i)
    copy[i] = at->line[i].load(base::memory_order_acquire);
  const std::size_t bytes = at->line_bytes.load(base::memory_order_acquire);
  labelled_request found;
  found.connection = at->connection.load(base::memory_order_acquire);
  found.request = wanted - at->first_request.load(base::memory_order_acquire);
  if (at->current.load(base::memory_order_relaxed) != wanted) return std::nullopt;
  found.line.assign(reinterpret_cast<const char*>(copy.data()), std::min(bytes, line_bytes_max));
  return found;
}

}  // namespace tacit::http
