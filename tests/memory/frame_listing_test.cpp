#include <tacit/memory/frame_pool.hpp>

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace tacit::memory {
namespace {

// How often each live frame was visited.
std::map<const void*, int> visits() {
  std::map<const void*, int> count;
  frame_pool::for_each_live(
      [&](const void* frame, std::size_t, const frame_note&) { ++count[frame]; });
  return count;
}

bool is_listed(const void* frame) {
  return visits().contains(frame);
}

TEST(frame_listing, visits_a_live_frame_once_and_an_ended_one_not_at_all) {
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  void* frame = frame_pool::allocate(100);
  EXPECT_EQ(visits()[frame], 1);
  frame_pool::deallocate(frame);
  EXPECT_FALSE(is_listed(frame));
}

TEST(frame_listing, includes_frames_from_the_heap) {
  void* frame = frame_pool::allocate(100);
  EXPECT_EQ(visits()[frame], 1);
  frame_pool::deallocate(frame);
  EXPECT_FALSE(is_listed(frame));
}

TEST(frame_listing, includes_frames_above_the_largest_class) {
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  void* frame = frame_pool::allocate(frame_pool::largest_bytes + 1);
  EXPECT_EQ(visits()[frame], 1);
  frame_pool::deallocate(frame);
}

TEST(frame_listing, includes_frames_whose_pool_is_gone) {
  void* frame = nullptr;
  {
    frame_pool pool;
    const frame_pool::binding bound(&pool);
    frame = frame_pool::allocate(100);
  }
  EXPECT_EQ(visits()[frame], 1);
  frame_pool::deallocate(frame);
  EXPECT_FALSE(is_listed(frame));
}

TEST(frame_listing, says_for_how_many_bytes_there_is_room) {
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  for (const std::size_t bytes : {1UL, 100UL, 1000UL, 4000UL, 10'000UL}) {
    void* frame = frame_pool::allocate(bytes);
    frame_pool::for_each_live([&](const void* found, std::size_t room, const frame_note&) {
      if (found == frame) {
        EXPECT_GE(room, bytes);
      }
    });
    frame_pool::deallocate(frame);
  }
}

TEST(frame_note, says_nothing_of_the_frame_that_was_there_before) {
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  void* frame = frame_pool::allocate(100);
  auto& of = frame_note::of(frame);
  of.describe_root("before", base::source_place::current());
  note(of.place, base::source_place::current());
  note(of.function, base::source_place::current());
  note(of.now, frame_note::state::waiting);
  note(of.request, std::uint64_t{7});
  frame_pool::deallocate(frame);
  ASSERT_EQ(frame_pool::allocate(100), frame);
  const auto said = of.read();
  ASSERT_TRUE(said);
  EXPECT_FALSE(said->is_root);
  EXPECT_EQ(said->name, nullptr);
  EXPECT_EQ(said->spawned_at.line(), 0U);
  EXPECT_EQ(said->function.line(), 0U);
  EXPECT_EQ(said->place.line(), 0U);
  EXPECT_EQ(said->now, frame_note::state::created);
  EXPECT_EQ(said->request, 0U);
  EXPECT_EQ(said->awaited_by, nullptr);
  frame_pool::deallocate(frame);
}

TEST(frame_note, gives_nothing_once_its_frame_has_ended) {
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  void* frame = frame_pool::allocate(100);
  const auto before = frame_note::of(frame).read();
  frame_pool::deallocate(frame);
  EXPECT_TRUE(before);
  EXPECT_FALSE(frame_note::of(frame).read());
}

// Threads create and end frames of all sizes, for each other too, while one lists. What lives
// throughout is in every list once, and what belongs to different frames is never mixed: the name
// is written before the request and always that of the request.
class churn {
 public:
  explicit churn(unsigned seed) : seed_(seed) {
    for (std::size_t i = 0; i < names_.size(); ++i)
      names_[i] = "name " + std::to_string(i);
  }

  void work(unsigned self) {
    std::mt19937 random(seed_ + self);
    frame_pool pool;
    const frame_pool::binding bound(&pool);
    std::vector<void*> mine;
    std::uint64_t request = self;
    while (!ended_.load(base::memory_order_relaxed)) {
      const bool many = random() % 64 == 0;
      for (int i = many ? 500 : 1; i != 0; --i) {
        request += workers;
        mine.push_back(make(1 + random() % (random() % 8 == 0 ? 5000 : 400), request));
      }
      std::swap(mine[random() % mine.size()], mine.back());
      while (mine.size() > (random() % 64 == 0 ? 0U : 200U)) {
        exchange(mine.back());
        mine.pop_back();
      }
      if (random() % 16 == 0) frame_pool::flush_strays();
    }
    for (void* each : mine)
      frame_pool::deallocate(each);
  }

  void list(const std::vector<void*>& lasting, int times) {
    for (int i = 0; i < times; ++i) {
      std::map<const void*, int> seen;
      frame_pool::for_each_live([&](const void* frame, std::size_t, const frame_note& of) {
        ++seen[frame];
        const auto said = of.read();
        if (said && said->request != 0) {
          EXPECT_STREQ(said->name, names_[said->request % names_.size()].c_str());
          ++checked_;
        }
      });
      for (const void* each : lasting)
        ASSERT_EQ(seen[each], 1);
    }
    ended_.store(true, base::memory_order_relaxed);
    EXPECT_GT(checked_, 0);
  }

  void* make(std::size_t bytes, std::uint64_t request) {
    void* frame = frame_pool::allocate(bytes);
    auto& of = frame_note::of(frame);
    of.describe_root(names_[request % names_.size()].c_str(), {});
    of.request.store(request, base::memory_order_release);
    return frame;
  }

  void free_what_is_under_way() {
    for (auto& each : places_) {
      if (void* left = each.exchange(nullptr)) frame_pool::deallocate(left);
    }
  }

  static constexpr unsigned workers = 3;

 private:
  // Frees what another thread put there, and leaves this one for whoever comes next.
  void exchange(void* frame) {
    auto& place = places_[reinterpret_cast<std::uintptr_t>(frame) / 64 % places_.size()];
    void* other = place.exchange(frame, base::memory_order_acq_rel);
    if (other) frame_pool::deallocate(other);
  }

  unsigned seed_;
  std::array<std::string, 61> names_;
  std::array<base::atomic<void*>, 64> places_{};
  base::atomic<bool> ended_{false};
  int checked_ = 0;
};

TEST(frame_listing_stress, sees_what_lives_throughout_and_mixes_nothing_up) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  churn subject(seed);
  frame_pool pool;
  const frame_pool::binding bound(&pool);
  std::vector<void*> lasting;
  for (std::size_t i = 0; i < 1000; ++i)
    lasting.push_back(subject.make(1 + i * 5, i + 1));
  std::vector<std::thread> running;
  for (unsigned i = 0; i < churn::workers; ++i)
    running.emplace_back([&subject, i] { subject.work(i + 1); });
  subject.list(lasting, 50);
  for (auto& each : running)
    each.join();
  subject.free_what_is_under_way();
  for (void* each : lasting)
    frame_pool::deallocate(each);
  EXPECT_TRUE(visits().empty());
}

}  // namespace
}  // namespace tacit::memory
