#include <tacit/http/media_type.hpp>

#include <gtest/gtest.h>

namespace tacit::http {
namespace {

TEST(media_type, comes_from_the_extension) {
  EXPECT_EQ(media_type_of("index.html").name, "text/html; charset=utf-8");
  EXPECT_EQ(media_type_of("a/b.c/app.min.js").name, "text/javascript; charset=utf-8");
  EXPECT_EQ(media_type_of("PHOTO.JPG").name, "image/jpeg");
  EXPECT_EQ(media_type_of("x.zst").name, "application/zstd");
  EXPECT_EQ(media_type_of("x.aac").name, "audio/aac");
}

TEST(media_type, is_bytes_where_the_extension_says_nothing) {
  for (const char* path : {"", "README", "a.b/c", "x.", "x.unknown", ".html", "a/.css", "..",
                           "x.this-is-longer-than-any-extension-that-there-is"}) {
    EXPECT_EQ(media_type_of(path).name, "application/octet-stream") << path;
  }
}

TEST(media_type, says_what_is_worth_compressing) {
  EXPECT_TRUE(media_type_of("a.svg").is_compressible);
  EXPECT_FALSE(media_type_of("a.png").is_compressible);
  EXPECT_FALSE(media_type_of("a.unknown").is_compressible);
}

TEST(media_type, own_types_win) {
  media_types types;
  types.set("JS", "application/x-mine", false);
  types.set("tacit", "text/x-tacit", true);
  EXPECT_EQ(types.of("a.js").name, "application/x-mine");
  EXPECT_EQ(types.of("a.TACIT").name, "text/x-tacit");
  EXPECT_TRUE(types.of("a.tacit").is_compressible);
  EXPECT_EQ(types.of("a.css").name, "text/css; charset=utf-8");
}

}  // namespace
}  // namespace tacit::http
