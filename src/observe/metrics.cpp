#include <tacit/observe/metrics.hpp>

#include <cmath>
#include <cstdio>
#include <stdexcept>

namespace tacit::observe {
namespace {

std::size_t slot_of_this_thread() noexcept {
  static base::atomic<std::size_t> next{0};
  thread_local const std::size_t own =
      next.fetch_add(1, base::memory_order_relaxed) % metrics::slots;
  return own;
}

std::string number(double value) {
  char text[32];
  const bool whole = std::floor(value) == value && std::fabs(value) < 1e15;
  std::snprintf(text, sizeof text, whole ? "%.0f" : "%.9g", value);
  return text;
}

}  // namespace

void counter::add(std::uint64_t n) const noexcept {
  (*owner_->slots_)[slot_of_this_thread()].values[index_].fetch_add(n, base::memory_order_relaxed);
}

std::uint64_t counter::value() const noexcept {
  return owner_->sum(index_);
}

std::uint64_t metrics::sum(std::size_t index) const noexcept {
  std::uint64_t total = 0;
  for (const slot& each : *slots_)
    total += each.values[index].load(base::memory_order_relaxed);
  return total;
}

metrics::metrics() : slots_(std::make_unique<std::array<slot, slots>>()) {
  descriptions_.reserve(128);  // A server has some hundred.
}

metrics::~metrics() = default;

counter metrics::add_counter(std::string name, std::string help, std::string labels) {
  if (counters_ == counters_max) throw std::length_error("more counters than metrics has room for");
  descriptions_.push_back(
      {std::move(name), std::move(help), std::move(labels), {}, counters_, true});
  return counter(*this, counters_++);
}

void metrics::add_gauge(std::string name, std::string help, std::function<double()> read,
                        std::string labels) {
  descriptions_.push_back(
      {std::move(name), std::move(help), std::move(labels), std::move(read), 0, false});
}

void metrics::add_total(std::string name, std::string help, std::function<double()> read,
                        std::string labels) {
  descriptions_.push_back(
      {std::move(name), std::move(help), std::move(labels), std::move(read), 0, true});
}

std::string metrics::to_text() const {
  std::string text;
  const std::string* family = nullptr;
  for (const description& each : descriptions_) {
    if (!family || *family != each.name) {
      family = &each.name;
      text += "# HELP " + each.name + " " + each.help + "\n# TYPE " + each.name +
              (each.grows ? " counter\n" : " gauge\n");
    }
    text += each.name;
    if (!each.labels.empty()) text += "{" + each.labels + "}";
    double value = 0;
    if (each.read) {
      value = each.read();
    } else {
      value = static_cast<double>(sum(each.index));
    }
    text += " " + number(value) + "\n";
  }
  return text;
}

}  // namespace tacit::observe
