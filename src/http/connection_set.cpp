#include "http/connection_set.hpp"

#include <algorithm>
#include <utility>

#include <tacit/sched/this_worker.hpp>

namespace tacit::http {

std::string_view to_string(activity value) noexcept {
  switch (value) {
    case activity::idle:
      return "idle";
    case activity::reading_head:
      return "reading head";
    case activity::reading_body:
      return "reading body";
    case activity::handling:
      return "handling";
    case activity::writing:
      return "writing";
    case activity::lingering:
      break;
  }
  return "lingering";
}

connection_set::entry::entry(connection_set& set, io::stream& stream, const request_label* label)
    : set_(set), stream_(stream), label_(label), opened_(sched::this_worker::coarse_now()) {
  const std::lock_guard lock(set_.mutex_);
  next_ = set_.first_;
  if (next_) next_->previous_ = this;
  set_.first_ = this;
  set_.size_.store(set_.size() + 1, base::memory_order_relaxed);
  if (set_.is_cut_) stream_.abort();
}

connection_set::entry::~entry() {
  const std::lock_guard lock(set_.mutex_);
  (previous_ ? previous_->next_ : set_.first_) = next_;
  if (next_) next_->previous_ = previous_;
  if (set_.next_looked_at_ == this) set_.next_looked_at_ = next_;
  set_.size_.store(set_.size() - 1, base::memory_order_relaxed);
  // Under the lock: once it is released with nobody left, the set may be gone.
  if (!set_.first_) set_.changed_.notify_all();
}

void connection_set::entry::set_idle() noexcept {
  activity_.store(activity::idle, base::memory_order_seq_cst);
  if (set_.stage_.load(base::memory_order_seq_cst) == stage::closing_idle) stop();
}

// The stage was stored before drain() took the lock: a scope that it does not find sees it here.
void connection_set::entry::cancel_at_drain(sched::cancel_scope* scope) noexcept {
  const std::lock_guard lock(set_.mutex_);
  ends_with_drain_ = scope;
  if (scope && set_.is_draining()) scope->cancel(base::errc::draining);
}

void connection_set::entry::stop() noexcept {
  stopped_.store(true, base::memory_order_release);
  stream_.stop_reading();
}

connection_listing connection_set::list(std::size_t most, std::optional<activity> only) const {
  connection_listing made;
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  for (const entry* each = first_; each; each = each->next_) {
    const activity doing = each->activity_.load(base::memory_order_relaxed);
    ++made.count[static_cast<std::size_t>(doing)];
    const bool is_asleep = each->asleep_.load(base::memory_order_relaxed);
    made.asleep += is_asleep ? 1 : 0;
    if (made.connections.size() >= most || (only && doing != *only)) continue;
    connection_info info;
    info.doing = doing;
    info.is_asleep = is_asleep;
    info.held_bytes = each->held_bytes_.load(base::memory_order_relaxed);
    info.age = std::max(now - each->opened_, std::chrono::nanoseconds(0));
    if (each->label_) info.requests = each->label_->summarize();
    info.socket = io::report_on(each->stream_.descriptor());
    made.connections.push_back(std::move(info));
  }
  return made;
}

void connection_set::drain() noexcept {
  stage_.store(stage::draining, base::memory_order_seq_cst);
  const std::lock_guard lock(mutex_);
  for (entry* each = first_; each; each = each->next_) {
    if (each->ends_with_drain_) each->ends_with_drain_->cancel(base::errc::draining);
  }
}

void connection_set::close_idle() noexcept {
  stage_.store(stage::closing_idle, base::memory_order_seq_cst);
  const std::lock_guard lock(mutex_);
  for (entry* each = first_; each; each = each->next_) {
    if (each->activity_.load(base::memory_order_seq_cst) == activity::idle) each->stop();
  }
}

void connection_set::close_some(std::size_t looked_at_max, bool also_reading) noexcept {
  const std::lock_guard lock(mutex_);
  entry* each = next_looked_at_ ? next_looked_at_ : first_;
  for (; each && looked_at_max != 0; each = each->next_, --looked_at_max) {
    const activity doing = each->activity_.load(base::memory_order_relaxed);
    const bool is_reading = doing == activity::reading_head || doing == activity::reading_body ||
                            doing == activity::lingering;
    const bool is_closed = doing == activity::idle || (also_reading && is_reading);
    if (is_closed && !each->is_stopped()) each->stop();
  }
  next_looked_at_ = each;
}

bool connection_set::wait_until_empty(std::chrono::nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return first_ == nullptr || is_cut_; });
  return first_ == nullptr;
}

bool connection_set::wait_for_cut(std::chrono::nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return is_cut_; });
}

std::size_t connection_set::cut() noexcept {
  const std::lock_guard lock(mutex_);
  std::size_t under_way = 0;
  for (entry* each = first_; each; each = each->next_) {
    const activity doing = each->activity_.load(base::memory_order_relaxed);
    if (doing != activity::idle && doing != activity::lingering) ++under_way;
    each->stream_.abort();
  }
  if (!is_cut_) cut_under_way_ = under_way;
  is_cut_ = true;
  changed_.notify_all();
  return under_way;
}

std::size_t connection_set::cut_under_way() const noexcept {
  const std::lock_guard lock(mutex_);
  return cut_under_way_;
}

}  // namespace tacit::http
