#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hart::cli {

/// One bar of a chart: what it is of, how long it is, and what it says.
struct PlotBar {
  std::string label;
  std::int64_t value = 0;  ///< below 0 it is drawn as 0
  std::string text;
};

/// Adds the days that lie between those of `bars` (labels are dates, ascending) with `text`; at
/// most ten years of them.
[[nodiscard]] std::vector<PlotBar> with_empty_days(const std::vector<PlotBar>& bars,
                                                   const std::string& text);

/// A line for each bar, drawn in eighths of a character, the longest `width` characters long.
[[nodiscard]] std::string plot_text(const std::vector<PlotBar>& bars, int width);

/// The same as an SVG picture that stands by itself.
[[nodiscard]] std::string plot_svg(const std::vector<PlotBar>& bars, const std::string& title);

}  // namespace hart::cli
