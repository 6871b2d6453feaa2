#include "search/map_svg.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace hart::search {
namespace {

constexpr double kMargin = 24;
constexpr double kTitlePx = 20;
constexpr double kCaptionPx = 11;
constexpr double kLegendRow = 22;

struct Colour {
  const char* light;
  const char* dark;
};
constexpr std::array<Colour, kMostMapGroups> kGroups{{{"#1552a8", "#2f86e0"},
                                                      {"#e8590c", "#ee8a2c"},
                                                      {"#1f9d7c", "#4fd39a"},
                                                      {"#c45ab3", "#cdb0fa"},
                                                      {"#4f5600", "#f2e24b"},
                                                      {"#3b93dc", "#d8f0fb"},
                                                      {"#7d0f45", "#c040a0"},
                                                      {"#3a1f0c", "#a84a34"}}};
/// Of the groups that are too many for colours of their own, and of what is in no group.
constexpr Colour kRest{"#6f747d", "#9aa0aa"};
constexpr Colour kUncoloured{"#bcc1ca", "#4b5059"};

/// One decimal: a tenth of a pixel.
std::string number(double value) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 1);
  std::string digits{text.data(), end.ptr};
  if (digits.ends_with(".0")) digits.resize(digits.size() - 2);
  return digits == "-0" ? "0" : digits;
}

std::string attribute(const char* name, double value) {
  return std::string{" "} + name + "=\"" + number(value) + "\"";
}

/// Where the entries of the legend stand: in rows, each entry as wide as its words.
class Legend {
 public:
  struct Entry {
    double x = 0;
    double y = 0;  ///< of the row's middle, from the legend's top
    std::string text;
    std::size_t group = 0;
  };

  explicit Legend(const MapPicture& picture) {
    std::vector<std::size_t> counts(picture.points->groups.size());
    for (const MapPoint& point : picture.points->points) ++counts[point.group];
    double x = kMargin;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      std::string text = picture.points->groups[i] + " (" + std::to_string(counts[i]) + ")";
      const double width = 20 + 1.12 * text_width(text, 13) + 24;
      if (x > kMargin && x + width > picture.width - kMargin) {
        x = kMargin;
        ++rows_;
      }
      entries.push_back(
          {x, (static_cast<double>(rows_) + 0.5) * kLegendRow, std::move(text), i});
      x += width;
    }
  }
  [[nodiscard]] double height() const {
    return entries.empty() ? 0 : static_cast<double>(rows_ + 1) * kLegendRow + 8;
  }

  std::vector<Entry> entries;

 private:
  std::size_t rows_ = 0;
};

double title_height(const MapPicture& picture) {
  return picture.title.empty() ? 0 : kTitlePx * 1.6;
}

double caption_height(const MapPicture& picture) {
  return picture.caption.empty() ? 0 : kCaptionPx * 2;
}

std::string group_class(const MapPoints& points, std::size_t group) {
  if (group < points.rest) return "g" + std::to_string(group);
  return points.groups[group] == "none" ? "none" : "rest";
}

/// One colour rule a group; `stroke` since a dot is a stroke of no length with round ends.
std::string group_rules(std::size_t groups, const char* indent, const char* Colour::*shade) {
  std::string css;
  for (std::size_t i = 0; i < groups; ++i)
    css += std::string{indent} + ".g" + std::to_string(i) + " { stroke: " + kGroups[i].*shade +
           "; }\n";
  return css + indent + ".rest { stroke: " + kRest.*shade + "; }\n" + indent +
         ".none { stroke: " + kUncoloured.*shade + "; }\n";
}

std::string style(const MapPicture& picture) {
  const std::size_t groups = picture.points->rest;
  return "<style>\n"
         "text { font-family: Helvetica, Arial, 'Liberation Sans', sans-serif; }\n"
         ".ground { fill: #ffffff; }\n"
         ".words { fill: #1c1f24; }\n"
         ".quiet { fill: #5c626b; }\n"
         ".label { fill: #1c1f24; stroke: #ffffff; stroke-width: 3; stroke-linejoin: round;"
         " paint-order: stroke; }\n"
         ".dots { fill: none; stroke-linecap: round; stroke-opacity: 0.8; }\n"
         ".named { fill: none; stroke-linecap: round; }\n"
         ".ring { stroke: #ffffff; fill: none; stroke-linecap: round; }\n"
         ".edges { stroke: #5c626b; stroke-opacity: 0.35; fill: none; }\n" +
         group_rules(groups, "", &Colour::light) +
         "@media (prefers-color-scheme: dark) {\n"
         "  .ground { fill: #16181d; }\n"
         "  .words { fill: #eceef1; }\n"
         "  .quiet { fill: #a3a9b3; }\n"
         "  .label { fill: #eceef1; stroke: #16181d; }\n"
         "  .ring { stroke: #16181d; }\n"
         "  .edges { stroke: #a3a9b3; }\n" +
         group_rules(groups, "  ", &Colour::dark) + "}\n</style>\n";
}

std::string dot(const MapPixel& at) {
  return "M" + number(at.x) + " " + number(at.y) + "h0";
}

std::string edges(const MapPicture& picture) {
  if (picture.edges.empty()) return {};
  double heaviest = 0;
  for (const MapEdge& edge : picture.edges) heaviest = std::max(heaviest, edge.weight);
  std::string svg = "<g class=\"edges\">\n";
  for (const MapEdge& edge : picture.edges) {
    const MapPixel& a = picture.layout->pixels[edge.source];
    const MapPixel& b = picture.layout->pixels[edge.target];
    svg += "<path d=\"M" + number(a.x) + " " + number(a.y) + "L" + number(b.x) + " " +
           number(b.y) + "\"" +
           attribute("stroke-width", 0.6 + 1.6 * std::sqrt(edge.weight / heaviest)) + "/>\n";
  }
  return svg + "</g>\n";
}

/// All dots of a group in one path. The small groups are drawn last, on top.
std::string dots(const MapPicture& picture) {
  const MapPoints& map = *picture.points;
  std::vector<std::string> paths(map.groups.size());
  for (std::size_t i = 0; i < map.points.size(); ++i)
    paths[map.points[i].group] += dot(picture.layout->pixels[i]);
  std::string svg =
      "<g class=\"dots\"" + attribute("stroke-width", 2 * picture.point_radius) + ">\n";
  const auto draw = [&](std::size_t group) {
    if (!paths[group].empty())
      svg += "<path class=\"" + group_class(map, group) + "\" d=\"" + paths[group] + "\"/>\n";
  };
  for (std::size_t group = map.rest; group < paths.size(); ++group) draw(group);
  for (std::size_t group = 0; group < map.rest; ++group) draw(group);
  return svg + "</g>\n";
}

/// The points that labels name, larger, on a ring of the ground's colour.
std::string named_dots(const MapPicture& picture) {
  std::string svg;
  const double wide = 2 * picture.point_radius;
  for (const MapLabel& label : picture.layout->labels) {
    const std::string path = " d=\"" + dot(picture.layout->pixels[label.point]) + "\"/>\n";
    svg += "<path class=\"ring\"" + attribute("stroke-width", wide + 5) + path;
    svg += "<path class=\"named " +
           group_class(*picture.points, picture.points->points[label.point].group) + "\"" +
           attribute("stroke-width", wide + 2) + path;
  }
  return svg;
}

std::string anchored(const MapLabel& label) {
  switch (label.anchor) {
    case MapAnchor::start:
      return attribute("x", label.box.x);
    case MapAnchor::middle:
      return " text-anchor=\"middle\"" + attribute("x", label.box.x + label.box.width / 2);
    case MapAnchor::end:
      break;
  }
  return " text-anchor=\"end\"" + attribute("x", label.box.x + label.box.width);
}

std::string labels(const MapPicture& picture) {
  std::string svg = "<g" + attribute("font-size", picture.font_px) + ">\n";
  for (const MapLabel& label : picture.layout->labels)
    svg += "<text class=\"label\"" + anchored(label) +
           attribute("y", label.box.y + 0.76 * label.box.height) +
           attribute("textLength", label.box.width) + " lengthAdjust=\"spacingAndGlyphs\">" +
           xml_escaped(label.text) + "</text>\n";
  return svg + "</g>\n";
}

std::string legend(const MapPicture& picture, const Legend& legend) {
  std::string svg = "<g font-size=\"13\">\n";
  const double top = kMargin + title_height(picture);
  for (const Legend::Entry& entry : legend.entries) {
    svg += "<path class=\"named " + group_class(*picture.points, entry.group) +
           "\" stroke-width=\"10\" d=\"" + dot({entry.x + 6, top + entry.y}) + "\"/>\n";
    svg += "<text class=\"words\"" + attribute("x", entry.x + 18) +
           attribute("y", top + entry.y + 4.5) + ">" + xml_escaped(entry.text) + "</text>\n";
  }
  return svg + "</g>\n";
}

}  // namespace

MapBox map_area(const MapPicture& picture) {
  const double top = kMargin + title_height(picture) + Legend{picture}.height() + 6;
  const double bottom = picture.height - kMargin - caption_height(picture);
  const double edge = kMargin + picture.point_radius;
  return {edge, top, std::max(1.0, picture.width - 2 * edge), std::max(1.0, bottom - top)};
}

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        // XML 1.0 forbids the other control characters, even escaped.
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n')
          escaped += c;
        else
          escaped += "\xEF\xBF\xBD";
    }
  }
  return escaped;
}

std::string map_svg(const MapPicture& picture) {
  const std::string width = number(picture.width);
  const std::string height = number(picture.height);
  const std::string name = picture.title.empty() ? "Map of the semantic space" : picture.title;
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"" +
                    width + "\" height=\"" + height + "\" viewBox=\"0 0 " + width + " " +
                    height + "\" role=\"img\">\n<title>" + xml_escaped(name) + "</title>\n" +
                    style(picture) + "<rect class=\"ground\" width=\"" + width +
                    "\" height=\"" + height + "\"/>\n";
  if (!picture.title.empty())
    svg += "<text class=\"words\" font-weight=\"bold\"" + attribute("font-size", kTitlePx) +
           attribute("x", kMargin) + attribute("y", kMargin + 0.8 * kTitlePx) + ">" +
           xml_escaped(picture.title) + "</text>\n";
  svg += legend(picture, Legend{picture});
  svg += edges(picture) + dots(picture) + named_dots(picture) + labels(picture);
  if (!picture.caption.empty())
    svg += "<text class=\"quiet\"" + attribute("font-size", kCaptionPx) +
           attribute("x", kMargin) + attribute("y", picture.height - 0.8 * kMargin) + ">" +
           xml_escaped(picture.caption) + "</text>\n";
  return svg + "</svg>\n";
}

}  // namespace hart::search
