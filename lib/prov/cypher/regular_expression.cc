#include "prov/cypher/regular_expression.h"

#include "core/error.h"

namespace hart::prov::cypher {
namespace {

/// The expression between the two ends of a text. What is no expression alone is none there.
formats::Regex whole_text(const std::string& expression) {
  (void)formats::Regex{expression};
  return formats::Regex{"\\A(?:" + expression + ")\\z"};
}

}  // namespace

RegularExpression::RegularExpression(const std::string& expression)
    : whole_{whole_text(expression)}, matcher_{whole_} {}

bool RegularExpression::matches(std::string_view text) {
  matcher_.allow(text.size());
  formats::RegexMatch found{};
  try {
    return matcher_.find(text, 0, found);
  } catch (const Error&) {
    throw Error{Fault::denied, "the regular expression takes too long"};
  }
}

}  // namespace hart::prov::cypher
