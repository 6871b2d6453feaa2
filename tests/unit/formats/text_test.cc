#include "formats/text.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "core/error.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

/// `kind:text` of every paragraph, blank ones as `.`.
std::string outline(std::string_view text, TextSyntax syntax) {
  std::string out;
  for (const Paragraph& p : segment_text(as_bytes(text), syntax).paragraphs) {
    if (!out.empty()) out += '|';
    switch (p.kind) {
      case ParagraphKind::blank:
        out += '.';
        continue;
      case ParagraphKind::heading:
        out += 'h' + std::to_string(p.heading_level) + ':';
        break;
      case ParagraphKind::code:
        out += "c:";
        break;
      case ParagraphKind::paragraph:
        out += "p:";
        break;
    }
    out += as_text(p.bytes);
  }
  return out;
}

std::string markdown(std::string_view text) {
  return outline(text, TextSyntax::markdown);
}

std::string plain(std::string_view text) {
  return outline(text, TextSyntax::plain);
}

std::string leaves(std::string_view text) {
  std::string out;
  for (const TextLeaf& leaf : segment_text(as_bytes(text), TextSyntax::plain).leaves)
    out += "wsp"[static_cast<int>(leaf.kind)] + std::string{as_text(leaf.bytes)} + '|';
  return out;
}

/// Everything that must hold for any document.
void check_invariants(std::string_view text, TextSyntax syntax) {
  CAPTURE(text);
  const TextDocument document = segment_text(as_bytes(text), syntax);
  std::string joined;
  std::size_t leaf = 0;
  for (const Paragraph& paragraph : document.paragraphs) {
    REQUIRE(paragraph.offset == joined.size());
    REQUIRE(paragraph.leaves_begin == leaf);
    REQUIRE(paragraph.leaves_end > leaf);
    for (; leaf < paragraph.leaves_end; ++leaf) {
      const TextLeaf& item = document.leaves[leaf];
      REQUIRE(item.offset == joined.size());
      REQUIRE(item.bytes.size() >= 1);
      REQUIRE(item.bytes.size() <= kMaxLeafBytes);
      REQUIRE(validate_utf8(item.bytes) == item.bytes.size());
      if (paragraph.kind == ParagraphKind::blank) REQUIRE(item.kind == LeafKind::space);
      joined += as_text(item.bytes);
    }
    REQUIRE(paragraph.offset + paragraph.bytes.size() == joined.size());
  }
  REQUIRE(leaf == document.leaves.size());
  REQUIRE(joined == text);
}

TEST_CASE("segment_text: blank lines part paragraphs and belong to none of them") {
  CHECK(plain("") == "");
  CHECK(plain("one") == "p:one");
  CHECK(plain("one\ntwo\n") == "p:one\ntwo|.");
  CHECK(plain("\n\none\n \t\n\ntwo  \n") == ".|p:one|.|p:two|.");
  CHECK(plain("a\r\n\r\nb\rc\r\rd") == "p:a|.|p:b\rc|.|p:d");
  CHECK(plain("  indented\n\n\n") == "p:  indented|.");
  CHECK(plain("# no heading\n```\n") == "p:# no heading\n```|.");
}

TEST_CASE("segment_text: Markdown headings and fenced code are paragraphs of their own") {
  CHECK(markdown("# One\ntext\n## Two ##\n") == "h1:# One|.|p:text|.|h2:## Two ##|.");
  CHECK(markdown("####### seven") == "p:####### seven");
  CHECK(markdown("#tag\n") == "p:#tag|.");
  CHECK(markdown("Title\n=====\nbody") == "h1:Title\n=====|.|p:body");
  CHECK(markdown("Title\n---\n") == "h2:Title\n---|.");
  CHECK(markdown("- item\n---\n") == "p:- item\n---|.");
  CHECK(markdown("a\nb\n---") == "p:a\nb\n---");
  CHECK(markdown("x\n```c\n\n# not a heading\n```\ny") ==
        "p:x|.|c:```c\n\n# not a heading\n```|.|p:y");
  CHECK(markdown("~~~~\n~~~\n```\n~~~~~\nz") == "c:~~~~\n~~~\n```\n~~~~~|.|p:z");
  CHECK(markdown("```\nopen to the end\n\n") == "c:```\nopen to the end|.");
  CHECK(markdown("```inline``` code") == "p:```inline``` code");
  CHECK(markdown("- a\n- b\n  - c\n\n> q\n") == "p:- a\n- b\n  - c|.|p:> q|.");
  CHECK(markdown("\xEF\xBB\xBF# Title\n") == "h1:\xEF\xBB\xBF# Title|.");
}

TEST_CASE("segment_text: a paragraph's bytes do not depend on what stands around it") {
  for (const char* text : {"same words\n\nx", "x\n\nsame words", "\n\nsame words  \r\n\r\ny"}) {
    const TextDocument document = segment_text(as_bytes(text), TextSyntax::markdown);
    std::size_t found = 0;
    for (const Paragraph& p : document.paragraphs) found += as_text(p.bytes) == "same words";
    CHECK(found == 1);
  }
}

TEST_CASE("segment_text: words, spaces and punctuation are leaves of their own") {
  CHECK(leaves("Hello, world_2!") == "wHello|p,|s |wworld_2|p!|");
  CHECK(leaves("don't...  go--\"") == "wdon|p'|wt|p...|s  |wgo|p--|p\"|");
  CHECK(leaves("naïve Ünïcødé 世界 ½") == "wnaïve|s |wÜnïcødé|s |w世界|s |w½|");
  CHECK(leaves("e\u0301a") == "we\u0301a|");
  CHECK(leaves("\u2764\uFE0F x") == "p\u2764\uFE0F|s |wx|");
  CHECK(leaves("a\u00A0\u3000b") == "wa|s\u00A0\u3000|wb|");
}

TEST_CASE("segment_text: long runs are cut between code points at 64 bytes") {
  const TextDocument ascii = segment_text(as_bytes(std::string(130, 'a')), TextSyntax::plain);
  REQUIRE(ascii.leaves.size() == 3);
  CHECK(ascii.leaves[0].bytes.size() == 64);
  CHECK(ascii.leaves[2].column == 129);
  std::string wide;
  for (int i = 0; i < 22; ++i) wide += "世";
  const TextDocument cut = segment_text(as_bytes(wide), TextSyntax::plain);
  REQUIRE(cut.leaves.size() == 2);
  CHECK(cut.leaves[0].bytes.size() == 63);
  CHECK(cut.leaves[1].column == 22);
}

TEST_CASE("segment_text: lines and columns count from one, columns in code points") {
  const TextDocument document = segment_text(as_bytes("äb c\r\n d\n\n\re"), TextSyntax::plain);
  std::string positions;
  for (const TextLeaf& leaf : document.leaves)
    if (leaf.kind == LeafKind::word)
      positions += std::to_string(leaf.line) + ':' + std::to_string(leaf.column) + ' ';
  CHECK(positions == "1:1 1:4 2:2 5:1 ");
  CHECK(document.paragraphs.back().line == 5);
}

TEST_CASE("segment_text: refuses invalid UTF-8 and names the byte") {
  CHECK_THROWS_WITH_AS(static_cast<void>(segment_text(as_bytes("ab\xFFz"), TextSyntax::plain)),
                       "text byte 2: not UTF-8", Error);
}

TEST_CASE("segment_text: cuts paragraphs and code blocks at the limit and loses nothing") {
  const std::string line = "some words of a line\n";
  std::string many;
  while (many.size() <= 3 * kMaxParagraphBytes) many += line;
  const std::string unbroken(2 * kMaxParagraphBytes + 5, 'x');
  const std::string blanks(kMaxParagraphBytes + 5, ' ');
  std::string wide;
  while (wide.size() <= kMaxParagraphBytes) wide += "世";
  for (const std::string& text :
       {many, unbroken, wide, blanks + "x", "```\n" + many + "```\nafter\n"}) {
    const TextDocument document = segment_text(as_bytes(text), TextSyntax::markdown);
    std::string joined;
    for (const Paragraph& paragraph : document.paragraphs) {
      CHECK(paragraph.bytes.size() <= kMaxParagraphBytes);
      joined += as_text(paragraph.bytes);
    }
    CHECK(joined == text);
  }
  const TextDocument code =
      segment_text(as_bytes("```\n" + many + "```\nafter"), TextSyntax::markdown);
  for (const Paragraph& paragraph : code.paragraphs) {
    const bool is_last = &paragraph == &code.paragraphs.back();
    if (paragraph.kind == ParagraphKind::blank) continue;
    CHECK(paragraph.kind == (is_last ? ParagraphKind::paragraph : ParagraphKind::code));
  }
}

TEST_CASE("segment_text: the leaves of any document are its bytes") {
  const std::vector<std::string> parts{"word", "é",      "世",  " ",      "\n", "\r\n", "\r",
                                       "# ",   "```\n",  "~~~", "- ",     "=",  "--",   "> ",
                                       "\t",   "\u0301", "😀",   "\u00A0", "_"};
  std::mt19937 random{7};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    const std::size_t count = random() % 40;
    for (std::size_t i = 0; i < count; ++i) text += parts[random() % parts.size()];
    check_invariants(text, TextSyntax::markdown);
    check_invariants(text, TextSyntax::plain);
  }
}

}  // namespace
}  // namespace hart::formats
