#include <tacit/base/asymmetric_fence.hpp>

#ifndef TACIT_MODEL

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mutex>

namespace tacit::base {

constinit bool detail::light_fence_suffices = false;

void enable_asymmetric_fences() noexcept {
  static std::once_flag once;
  std::call_once(once, [] {
    detail::light_fence_suffices =
        ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  });
}

void heavy_fence() noexcept {
  fence_seq_cst();
  if (detail::light_fence_suffices) {
    // Once registered it cannot fail (membarrier(2)).
    ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  }
}

}  // namespace tacit::base

#endif  // TACIT_MODEL
