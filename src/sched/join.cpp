#include <tacit/sched/join.hpp>

namespace tacit::sched::detail {

void* root_detached() noexcept {
  constinit static char mark = 0;
  return &mark;
}

end_hook& lone_root() noexcept {
  struct hook final : end_hook {
    std::coroutine_handle<> on_ended(promise_base& ended) noexcept override {
      finish_root(ended);
      return std::noop_coroutine();
    }
  };
  static hook shared;
  return shared;
}

}  // namespace tacit::sched::detail
