#pragma once

// Plots of lines, small, as SVG text.

#include <string>
#include <vector>

namespace posittune::report {

struct Series {
  std::string name;
  std::vector<double> x, y;
};

struct Plot {
  std::string title, x_label, y_label;
  bool log2_x = false;  // x > 0, ticks at powers of two
  std::vector<Series> series;
};

std::string to_svg(const Plot& plot);

}  // namespace posittune::report
