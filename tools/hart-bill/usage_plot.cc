#include "usage_plot.h"

#include <algorithm>

#include "core/clock.h"

namespace hart::cli {
namespace {

constexpr TimeUs kPlotDayUs = 86'400'000'000;
constexpr std::size_t kMostDays = 3653;

/// Geometry of the picture, in its own units.
constexpr int kLabelWidth = 100;
constexpr int kBarWidth = 480;
constexpr int kTextWidth = 160;
constexpr int kRowHeight = 22;
constexpr int kTitleHeight = 36;

std::int64_t longest(const std::vector<PlotBar>& bars) {
  std::int64_t most = 1;
  for (const PlotBar& bar : bars) most = std::max(most, bar.value);
  return most;
}

/// `value` of `most` as a share of `length`.
std::int64_t scaled(std::int64_t value, std::int64_t most, int length) {
  return static_cast<std::int64_t>(static_cast<__int128>(std::max<std::int64_t>(0, value)) *
                                   length / most);
}

std::string xml(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else
      result += c;
  }
  return result;
}

std::string svg_text(int x, int y, const char* attributes, const std::string& text) {
  return "<text x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(y) + "\"" + attributes +
         ">" + xml(text) + "</text>\n";
}

}  // namespace

std::vector<PlotBar> with_empty_days(const std::vector<PlotBar>& bars,
                                     const std::string& text) {
  std::vector<PlotBar> result;
  for (const PlotBar& bar : bars) {
    while (!result.empty() && result.size() < kMostDays) {
      const std::string next =
          format_time(parse_time(result.back().label) + kPlotDayUs).substr(0, 10);
      if (next >= bar.label) break;
      result.push_back({next, 0, text});
    }
    result.push_back(bar);
  }
  return result;
}

std::string plot_text(const std::vector<PlotBar>& bars, int width) {
  // Blocks of one to seven eighths. Source: Unicode, U+2588 to U+258F.
  constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const std::int64_t most = longest(bars);
  std::string result;
  for (const PlotBar& bar : bars) {
    const std::int64_t eighths = scaled(bar.value, most, width * 8);
    result += bar.label + "  ";
    for (std::int64_t i = 0; i < eighths / 8; ++i) result += "█";
    result += kEighths[eighths % 8];
    result += (eighths > 0 ? " " : "") + bar.text + "\n";
  }
  return result;
}

std::string plot_svg(const std::vector<PlotBar>& bars, const std::string& title) {
  const std::int64_t most = longest(bars);
  const int height = kTitleHeight + static_cast<int>(bars.size()) * kRowHeight + 8;
  const int width = kLabelWidth + kBarWidth + kTextWidth;
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
                    std::to_string(width) + " " + std::to_string(height) + "\" width=\"" +
                    std::to_string(width) + "\" height=\"" + std::to_string(height) +
                    "\" font-family=\"sans-serif\" font-size=\"12\">\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" +
                    svg_text(8, 24, " font-size=\"15\" fill=\"#222\"", title);
  int y = kTitleHeight;
  for (const PlotBar& bar : bars) {
    const std::int64_t length = scaled(bar.value, most, kBarWidth);
    svg += svg_text(kLabelWidth - 10, y + 15, " text-anchor=\"end\" fill=\"#555\"", bar.label);
    svg += "<rect x=\"" + std::to_string(kLabelWidth) + "\" y=\"" + std::to_string(y + 3) +
           "\" width=\"" + std::to_string(length) + "\" height=\"" +
           std::to_string(kRowHeight - 6) + "\" fill=\"#3572b0\"/>\n";
    svg += svg_text(kLabelWidth + static_cast<int>(length) + 6, y + 15, " fill=\"#222\"",
                    bar.text);
    y += kRowHeight;
  }
  return svg + "</svg>\n";
}

}  // namespace hart::cli
