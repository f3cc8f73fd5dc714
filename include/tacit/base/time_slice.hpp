#pragma once

namespace tacit::base {

/// Has the kernel (from Linux 6.12) let the calling thread go before others that are in a longer
/// slice, for as little at a time: for threads that are wanted at once and mostly for short. Older
/// kernels take no notice of that part.
///
/// `steps_before` lowers its niceness as well, which takes a privilege. False if that, or the
/// whole, is not permitted.
bool ask_for_short_slices(int steps_before = 0) noexcept;

}  // namespace tacit::base
