#include "model/atomic.hpp"

namespace tacit::model {

const char* name_of(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
      return "consume";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
  }
  return "?";
}

void fence_seq_cst(place where) noexcept {
  execution* run = execution::current();
  if (!run) return;
  run->fence_seq_cst();
  if (run->is_traced()) run->note("fence seq_cst", where);
}

}  // namespace tacit::model
