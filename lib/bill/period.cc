#include "bill/period.h"

#include "core/error.h"

namespace hart::bill {

Period month_period(const std::string& month) {
  const bool shaped = month.size() == 7 && month[4] == '-';
  if (!shaped) throw Error{Fault::data, "'" + month + "' is not a month, as 2026-11"};
  const TimeUs start = parse_time(month);
  const int year = std::stoi(month.substr(0, 4));
  const int number = std::stoi(month.substr(5, 2));
  const std::string next = number == 12 ? std::to_string(year + 1) + "-01"
                                        : std::to_string(year) + (number < 9 ? "-0" : "-") +
                                              std::to_string(number + 1);
  return {start, parse_time(next)};
}

std::string month_of(TimeUs time) {
  return format_time(time).substr(0, 7);
}

}  // namespace hart::bill
