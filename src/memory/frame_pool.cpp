// Every block starts with a header that names its owner and size class. The owner's free lists are
// touched by the owning thread only. Strays (blocks freed elsewhere) are pushed onto the owner's
// `returned` list, which the owner takes whole: there is no pop of a single node, hence no ABA.
//
// When a pool is destroyed it puts `closed` into `returned`. From then on whoever frees a block
// gives it to the heap and counts it in `orphans`; whoever brings that count to zero deletes the
// core. The count may go below zero before the pool has added the number of blocks still in use; it
// can reach zero only once, after that.

#include <tacit/memory/frame_pool.hpp>

#include <new>
#include <utility>

namespace tacit::memory {

struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) frame_pool::block {
  core* owner;  // Null for a block straight from the heap.
  union {
    std::uint64_t size_class;
    block* unused;
  };
  frame_note note;
  // A free block links to the next one where the frame was.
  [[nodiscard]] block*& next() noexcept { return *reinterpret_cast<block**>(this + 1); }
};

namespace {
constexpr std::size_t classes = frame_pool::largest_bytes / frame_pool::class_bytes;
constexpr std::uint32_t stray_batch = 32;  // Not measured.
}  // namespace

struct frame_pool::core {
  struct free_list {
    block* first = nullptr;
    std::uint32_t count = 0;
  };
  std::array<free_list, classes> lists;  // Owning thread only.
  std::int64_t in_use = 0;               // Owning thread only; strays count until they are home.
  base::atomic<block*> returned{nullptr};
  base::atomic<std::int64_t> orphans{0};

  [[nodiscard]] static block* closed() noexcept {
    static block sentinel{};
    return &sentinel;
  }
  void settle_orphans(std::int64_t change) noexcept {
    if (orphans.fetch_add(change, base::memory_order_acq_rel) + change == 0) delete this;
  }
  void keep(block* freed) noexcept {
    auto& list = lists[freed->size_class];
    --in_use;
    if (list.count == kept_blocks_max) {
      ::operator delete(freed);
      return;
    }
    freed->next() = std::exchange(list.first, freed);
    ++list.count;
  }
  void keep_all(block* first) noexcept {
    while (first)
      keep(std::exchange(first, first->next()));
  }
  void drop_lists() noexcept {
    for (auto& list : lists) {
      while (list.first)
        ::operator delete(std::exchange(list.first, list.first->next()));
    }
  }
};

namespace {

constinit thread_local frame_pool* bound = nullptr;

}  // namespace

// Strays of one owner at a time: coroutines that migrate mostly come from one place.
struct frame_pool::strays {
  core* owner = nullptr;
  block* first = nullptr;
  block* last = nullptr;
  std::uint32_t count = 0;

  static strays& of_this_thread() noexcept {
    constinit static thread_local strays gathered;
    return gathered;
  }
};

frame_pool::frame_pool() : core_(new core) {}

frame_pool::~frame_pool() {
  core_->keep_all(core_->returned.exchange(core::closed(), base::memory_order_acq_rel));
  core_->drop_lists();
  core_->settle_orphans(core_->in_use);
}

frame_pool::binding::binding(frame_pool* pool) noexcept : previous_(std::exchange(bound, pool)) {}

frame_pool::binding::~binding() {
  flush_strays();
  bound = previous_;
}

void* frame_pool::allocate(std::size_t bytes) {
  if (!bound || bytes > largest_bytes) {
    auto* fresh = new (::operator new(sizeof(block) + bytes)) block{nullptr, {0}, {}};
    return begin(*fresh);
  }
  core& own = *bound->core_;
  const std::size_t index = bytes == 0 ? 0 : (bytes - 1) / class_bytes;
  auto& list = own.lists[index];
  if (!list.first && own.returned.load(base::memory_order_relaxed)) {
    own.keep_all(own.returned.exchange(nullptr, base::memory_order_acquire));
  }
  ++own.in_use;
  if (block* reused = list.first) {
    list.first = reused->next();
    --list.count;
    return begin(*reused);
  }
  auto* fresh =
      new (::operator new(sizeof(block) + (index + 1) * class_bytes)) block{&own, {index}, {}};
  return begin(*fresh);
}

// The owner writes alone, so there is nothing to be lost between load and store.
void frame_pool::turn(frame_note& note) noexcept {
  memory::note(note.generation, note.generation.load(base::memory_order_relaxed) + 1);
}

void* frame_pool::begin(block& used) noexcept {
  turn(used.note);
  return &used + 1;
}

void frame_pool::deallocate(void* frame) noexcept {
  block* freed = static_cast<block*>(frame) - 1;
  turn(freed->note);
  if (!freed->owner) {
    ::operator delete(freed);
  } else if (bound && bound->core_ == freed->owner) {
    freed->owner->keep(freed);
  } else {
    free_to(*freed->owner, freed);
  }
}

void frame_pool::free_to(core& owner, block* freed) noexcept {
  // A thread without a pool never calls flush_strays, so it sends each block at once.
  if (!bound) return send_home(owner, freed, freed, 1);
  auto& gathered = strays::of_this_thread();
  if (gathered.owner != &owner) flush_strays();
  gathered.owner = &owner;
  freed->next() = std::exchange(gathered.first, freed);
  if (!gathered.last) gathered.last = freed;
  if (++gathered.count == stray_batch) flush_strays();
}

void frame_pool::flush_strays() noexcept {
  auto& gathered = strays::of_this_thread();
  if (!gathered.owner) return;
  const auto batch = std::exchange(gathered, {});
  send_home(*batch.owner, batch.first, batch.last, batch.count);
}

void frame_pool::send_home(core& owner, block* first, block* last, std::uint32_t count) noexcept {
  block* head = owner.returned.load(base::memory_order_relaxed);
  do {
    if (head == core::closed()) {
      last->next() = nullptr;
      while (first)
        ::operator delete(std::exchange(first, first->next()));
      owner.settle_orphans(-static_cast<std::int64_t>(count));
      return;
    }
    last->next() = head;
    // Release: the frame's last writes come before its memory is used again (keep_all acquires).
  } while (!owner.returned.compare_exchange_weak(head, first, base::memory_order_release,
                                                 base::memory_order_relaxed));
}

}  // namespace tacit::memory
