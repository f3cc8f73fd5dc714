#include "model/location.hpp"

#include <algorithm>

namespace tacit::model {
namespace {

bool acquires(std::memory_order order) {
  return order == std::memory_order_acquire || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst || order == std::memory_order_consume;
}

bool releases(std::memory_order order) {
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

}  // namespace

location::location() {
  execution* run = execution::current();
  if (!run) return;
  forget(*run);
  see(*run, record(newest_), std::memory_order_relaxed);
}

void location::forget(const execution& run) noexcept {
  run_ = run.number();
  oldest_ = newest_;
  store_record& only = record(newest_);
  only.published = {};
  only.seen.fill(never);
  only.seen_seq_cst = never;
}

std::uint32_t location::oldest_visible(const execution& run, std::memory_order order) const {
  const bool seq_cst = order == std::memory_order_seq_cst;
  vector_clock observed = run.known().observed;
  if (seq_cst) observed.join(run.fences());
  const std::uint32_t oldest = newest_ - std::min(newest_ - oldest_, history_max - 1);
  for (std::uint32_t store = newest_; store > oldest; --store) {
    const store_record& each = record(store);
    if (each.seen_seq_cst <= (seq_cst ? never - 1 : run.known().fence)) return store;
    for (std::uint32_t thread = 0; thread < thread_max; ++thread) {
      if (each.seen[thread] <= observed[thread]) return store;
    }
  }
  return oldest;
}

void location::read(execution& run, std::uint32_t store, std::memory_order order) {
  store_record& which = record(store);
  see(run, which, order);
  acquires(order) ? run.acquire(which.published) : run.acquire_later(which.published);
}

void location::write(execution& run, std::memory_order order) {
  store_record& added = append();
  see(run, added, order);
  added.published = releases(order) ? run.known() : run.fenced();
}

void location::update(execution& run, std::memory_order order) {
  read(run, newest_, order);
  const knowledge passed_on = record(newest_).published;
  write(run, order);
  record(newest_).published.join(passed_on);
}

location::store_record& location::append() {
  store_record& added = record(++newest_);
  added.seen.fill(never);
  added.seen_seq_cst = never;
  return added;
}

void location::see(execution& run, store_record& which, std::memory_order order) {
  std::uint32_t& mine = which.seen[run.self()];
  mine = std::min(mine, run.now());
  if (order == std::memory_order_seq_cst) {
    which.seen_seq_cst = std::min(which.seen_seq_cst, run.next_seq_cst());
  }
}

}  // namespace tacit::model
