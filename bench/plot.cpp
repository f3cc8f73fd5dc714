#include "bench/plot.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

namespace tacit::bench {
namespace {

// One unit is a pixel on the narrowest screen that the page is for.
constexpr double width = 380;
constexpr double height = 220;
constexpr double left = 48;
constexpr double right = 10;
constexpr double top = 42;
constexpr double bottom = 34;

/// The share of the axis at which a value lies.
double share_of(const plot_axis& axis, double value) {
  const double clamped = std::clamp(value, axis.low, axis.high);
  if (!axis.is_logarithmic) return (clamped - axis.low) / (axis.high - axis.low);
  return std::log(clamped / axis.low) / std::log(axis.high / axis.low);
}

std::vector<std::pair<double, std::string>> round_marks(const plot_axis& axis) {
  std::vector<std::pair<double, std::string>> out;
  if (axis.is_logarithmic) {
    for (double at = std::pow(10, std::ceil(std::log10(axis.low) - 1e-9)); at <= axis.high * 1.001;
         at *= 10)
      out.emplace_back(at, fmt::format("{:g}", at));
    return out;
  }
  const double rough = (axis.high - axis.low) / 5;
  const double ten = std::pow(10, std::floor(std::log10(rough)));
  const double step = rough / ten > 5 ? 10 * ten : rough / ten > 2 ? 5 * ten : 2 * ten;
  for (double at = std::ceil(axis.low / step) * step; at <= axis.high * 1.001; at += step)
    out.emplace_back(at, fmt::format("{:g}", at));
  return out;
}

const auto& marks_of(const plot_axis& axis, std::vector<std::pair<double, std::string>>& made) {
  if (!axis.marks.empty()) return axis.marks;
  made = round_marks(axis);
  return made;
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

plot::plot(std::string title, plot_axis x, plot_axis y)
    : title_{std::move(title)}, x_{std::move(x)}, y_{std::move(y)} {
  for (auto* axis : {&x_, &y_}) {
    if (axis->is_logarithmic) axis->low = std::max(axis->low, 1e-9);
    if (!(axis->high > axis->low))
      axis->high = axis->is_logarithmic ? 10 * axis->low : axis->low + 1;
  }
}

double plot::x_of(double value) const {
  return left + (width - left - right) * share_of(x_, value);
}

double plot::y_of(double value) const {
  return height - bottom - (height - top - bottom) * share_of(y_, value);
}

void plot::add_line(const std::string& name, const points& through) {
  std::string path;
  for (const auto& [x, y] : through)
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x_of(x), y_of(y));
  if (!path.empty()) {
    inside_ += fmt::format("<path class=\"line line-{}\" d=\"{}\"/>\n", lines_, path);
  }
  names_ +=
      fmt::format("<tspan class=\"name-{}\" dx=\"12\">{}</tspan>", lines_, escaped("— " + name));
  ++lines_;
}

void plot::add_bars(const std::string& name, const std::string& kind,
                    const std::vector<bar>& bars) {
  constexpr double narrowest = 1;
  for (const auto& one : bars) {
    const double at = x_of(one.left);
    const double upper = std::min(y_of(one.height), height - bottom - narrowest);
    inside_ += fmt::format(
        "<rect class=\"bar-{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n",
        kind, at, upper, std::max(x_of(one.right) - at, narrowest), height - bottom - upper);
  }
  names_ += fmt::format("<tspan class=\"bar-{}\" dx=\"12\">{}</tspan>", kind, escaped("■ " + name));
}

void plot::add_cell(double from_x, double to_x, double from_y, double to_y, double share) {
  inside_ += fmt::format(
      "<rect class=\"cell\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "opacity=\"{:.2f}\"/>\n",
      x_of(from_x), y_of(to_y), x_of(to_x) - x_of(from_x), y_of(from_y) - y_of(to_y), share);
}

std::string plot::svg() const {
  std::string grid;
  std::vector<std::pair<double, std::string>> made;
  for (const auto& [at, text] : marks_of(x_, made)) {
    if (at < x_.low || at > x_.high * 1.001) continue;
    grid += fmt::format(
        "<path class=\"grid\" d=\"M{0:.1f} {1}V{2}\"/><text x=\"{0:.1f}\" y=\"{3}\" "
        "text-anchor=\"middle\">{4}</text>\n",
        x_of(at), top, height - bottom, height - bottom + 13, escaped(text));
  }
  for (const auto& [at, text] : marks_of(y_, made)) {
    if (at < y_.low || at > y_.high * 1.001) continue;
    grid += fmt::format(
        "<path class=\"grid\" d=\"M{1} {0:.1f}H{2}\"/><text x=\"{3}\" y=\"{4:.1f}\" "
        "text-anchor=\"end\">{5}</text>\n",
        y_of(at), left, width - right, left - 4, y_of(at) + 4, escaped(text));
  }
  return fmt::format(
      "<svg viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"{2}\">\n<text class=\"title\" "
      "x=\"4\" y=\"13\">{2}</text><text x=\"4\" y=\"28\"><tspan>{3}</tspan>{4}</text>\n{5}{6}<text "
      "x=\"{7}\" y=\"{8}\" "
      "text-anchor=\"end\">{9}</text>\n</svg>\n",
      width, height, escaped(title_), escaped(y_.label), names_, grid, inside_, width - right,
      height - 4, escaped(x_.label));
}

}  // namespace tacit::bench
