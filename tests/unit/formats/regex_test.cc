#include "formats/regex.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/error.h"

namespace hart::formats {
namespace {

/// The matches of `expression` in `text`, separated by bars.
std::string matches(std::string_view expression, std::string_view text) {
  const Regex regex{expression};
  RegexMatcher matcher{regex};
  std::string found;
  std::size_t from = 0;
  for (RegexMatch match{}; from <= text.size() && matcher.find(text, from, match);) {
    if (!found.empty()) found += '|';
    found += text.substr(match.begin, match.end - match.begin);
    from = match.end > match.begin ? match.end : match.end + 1;
  }
  return found;
}

void check_refused(std::string_view expression, const std::string& because) {
  CAPTURE(expression);
  try {
    const Regex regex{expression};
    FAIL("was not refused");
  } catch (const Error& error) {
    CAPTURE(error.what());
    CHECK(error.fault() == Fault::data);
    CHECK(std::string{error.what()}.find(because) != std::string::npos);
  }
}

TEST_CASE("regex: the first alternative that leads to a match wins, not the longest") {
  CHECK(matches("a|ab", "ab") == "a");
  CHECK(matches("(a|ab)c", "abc") == "abc");
  CHECK(matches("(?:a|ab)(?:c|bcd)", "abcd") == "abcd");
}

TEST_CASE("regex: quantifiers take much and give back, little and take more, or never give") {
  CHECK(matches("a*ab", "aaab") == "aaab");
  CHECK(matches("a++ab", "aaab").empty());
  CHECK(matches("(?>a+)ab", "aaab").empty());
  CHECK(matches("a+?", "aaa") == "a|a|a");
  CHECK(matches("<.*?>", "<a><b>") == "<a>|<b>");
  CHECK(matches("a{2,3}", "aaaaaa a") == "aaa|aaa");
  CHECK(matches("a{2,}b", "ab aaab") == "aaab");
  CHECK(matches("(?:ab){2}", "ababab") == "abab");
  CHECK(matches("(?:ab){1,2}?c", "ababc") == "ababc");
  CHECK(matches("a{,2}b", "aaab") == "aab");
  CHECK(matches("a{x", "a{x") == "a{x");
  CHECK(matches("\\d{1,3}+x", "123456x") == "123456x");  // a repeated repetition, as in Ruby
}

TEST_CASE("regex: look-ahead and look-behind take no text") {
  CHECK(matches("\\s+(?!\\S)", "a   b  ") == "  |  ");
  CHECK(matches("a(?=b)", "ab ac") == "a");
  CHECK(matches("(?<=中)b", "中b ab") == "b");
  CHECK(matches("(?<!a)b", "ab cb b") == "b|b");
  CHECK(matches("(?<=\\d\\d)x", "1x 12x") == "x");
}

TEST_CASE("regex: classes have ranges, properties, negation, nesting and intersection") {
  CHECK(matches("[a-cx]+", "abxdc") == "abx|c");
  CHECK(matches("[^a-c]+", "abxdc") == "xd");
  CHECK(matches("[\\p{L}--]+", "aé-1") == "aé-");
  CHECK(matches("[\\p{L}&&[^a-z]]+", "abCÉd") == "CÉ");
  CHECK(matches("[a[0-9]]+", "a1b2") == "a1|2");
  CHECK(matches("[]a]+", "]a") == "]a");
  CHECK(matches("[\\]\\-]+", "]-") == "]-");
  CHECK(matches("[[:alpha:]]+", "ab1") == "ab");
  CHECK(matches("\\P{L}+", "ab12c") == "12");
  CHECK(matches("\\p{^L}+", "ab12c") == "12");
  CHECK(matches("\\p{Han}+", "ab中文c") == "中文");
  CHECK(matches("\\x41\\x{1F999}\\u0042", "A🦙 A🦙B") == "A🦙B");
}

TEST_CASE("regex: case is ignored where the expression says so, by Unicode's folding") {
  CHECK(matches("(?i:'s|'T)", "'S 't 'ſ") == "'S|'t|'ſ");
  CHECK(matches("(?i)straße", "STRAßE") == "STRAßE");
  CHECK(matches("(?i:a)b", "AB Ab") == "Ab");
  CHECK(matches("a(?i)b|c", "aB") == "aB");
  CHECK(matches("(?i:[^a])", "Aab") == "b");
}

TEST_CASE("regex: lines, the ends of the text and the borders of words are places") {
  CHECK(matches("^a", "a\na ba") == "a|a");
  CHECK(matches("a$", "a\nba") == "a|a");
  CHECK(matches("\\Aa", "a\na") == "a");
  CHECK(matches("a\\z", "a\na") == "a");
  CHECK(matches("\\bé\\w*", "xé éx") == "éx");
  CHECK(matches("x\\B", "xé x") == "x");
}

TEST_CASE("regex: bytes that are no UTF-8 match as U+FFFD, one by one") {
  CHECK(matches("[^\\s\\p{L}]", "a\xFF\xE2\x82") == "\xFF|\xE2|\x82");
  CHECK(matches("\\x{FFFD}+", "a\xFF\xFE") == "\xFF\xFE");
  CHECK(matches("\\p{L}+", "\xC3\xA9\xC3") == "é");
}

TEST_CASE("regex: runs give characters back whole, not their bytes") {
  CHECK(matches("\\p{L}+文", "中中文") == "中中文");
  CHECK(matches(".*é", "aéé!") == "aéé");
}

TEST_CASE("regex: what is malformed or unknown is refused with the place") {
  check_refused("(a", "without its )");
  check_refused("a)", "byte 1");
  check_refused("[a", "without its ]");
  check_refused("*a", "nothing before it");
  check_refused("a{3,2}", "reversed");
  check_refused("a{2000}", "1024");
  check_refused("[z-a]", "reversed");
  check_refused("\\p{Klingon}", "'Klingon'");
  check_refused("\\p{L", "without its }");
  check_refused("\\q", "\\q");
  check_refused("\\", "ends where");
  check_refused("(?<=a+)b", "look-behind");
  check_refused("(?#x)", "kind of group");
  check_refused("\\x{110000}", "code point");
  check_refused("(a*)*", "may be empty");
  check_refused("((((a{999}){999}){999}){999})", "65536");
  check_refused(std::string(100, '('), "64 levels");
  check_refused(std::string(20000, 'a'), "16 KiB");
}

TEST_CASE("regex: an expression that takes exponential time ends in an error") {
  const Regex regex{"(?:a+)+b"};
  RegexMatcher matcher{regex};
  RegexMatch match{};
  CHECK_THROWS_AS((void)matcher.find(std::string(64, 'a'), 0, match), Error);
}

TEST_CASE("character sets: union, intersection and inversion agree with membership") {
  CharacterRanges letters = *find_property("L");
  const CharacterRanges others = letters.inverted();
  const CharacterRanges none = letters.intersected(others);
  CHECK(none.ranges().empty());
  const CharacterSet set{letters};
  for (char32_t value = 0; value < 0x20000; ++value)
    REQUIRE(set.contains(value) == (letters.contains(value) && !others.contains(value)));
  letters.add(others);
  CHECK(letters.ranges() == std::vector<CharacterRange>{{0, 0x10FFFF}});
  CHECK(!find_property("Nonsense"));
}

}  // namespace
}  // namespace hart::formats
