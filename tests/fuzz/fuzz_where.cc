// Any text is refused as a wrong call or becomes an expression, whose own text reads as the
// same expression and whose SQL holds none of its strings.

#include <optional>

#include "core/bytes.h"
#include "core/error.h"
#include "fuzz_check.h"
#include "search/where.h"
#include "search/where_sql.h"

namespace {

using namespace hart::search;

std::optional<WhereExpression> parsed(std::string_view text) {
  try {
    return parse_where(text);
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::usage);
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto expression = parsed(hart::as_text({data, size}));
  if (!expression) return 0;
  const std::string text = where_text(*expression);
  // Quotation marks around a key, or a number without its exponent, may make it too long.
  if (text.size() <= kMaxWhereBytes) HART_FUZZ_CHECK(parsed(text) == expression);
  const WhereSql sql = where_sql(*expression, 1);
  HART_FUZZ_CHECK(sql.parameters.size() <= 2 * kMaxWhereValues);
  HART_FUZZ_CHECK(sql.text.find('"') == std::string::npos);
  return 0;
}
