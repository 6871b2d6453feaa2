#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hart::search {

/// A condition on objects, as a user writes it:
///
///     metadata.lang = "en" and (size > 10 or not name ~ "x*")
///
///     expression = all { "or" all }          all       = term { "and" term }
///     term       = "not" term | "(" expression ")" | condition
///     condition  = field ("=" | "!=" | "<" | "<=" | ">" | ">=") value
///                | field ("~" | "like" | "contains") value
///                | field "in" "(" value { "," value } ")"
///                | "exists" field
///     field      = "name" | "kind" | "subtype" | "modality" | "tag" | "uri" | "version" |
///                  "size" | "created" | "importance" | "metadata" { "." key | "[" number "]" }
///     key        = letters, digits, _ and -, or a string
///     value      = a string in " or ', a JSON number, true, false, null
///
/// Keywords are written in lower case. In a string \ stands before ", ' or itself.
///
/// A condition on something the object does not have, or that is of another type than the
/// value, is false whatever the operator; `not` makes it true. Strings compare by their bytes;
/// `~` is a glob (* ? [a-z]) over all of the text, `like` SQL's (% _, ASCII case ignored);
/// `contains` asks for an element of an array. `exists` is true of what is null, and `!= null`
/// of what is anything else.
struct WhereExpression {
  enum class Kind { condition, all, any, negation };
  enum class Operator {
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    glob,
    like,
    contains,
    in,
    exists,
  };
  using Value = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string>;

  Kind kind = Kind::condition;
  std::vector<WhereExpression> parts;  ///< of all, any (two at least) and negation (one)
  std::string field;                   ///< of a condition: "name", …, "metadata"
  std::string path;                    ///< below metadata, as SQLite's JSON path: `$."lang"[0]`
  Operator comparison = Operator::exists;
  std::vector<Value> values;  ///< one; `in`: one at least; `exists`: none

  bool operator==(const WhereExpression&) const = default;
};

/// How large an expression may be: its text, how deep it is nested and how many conditions and
/// values it has. SQLite's parser keeps 100 tokens in mind and builds 1 000 levels; each level
/// of nesting takes up to five of the one, each condition one of the other.
inline constexpr std::size_t kMaxWhereBytes = 16'384;
inline constexpr std::size_t kMaxWhereDepth = 12;
inline constexpr std::size_t kMaxWhereValues = 400;
inline constexpr std::size_t kMaxWherePatternBytes = 1'000;

/// Throws Error(usage) with the position, in bytes from 1, and what was expected there; and on
/// a field that is compared with what it never is (`modality = "smell"`, `version ~ "1*"`).
[[nodiscard]] WhereExpression parse_where(std::string_view text);

enum class WhereValues { shown, hidden };
/// The expression in a form that `parse_where` reads as the same; with `hidden` a ? for each
/// value, to tell how queries of one shape differ in nothing else.
[[nodiscard]] std::string where_text(const WhereExpression& expression,
                                     WhereValues values = WhereValues::shown);

}  // namespace hart::search
