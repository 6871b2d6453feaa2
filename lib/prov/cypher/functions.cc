#include "prov/cypher/functions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <string>

namespace hart::prov::cypher {

const Function* find_function(std::string_view name) noexcept {
  const std::array<std::span<const Function>, 5> tables{number_functions(), string_functions(),
                                                        list_functions(), graph_functions(),
                                                        temporal_functions()};
  for (const auto& table : tables)
    for (const Function& function : table)
      if (function.name == name) return &function;
  return nullptr;
}

void refuse_argument(const CallContext& context, std::string_view expectation,
                     const Value& found) {
  fail(Fault::data, context.at, "TypeError: InvalidArgumentValue",
       "expected " + std::string{expectation} + ", found " +
           std::string{kind_name(found.kind())});
}

std::string number_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  std::array<char, 64> buffer{};
  const double magnitude = std::abs(number);
  const bool scientific = magnitude != 0 && (magnitude < 1e-3 || magnitude >= 1e7);
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                    scientific ? std::chars_format::scientific : std::chars_format::fixed);
  std::string text{buffer.data(), written.ptr};
  if (!scientific) return text.find('.') == std::string::npos ? text + ".0" : text;
  // As Java writes it: 1.0E10, 2.5E-7.
  const std::size_t e = text.find('e');
  std::string mantissa = text.substr(0, e);
  if (mantissa.find('.') == std::string::npos) mantissa += ".0";
  return mantissa + "E" + std::to_string(std::stoi(text.substr(e + 1)));
}

}  // namespace hart::prov::cypher
