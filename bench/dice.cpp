#include "bench/dice.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "bench/schedule.hpp"

namespace tacit::bench {

double dice::unit() {
  return unit_interval(mix(seed_, position_++));
}

std::size_t dice::below(std::size_t n) {
  return std::min(n - 1, static_cast<std::size_t>(unit() * static_cast<double>(n)));
}

double dice::normal() {  // Box and Muller
  const double radius = std::sqrt(-2 * std::log1p(-unit()));
  return radius * std::cos(2 * std::numbers::pi * unit());
}

double dice::wait(double mean) {
  return -mean * std::log1p(-unit());
}

std::uint64_t dice::log_normal(double median, double sigma) {
  return static_cast<std::uint64_t>(std::min(median * std::exp(sigma * normal()), 4e6)) + 1;
}

}  // namespace tacit::bench
