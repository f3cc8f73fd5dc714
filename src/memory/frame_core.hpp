#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <tacit/base/atomic.hpp>
#include <tacit/memory/frame_note.hpp>
#include <tacit/memory/free_frames.hpp>
#include <tacit/memory/size_class.hpp>

#include "memory/slab.hpp"

namespace tacit::memory {

inline void link_free(void* frame, const void* next) noexcept {
  // Release: a reader that takes the link for the frame's awaiter also sees the generation that
  // says the frame has ended.
  frame_note::of(frame).awaited_by.store(next, base::memory_order_release);
}

/// What a frame pool consists of. It outlives the pool while frames of it are in use.
///
/// Each size class has a list of slabs that are not exhausted; its first one is the *head*, from
/// which frames are taken. A frame goes back to its own slab, whose frames are taken last in, first
/// out. A slab without a free frame is in `exhausted_`; the first frame that comes back to it makes
/// it the head, because that frame is warm. A slab that becomes empty and is not the head stays
/// where it is if few are empty, and leaves the pool otherwise.
///
/// So that freeing a frame has one thing to check, each slab says how many blocks in use make an
/// event: any number in an exhausted slab, none in a listed one, and the head has no event.
///
/// Frames that were freed on another thread (strays) are pushed onto `returned_`, which the owner
/// takes whole: there is no pop of a single node, hence no ABA. When the pool is destroyed it
/// puts `closed` there. From then on each slab in use, and the core, count what is freed in
/// `orphans`: who brings the count of a slab to zero takes it out of service, who brings that of
/// the core to zero deletes it. A count may go below zero before close() has added what was in use;
/// it reaches zero only once, after that.
///
/// Threads: the owning thread's, except send_home.
class frame_core {
 public:
  explicit frame_core(std::uint32_t number) noexcept;
  frame_core(const frame_core&) = delete;
  frame_core& operator=(const frame_core&) = delete;

  /// Where frames are taken from: free_frames::take() of their class. If it has none, refill() and
  /// look again.
  [[nodiscard]] frame_heads& heads() noexcept { return heads_; }

  /// Sees to it that the head has a frame of the class. False if the kernel gives no more memory.
  bool refill(std::size_t size_class) noexcept;

  /// Takes a frame back that is of `home`, a slab of this core.
  void put(slab& home, void* frame) noexcept {
    link_free(frame, home.free);
    home.free = frame;
    const auto used = home.used.load(base::memory_order_relaxed) - 1;
    home.used.store(used, base::memory_order_relaxed);
    if (used <= home.notify_at) [[unlikely]]
      on_event(home);
  }

  /// Takes back what other threads have sent home.
  void collect() noexcept {
    if (returned_.load(base::memory_order_relaxed)) collect_now();
  }

  /// Gives back every slab in which nothing is in use.
  void release_empty() noexcept;

  /// Sends linked frames of this core home. From any thread.
  void send_home(void* first, void* last, std::uint32_t count) noexcept;

  /// Ends the pool. The core deletes itself once no frame is in use.
  void close() noexcept;

  /// Tells the cores of a process apart.
  [[nodiscard]] std::uint32_t number() const noexcept { return number_; }

 private:
  ~frame_core() = default;
  void collect_now() noexcept;
  void put_all(void* first) noexcept;
  static bool carve(slab& from) noexcept;
  void on_event(slab& at) noexcept;
  void make_head(slab& next) noexcept;
  void retire_head(std::size_t size_class) noexcept;
  void keep_or_give_back(slab& empty) noexcept;
  void settle(std::int64_t change) noexcept;
  static void settle(slab& at, std::int32_t change) noexcept;
  std::int64_t abandon_all(slab_list& slabs) noexcept;

  frame_heads heads_;  // Slabs: the first of the list of the class, or `none`.
  std::array<slab_list, size_classes> listed_;
  slab_list exhausted_;
  std::uint32_t empty_listed_ = 0;  // Empty slabs that are listed and no heads.
  const std::uint32_t number_;
  alignas(base::cache_line_bytes) base::atomic<void*> returned_{nullptr};
  base::atomic<std::int64_t> orphans_{0};
};

}  // namespace tacit::memory
