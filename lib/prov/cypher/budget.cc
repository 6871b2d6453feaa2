#include "prov/cypher/budget.h"

#include "core/error.h"

namespace hart::prov::cypher {

void Budget::refuse(const std::string& message) {
  spent_ = true;
  throw Error{Fault::denied, message};
}

void Budget::refuse_rows() {
  refuse("the query is not done after the " + std::to_string(rows_) +
         " nodes, relationships and rows that it may look at");
}

void Budget::check_clock() {
  until_clock_ = kRowsBetweenClocks;
  if (step_) step_();
  if (deadline_ != Clock::time_point::max() && Clock::now() > deadline_)
    refuse("the query is not done after the time that it may take");
}

}  // namespace hart::prov::cypher
