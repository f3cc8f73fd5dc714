#include "http/compressors.hpp"

#define ZLIB_CONST  // Its input is not changed.

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <new>
#include <stdexcept>
#include <string>

#include <tacit/memory/object_pool.hpp>

#include "http/block_cache.hpp"

namespace tacit::http {
namespace {

using body_size = std::optional<std::size_t>;
using flush = body_encoder::flush;

constexpr std::size_t room_bytes = 16 * 1024;

// What is kept of each kind. A whole body is compressed without a wait, so a worker needs one for
// these; streams take more.
constexpr std::size_t kept_per_thread_max = 1;
constexpr std::size_t kept_shared_max = 4;

// Larger windows save little on what is sent here, and cost the client as much memory.
constexpr int window_bits_max = 18;
constexpr int window_bits_min = 10;

int window_bits_for(body_size bytes) noexcept {
  if (!bytes) return window_bits_max;
  return std::clamp(static_cast<int>(std::bit_width(*bytes)), window_bits_min, window_bits_max);
}

// A compressor that goes back to its pool.
template <class Self>
class pooled : public body_encoder {
 public:
  using pool = memory::object_pool<Self>;

  void lend(pool& from, base::atomic<std::size_t>& lent) noexcept {
    home_ = &from;
    lent_ = &lent;
    ended_ = false;
  }
  void give_back() noexcept final {
    lent_->fetch_sub(1, base::memory_order_relaxed);
    typename pool::give_back{home_}(static_cast<Self*>(this));
  }

 protected:
  [[nodiscard]] std::string_view given(std::size_t bytes) const noexcept {
    return {room_.data(), bytes};
  }
  std::array<char, room_bytes> room_;
  bool ended_ = false;

 private:
  pool* home_ = nullptr;
  base::atomic<std::size_t>* lent_ = nullptr;
};

class gzip_encoder final : public pooled<gzip_encoder> {
 public:
  explicit gzip_encoder(int level) {
    constexpr int gzip_wrapper = 16;
    constexpr int window_bits = 15;
    constexpr int memory_level = 8;
    if (deflateInit2(&state_, level, Z_DEFLATED, window_bits + gzip_wrapper, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~gzip_encoder() { deflateEnd(&state_); }

  bool start(body_size) noexcept { return deflateReset(&state_) == Z_OK; }

  std::string_view encode(std::string_view& input, flush how) override {
    if (ended_) return {};
    state_.next_in = reinterpret_cast<const Bytef*>(input.data());
    state_.avail_in = static_cast<uInt>(std::min<std::size_t>(input.size(), 1U << 30));
    const std::size_t offered = state_.avail_in;
    state_.next_out = reinterpret_cast<Bytef*>(room_.data());
    state_.avail_out = room_bytes;
    constexpr int modes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    ended_ = deflate(&state_, modes[static_cast<int>(how)]) == Z_STREAM_END;
    input.remove_prefix(offered - state_.avail_in);
    return given(room_bytes - state_.avail_out);
  }

 private:
  z_stream state_{};
};

class zstd_encoder final : public pooled<zstd_encoder> {
 public:
  explicit zstd_encoder(int level) : state_(ZSTD_createCCtx()) {
    if (!state_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(state_, ZSTD_c_compressionLevel, level);
  }
  ~zstd_encoder() { ZSTD_freeCCtx(state_); }

  bool start(body_size bytes) noexcept {
    ZSTD_CCtx_reset(state_, ZSTD_reset_session_only);
    ZSTD_CCtx_setParameter(state_, ZSTD_c_windowLog, window_bits_for(bytes));
    return !ZSTD_isError(
        ZSTD_CCtx_setPledgedSrcSize(state_, bytes ? *bytes : ZSTD_CONTENTSIZE_UNKNOWN));
  }

  std::string_view encode(std::string_view& input, flush how) override {
    if (ended_) return {};
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    ZSTD_outBuffer out{room_.data(), room_bytes, 0};
    constexpr ZSTD_EndDirective modes[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
    const std::size_t left = ZSTD_compressStream2(state_, &out, &in, modes[static_cast<int>(how)]);
    if (ZSTD_isError(left)) throw std::runtime_error(ZSTD_getErrorName(left));
    ended_ = how == flush::end && left == 0;
    input.remove_prefix(in.pos);
    return given(out.pos);
  }

 private:
  ZSTD_CCtx* state_;
};

// A brotli state cannot be used again, but its memory can.
class brotli_encoder final : public pooled<brotli_encoder> {
 public:
  explicit brotli_encoder(int quality) : quality_(quality) {}
  ~brotli_encoder() { end(); }

  bool start(body_size bytes) noexcept {
    end();
    state_ = BrotliEncoderCreateInstance(allocate, release, &memory_);
    if (!state_) return false;
    set(BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(quality_));
    set(BROTLI_PARAM_LGWIN, static_cast<std::uint32_t>(window_bits_for(bytes)));
    if (bytes) set(BROTLI_PARAM_SIZE_HINT, static_cast<std::uint32_t>(*bytes));
    return true;
  }

  void end() noexcept {
    if (state_) BrotliEncoderDestroyInstance(state_);
    state_ = nullptr;
  }

  std::string_view encode(std::string_view& input, flush how) override {
    if (ended_) return {};
    std::size_t left = input.size();
    auto* next = reinterpret_cast<const std::uint8_t*>(input.data());
    std::size_t room = room_bytes;
    auto* out = reinterpret_cast<std::uint8_t*>(room_.data());
    constexpr BrotliEncoderOperation modes[] = {BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH,
                                                BROTLI_OPERATION_FINISH};
    if (!BrotliEncoderCompressStream(state_, modes[static_cast<int>(how)], &left, &next, &room,
                                     &out, nullptr)) {
      throw std::runtime_error("brotli failed");
    }
    ended_ = BrotliEncoderIsFinished(state_) != 0;
    input.remove_prefix(input.size() - left);
    return given(room_bytes - room);
  }

 private:
  void set(BrotliEncoderParameter which, std::uint32_t value) noexcept {
    BrotliEncoderSetParameter(state_, which, value);
  }
  static void* allocate(void* cache, std::size_t bytes) {
    return static_cast<block_cache*>(cache)->allocate(bytes);
  }
  static void release(void* cache, void* block) {
    static_cast<block_cache*>(cache)->release(block);
  }

  const int quality_;
  block_cache memory_;
  BrotliEncoderState* state_ = nullptr;
};

template <class Encoder>
memory::object_pool_options<Encoder> pool_options(int level) {
  return {.make = [level] { return std::make_unique<Encoder>(level); },
          .kept_per_thread_max = kept_per_thread_max,
          .kept_shared_max = kept_shared_max};
}

void check_level(const char* name, int level, int max) {
  if (level >= 0 && level <= max) return;
  throw std::invalid_argument("compression: " + std::string(name) + " has levels from 1 to " +
                              std::to_string(max) + ", or 0 for off");
}

}  // namespace

struct compressors::pools {
  memory::object_pool<zstd_encoder> zstd;
  memory::object_pool<brotli_encoder> brotli;
  memory::object_pool<gzip_encoder> gzip;
};

compressors::compressors(const compression_options& with)
    : pools_(new pools{
          memory::object_pool<zstd_encoder>(pool_options<zstd_encoder>(with.zstd_level)),
          memory::object_pool<brotli_encoder>(pool_options<brotli_encoder>(with.brotli_quality)),
          memory::object_pool<gzip_encoder>(pool_options<gzip_encoder>(with.gzip_level))}),
      lent_max_(with.compressors_max) {
  check_level("gzip", with.gzip_level, 9);
  check_level("brotli", with.brotli_quality, 11);
  check_level("zstd", with.zstd_level, 19);
  const auto offer = [this](content_coding coding, bool is_offered) {
    offered_[static_cast<std::size_t>(coding)] = is_offered;
  };
  offer(content_coding::identity, true);
  offer(content_coding::gzip, with.gzip_level > 0);
  offer(content_coding::zstd, with.zstd_level > 0);
  offer(content_coding::brotli, with.brotli_quality > 0);
}

compressors::~compressors() = default;

content_coding compressors::choose(const coding_preference& wanted) const noexcept {
  return *std::find_if(wanted.begin(), wanted.end(), [this](content_coding each) {
    return offered_[static_cast<std::size_t>(each)];
  });
}

encoder_lease compressors::start(content_coding coding, body_size bytes) noexcept {
  if (coding == content_coding::identity) return nullptr;
  if (lent_.fetch_add(1, base::memory_order_relaxed) >= lent_max_) {
    lent_.fetch_sub(1, base::memory_order_relaxed);
    return nullptr;
  }
  const auto lend = [&](auto& pool) -> encoder_lease {
    auto lease = pool.get();
    if (!lease->start(bytes)) return nullptr;
    lease->lend(pool, lent_);
    return encoder_lease(lease.release());
  };
  encoder_lease found;
  try {
    switch (coding) {
      case content_coding::zstd:
        found = lend(pools_->zstd);
        break;
      case content_coding::brotli:
        found = lend(pools_->brotli);
        break;
      case content_coding::gzip:
        found = lend(pools_->gzip);
        break;
      case content_coding::identity:
        break;
    }
  } catch (const std::bad_alloc&) {
  }
  if (!found) lent_.fetch_sub(1, base::memory_order_relaxed);
  return found;
}

}  // namespace tacit::http
