#include <tacit/memory/buffer_pool.hpp>

#include <gtest/gtest.h>

namespace tacit::memory {
namespace {

TEST(buffer_pool, lends_the_same_block_again) {
  buffer_pool pool;
  const buffer_pool::binding bound(&pool);
  char* first = nullptr;
  {
    const buffer lent(buffer_pool::block_bytes);
    first = lent.data();
  }
  const buffer again(buffer_pool::block_bytes);
  EXPECT_EQ(again.data(), first);
}

TEST(buffer_pool, gives_other_sizes_as_well) {
  buffer_pool pool;
  const buffer_pool::binding bound(&pool);
  const buffer large(3 * buffer_pool::block_bytes);
  large.data()[large.size() - 1] = 'x';
  EXPECT_EQ(large.size(), 3 * buffer_pool::block_bytes);
}

TEST(buffer, is_empty_until_it_is_given_a_size) {
  buffer none;
  EXPECT_FALSE(none);
  none = buffer(10);
  EXPECT_TRUE(none);
  none = buffer();
  EXPECT_FALSE(none);
}

}  // namespace
}  // namespace tacit::memory
