#include "prov/cypher/budget.h"

#include <string>

#include "core/error.h"

namespace hart::prov::cypher {

void Budget::refuse_rows() const {
  throw Error{Fault::denied, "the query needs more than the " + std::to_string(rows_) +
                                 " rows that it may examine"};
}

void Budget::check_clock() {
  until_clock_ = kRowsBetweenClocks;
  if (deadline_ != Clock::time_point::max() && Clock::now() > deadline_)
    throw Error{Fault::denied, "the query needs more time than it may take"};
}

}  // namespace hart::prov::cypher
