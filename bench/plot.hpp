#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tacit::bench {

/// From where to where an axis goes, and how.
struct plot_axis {
  std::string label;
  double low = 0;
  double high = 1;
  bool is_logarithmic = false;
  /// Where it has marks, and what they say; empty: round numbers.
  std::vector<std::pair<double, std::string>> marks = {};
};

/// A plot as an SVG element to stand in a page: lines, bars and shaded cells over two axes. Colours
/// are the page's: `.line-0` and so on, `.bar-KIND`, `.cell`.
class plot {
 public:
  using points = std::vector<std::pair<double, double>>;

  plot(std::string title, plot_axis x, plot_axis y);

  /// A line of the next colour; its name is shown above the plot.
  void add_line(const std::string& name, const points& through);
  /// Bars of one kind, each from the bottom of the plot up to its height; however short, it can be
  /// seen. `kind` names their colour, `.bar-KIND`; their name is shown above the plot.
  struct bar {
    double left = 0;
    double right = 0;
    double height = 0;
  };
  void add_bars(const std::string& name, const std::string& kind, const std::vector<bar>& bars);
  /// A rectangle, as dark as `share` says (0 to 1).
  void add_cell(double left, double right, double bottom, double top, double share);

  [[nodiscard]] std::string svg() const;

 private:
  [[nodiscard]] double x_of(double value) const;
  [[nodiscard]] double y_of(double value) const;

  std::string title_;
  plot_axis x_;
  plot_axis y_;
  std::string inside_;
  std::string names_;
  int lines_ = 0;
};

/// Text as it may stand in HTML and in attributes.
[[nodiscard]] std::string escaped(const std::string& text);

}  // namespace tacit::bench
