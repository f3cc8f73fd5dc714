#include <tacit/io/abortable.hpp>

#include <boost/asio/error.hpp>

namespace tacit::io {

namespace asio = boost::asio;

bool abortable::initiated() noexcept {
  // Acquire: the results are there. Nobody else knows of the awaiter then.
  if (state_.load(base::memory_order_acquire) == initiating) return carry_on();
  if (listens_) {
    added_ = true;
    if (const base::error_code early = scope_->add(*this)) on_cancelled(early);
  }
  // acq_rel, as all of drop(): what each party wrote is seen by the one that goes on.
  const auto before =
      state_.fetch_and(static_cast<std::uint8_t>(~initiating), base::memory_order_acq_rel);
  return before == initiating ? carry_on() : true;
}

void abortable::drop(std::uint8_t bit) noexcept {
  const auto before = state_.fetch_and(static_cast<std::uint8_t>(~bit), base::memory_order_acq_rel);
  if (before == bit) make_ready();
}

void abortable::on_cancelled(const base::error_code& cause) noexcept {
  auto seen = state_.load(base::memory_order_relaxed);
  do {
    if ((seen & pending) == 0) return;
  } while (!state_.compare_exchange_weak(seen, seen | aborting, base::memory_order_acq_rel,
                                         base::memory_order_relaxed));
  cause_ = cause;
  post_abort();
}

void abortable::abort() {
  if ((state_.load(base::memory_order_acquire) & pending) != 0) signal_.emit();
  drop(aborting);
}

void abortable::post_abort_to(const asio::any_io_executor& where) noexcept {
  if (const auto* of_reactor = where.target<asio::io_context::executor_type>()) {
    asio::post(*of_reactor, posted{this});
  } else {
    asio::post(where, posted{this});
  }
}

base::error_code abortable::explain(const base::error_code& reported) const noexcept {
  return cause_ && reported == asio::error::operation_aborted ? cause_ : reported;
}

}  // namespace tacit::io
