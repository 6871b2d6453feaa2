#include "prov/export/svg_drawing.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "prov/export/escape.h"
#include "prov/export/svg_text.h"

namespace hart::prov::exports {
namespace {

// Sizes in pixels.
constexpr double kMargin = 32;
constexpr double kHead = 84;  // above the columns: title and headings
constexpr double kGapX = 92;
constexpr double kGapY = 22;
constexpr double kRail = 14;     // from a box to a line that passes it
constexpr double kLowest = 140;  // a column begins at most this far below the headings
constexpr double kPadding = 14;
constexpr double kTitleSize = 12;
constexpr double kTextSize = 13.5;
constexpr double kFactSize = 11;
constexpr double kTextLine = 19;
constexpr double kFactLine = 15.5;
constexpr double kBarHeight = 5;

/// How boxes of a kind look.
struct BoxStyle {
  const char* css_class;
  double width;
  std::size_t lines;
};

constexpr std::array<BoxStyle, 8> kBoxStyles{{
    {"prompt", 300, 12},
    {"influence", 300, 4},
    {"evidence", 340, 5},
    {"decision", 330, 16},
    {"model", 330, 2},
    {"reasoning", 330, 1},
    {"atoms", 330, 5},
    {"alternative", 250, 2},
}};

constexpr std::string_view kStyleSheet = R"css(
text{font-family:Helvetica,Arial,'Liberation Sans','DejaVu Sans',sans-serif;fill:#1b1f24}
.page{fill:#f6f7f9}
.box{fill:#ffffff;stroke:#c4cad3}
.h1{font-size:19px;font-weight:bold}
.h2,.fact,.more{fill:#57606a}
.h2{font-size:13px}
.title{font-size:12px;font-weight:bold}
.text{font-size:13.5px}
.fact{font-size:11px}
.more{font-size:12px;font-style:italic}
.track{fill:#e4e7ec}
.edge{fill:none;stroke:#8a94a3}
.tip{fill:#8a94a3}
.prompt{fill:#1d5fbf}.influence{fill:#0f7a7a}.evidence{fill:#a15c00}.decision{fill:#18794e}
.model,.reasoning,.atoms{fill:#6e40c9}.alternative{fill:#6b7280}
@media (prefers-color-scheme:dark){
text{fill:#e6e9ee}
.page{fill:#0e1116}
.box{fill:#181c23;stroke:#39414d}
.h2,.fact,.more{fill:#a3adba}
.track{fill:#2b323c}
.edge{stroke:#76808e}
.tip{fill:#76808e}
.prompt{fill:#6aa5ff}.influence{fill:#4fc7c7}.evidence{fill:#e8a33d}.decision{fill:#4cc38a}
.model,.reasoning,.atoms{fill:#b392f0}.alternative{fill:#a3adba}
}
)css";

const BoxStyle& style_of(ChainBox::Kind kind) {
  return kBoxStyles[static_cast<std::size_t>(kind)];
}

/// A box, its text broken into lines, and where it stands.
struct PlacedBox {
  const ChainBox* box = nullptr;
  std::vector<std::string> title;
  std::vector<std::string> text;
  std::vector<std::string> facts;
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;

  [[nodiscard]] double middle() const { return y + height / 2; }
};

struct Column {
  std::string heading;
  std::vector<PlacedBox> boxes;
  std::string more;  ///< what is left out, below the boxes
  double x = 0;
  double width = 0;
  double height = 0;
};

PlacedBox measured(const ChainBox& box) {
  const BoxStyle& style = style_of(box.kind);
  const double inner = style.width - 2 * kPadding;
  PlacedBox placed;
  placed.box = &box;
  placed.width = style.width;
  placed.title = wrap_text(box.title, inner / kTitleSize, 1);
  placed.text = wrap_text(box.text, inner / kTextSize, style.lines);
  for (const std::string& fact : box.facts)
    for (std::string& line : wrap_text(fact, inner / kFactSize, 2))
      placed.facts.push_back(std::move(line));
  placed.height = 2 * kPadding + kTitleSize + 4 +
                  kTextLine * static_cast<double>(placed.text.size()) +
                  kFactLine * static_cast<double>(placed.facts.size());
  if (!placed.facts.empty()) placed.height += 4;
  if (box.share) placed.height += kBarHeight + 8;
  return placed;
}

void add_boxes(Column& column, const std::vector<ChainBox>& boxes, std::size_t limit,
               const std::string& what) {
  for (const ChainBox& box : boxes) {
    if (column.boxes.size() == limit) break;
    column.boxes.push_back(measured(box));
  }
  if (boxes.size() > limit)
    column.more = "and " + std::to_string(boxes.size() - limit) + " more " + what;
}

void stack(Column& column) {
  column.height = 0;
  for (PlacedBox& box : column.boxes) {
    column.width = std::max(column.width, box.width);
    box.y = column.height;
    column.height += box.height + kGapY;
  }
  if (column.more.empty()) {
    column.height -= kGapY;
  } else {
    column.height += 4;
  }
}

/// The columns of a drawing. Every chain has the first and the third.
struct Drawing {
  Column asked;
  Column evidence;
  Column answer;
  Column instead;
  double width = 0;
  double height = 0;
};

Drawing laid_out(const EvidenceChain& chain) {
  Drawing drawing;
  drawing.asked.heading = chain.influences.empty() ? "Asked" : "Asked, under the influence of";
  drawing.asked.boxes.push_back(measured(chain.prompt));
  add_boxes(drawing.asked, chain.influences, 7, "earlier answers");
  drawing.evidence.heading = "Evidence, strongest first";
  add_boxes(drawing.evidence, chain.evidence, 12, "pieces, weaker ones");
  drawing.answer.heading = "Answered, by";
  drawing.answer.boxes.push_back(measured(chain.decision));
  add_boxes(drawing.answer, chain.models, 9, "models");
  drawing.instead.heading = "Considered instead";
  add_boxes(drawing.instead, chain.alternatives, 6, "alternatives, less likely");

  double x = kMargin;
  double height = 0;
  for (Column* column :
       {&drawing.asked, &drawing.evidence, &drawing.answer, &drawing.instead}) {
    if (column->boxes.empty()) continue;
    stack(*column);
    column->x = x;
    x += column->width + kGapX;
    height = std::max(height, column->height);
  }
  for (Column* column : {&drawing.asked, &drawing.evidence, &drawing.answer, &drawing.instead})
    for (PlacedBox& box : column->boxes) {
      box.x = column->x;
      box.y += kHead + std::min(kLowest, (height - column->height) / 2);
    }
  drawing.width = x - kGapX + kMargin;
  drawing.height = kHead + height + kMargin;
  return drawing;
}

class SvgWriter {
 public:
  explicit SvgWriter(ByteSink& sink) : out_{sink} {}

  void open(const Drawing& drawing, const EvidenceChain& chain) {
    std::string& out = out_.text();
    out +=
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\""
        " width=\"" +
        number(drawing.width) + "\" height=\"" + number(drawing.height) + "\" viewBox=\"0 0 " +
        number(drawing.width) + " " + number(drawing.height) +
        "\" role=\"img\">\n<title>Evidence of inference ";
    append_xml(out, chain.inference);
    out += "</title>\n<style>";
    out += kStyleSheet;
    out += "</style>\n<rect class=\"page\" width=\"" + number(drawing.width) + "\" height=\"" +
           number(drawing.height) + "\"/>\n";
    text("h1", kMargin, 38, "Why this answer was given");
  }

  void text(const char* css_class, double x, double y, std::string_view line) {
    std::string& out = out_.text();
    out += std::string{"<text class=\""} + css_class + "\" x=\"" + number(x) + "\" y=\"" +
           number(y) + "\">";
    append_xml(out, line);
    out += "</text>\n";
    out_.written();
  }

  void box(const PlacedBox& placed) {
    const ChainBox& box = *placed.box;
    const char* css_class = style_of(box.kind).css_class;
    std::string& out = out_.text();
    out += "<g><title>";
    append_xml(out, box.text);
    out += "</title>\n<rect class=\"box\" rx=\"7\"" +
           rect(placed.x, placed.y, placed.width, placed.height) + "/>\n";
    out += std::string{"<rect class=\""} + css_class + "\" rx=\"2\"" +
           rect(placed.x, placed.y + 7, 4, placed.height - 14) + "/>\n";
    double y = placed.y + kPadding + kTitleSize - 1;
    const double x = placed.x + kPadding;
    for (const std::string& line : placed.title)
      text((std::string{"title "} + css_class).c_str(), x, y, line);
    y += 4;
    for (const std::string& line : placed.text) text("text", x, y += kTextLine, line);
    if (!placed.facts.empty()) y += 4;
    for (const std::string& line : placed.facts) text("fact", x, y += kFactLine, line);
    if (box.share) bar(placed, css_class);
    out_.put("</g>\n");
  }

  /// From the right side of one box to the left side of another, straight at first so that it
  /// does not cross what runs beside the first.
  void across(const PlacedBox& from, const PlacedBox& to, double weight, bool dashed) {
    const double x1 = from.x + from.width + kRail + 8;
    const double x2 = to.x - 8;
    const double bend = (x2 - x1) / 2;
    path("M" + point(from.x + from.width, from.middle()) + " L" + point(x1, from.middle()) +
             " C" + point(x1 + bend, from.middle()) + " " + point(x2 - bend, to.middle()) +
             " " + point(x2, to.middle()),
         weight, dashed);
    tip(x2 + 8, to.middle(), -8, -4.5, -8, 4.5);
  }

  /// From one box to another above it in the same column, along its left or right side.
  void beside(const PlacedBox& from, const PlacedBox& to, bool left) {
    const double side = left ? from.x : from.x + from.width;
    const double away = left ? -kRail : kRail;
    const double end = to.y + to.height - kRail;
    path("M" + point(side, from.middle()) + " L" + point(side + away, from.middle()) + " L" +
             point(side + away, end) + " L" + point(side + away / 2, end),
         1.2, false);
    const double back = left ? -8 : 8;
    tip(side, end, back, -4.5, back, 4.5);
  }

  void close() {
    out_.put("</svg>\n");
    out_.flush();
  }

 private:
  static std::string number(double value) {
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "%.1f", value);
    return text.data();
  }
  static std::string point(double x, double y) { return number(x) + " " + number(y); }
  static std::string rect(double x, double y, double width, double height) {
    return " x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) +
           "\" height=\"" + number(height) + "\"";
  }

  void bar(const PlacedBox& placed, const char* css_class) {
    const double width = placed.width - 2 * kPadding;
    const double y = placed.y + placed.height - kPadding - kBarHeight + 2;
    const double x = placed.x + kPadding;
    out_.put("<rect class=\"track\" rx=\"2.5\"" + rect(x, y, width, kBarHeight) +
             "/>\n<rect class=\"" + css_class + "\" rx=\"2.5\"" +
             rect(x, y, width * *placed.box->share, kBarHeight) + "/>\n");
  }

  void path(const std::string& shape, double weight, bool dashed) {
    out_.put("<path class=\"edge\" stroke-width=\"" + number(weight) + "\"" +
             (dashed ? " stroke-dasharray=\"5 4\"" : "") + " d=\"" + shape + "\"/>\n");
  }
  void tip(double x, double y, double dx1, double dy1, double dx2, double dy2) {
    out_.put("<path class=\"tip\" d=\"M" + point(x, y) + " l" + point(dx1, dy1) + " L" +
             point(x + dx2, y + dy2) + " Z\"/>\n");
  }

  TextWriter out_;
};

void draw_edges(const Drawing& drawing, SvgWriter& svg) {
  const PlacedBox& prompt = drawing.asked.boxes.front();
  const PlacedBox& decision = drawing.answer.boxes.front();
  for (const PlacedBox& one : drawing.evidence.boxes) {
    svg.across(prompt, one, 1.2, false);
    svg.across(one, decision, 1.2 + 4 * one.box->share.value_or(0), false);
  }
  if (drawing.evidence.boxes.empty()) svg.across(prompt, decision, 1.5, false);
  for (const PlacedBox& one : drawing.instead.boxes) svg.across(decision, one, 1.2, true);
  for (std::size_t i = 1; i < drawing.asked.boxes.size(); ++i)
    svg.beside(drawing.asked.boxes[i], prompt, true);
  for (std::size_t i = 1; i < drawing.answer.boxes.size(); ++i)
    svg.beside(drawing.answer.boxes[i], decision, false);
}

void draw_column(const Column& column, SvgWriter& svg) {
  if (column.boxes.empty()) return;
  svg.text("h2", column.x, kHead - 18, column.heading);
  for (const PlacedBox& box : column.boxes) svg.box(box);
  const PlacedBox& last = column.boxes.back();
  if (!column.more.empty())
    svg.text("more", column.x, last.y + last.height + kGapY - 4, column.more);
}

}  // namespace

void draw_chain(const EvidenceChain& chain, ByteSink& sink) {
  const Drawing drawing = laid_out(chain);
  SvgWriter svg{sink};
  svg.open(drawing, chain);
  draw_edges(drawing, svg);
  for (const Column* column :
       {&drawing.asked, &drawing.evidence, &drawing.answer, &drawing.instead})
    draw_column(*column, svg);
  svg.close();
}

}  // namespace hart::prov::exports
