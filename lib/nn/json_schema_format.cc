#include "nn/json_schema_format.h"

namespace hart::nn {
namespace {

constexpr const char* kYear = "[1-9] [0-9]{3}";
/// Where four divides the year, but not where 100 does and 400 does not.
constexpr const char* kLeapYear =
    R"x([1-9] [0-9] ("0" [48] | [2468] [048] | [13579] [26]) | ([2468] [048] | [13579] [26]) "00")x";
constexpr const char* kHour = R"x([01] [0-9] | "2" [0-3])x";

std::string date(GbnfWriter& writer) {
  const std::string year = writer.shared("year", kYear);
  const std::string leap_year = writer.shared("leap-year", kLeapYear);
  const std::string days = R"x(("0" [1-9] | [12] [0-9]))x";
  return writer.shared(
      "date", year + R"x( "-" (("0" [13578] | "1" [02]) "-" ()x" + days +
                  R"x( | "3" [01]) | ("0" [469] | "11") "-" ()x" + days +
                  R"x( | "30") | "02-" ("0" [1-9] | "1" [0-9] | "2" [0-8])) | )x" + leap_year +
                  R"x( "-02-29")x");
}

std::string time(GbnfWriter& writer) {
  const std::string hour = writer.shared("hour", kHour);
  const std::string sixty = R"x( ":" [0-5] [0-9])x";
  return writer.shared("time", hour + sixty + sixty + R"x( ("." [0-9]{1,6})? ("Z" | [-+] )x" +
                                   hour + sixty + ")");
}

}  // namespace

std::string format_gbnf(const std::string& format, GbnfWriter& writer) {
  if (format == "date") return date(writer);
  if (format == "time") return time(writer);
  if (format == "date-time") {
    const std::string day = date(writer);
    return writer.shared("date-time", day + " \"T\" " + time(writer));
  }
  if (format == "uuid") {
    const std::string hex = writer.primitive("hex");
    const std::string four = "\"-\" " + hex + "{4} ";
    return writer.shared("uuid", hex + "{8} " + four + four + four + "\"-\" " + hex + "{12}");
  }
  return {};
}

}  // namespace hart::nn
