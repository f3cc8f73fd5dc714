#pragma once

namespace tacit::sched {

/// Has the kernel (from Linux 6.12) let the calling thread go before others that are in a longer
/// slice, for as little at a time: for threads that are wanted at once and mostly for short. Older
/// kernels take no notice.
void ask_for_short_slices() noexcept;

}  // namespace tacit::sched
