#include <tacit/observe/metrics.hpp>

#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <utility>

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
  families_.reserve(64);  // A server has some forty,
  series_.reserve(96);    // and twice as many of what they count.
}

metrics::~metrics() = default;

metrics::series& metrics::add(std::string_view name, std::string_view help, std::string_view labels,
                              bool grows) {
  if (families_.empty() || families_.back().name != name) {
    families_.push_back({std::string(name), std::string(help), grows});
  }
  return series_.emplace_back(series{families_.size() - 1, std::string(labels), {}});
}

counter metrics::add_counter(std::string_view name, std::string_view help,
                             std::string_view labels) {
  if (counters_ == counters_max) throw std::length_error("more counters than metrics has room for");
  add(name, help, labels, true).index = counters_;
  return counter(*this, counters_++);
}

void metrics::add_gauge(std::string_view name, std::string_view help, std::function<double()> read,
                        std::string_view labels) {
  add(name, help, labels, false).read = std::move(read);
}

void metrics::add_total(std::string_view name, std::string_view help, std::function<double()> read,
                        std::string_view labels) {
  add(name, help, labels, true).read = std::move(read);
}

std::string metrics::to_text() const {
  std::string text;
  std::size_t begun = families_.size();  // Whose heading is written.
  for (const series& each : series_) {
    const family& of = families_[each.family];
    if (each.family != begun) {
      text += "# HELP " + of.name + " " + of.help + "\n# TYPE " + of.name +
              (of.grows ? " counter\n" : " gauge\n");
      begun = each.family;
    }
    text += of.name;
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
