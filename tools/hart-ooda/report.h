#pragma once

#include <string>

#include "common/output.h"
#include "ooda/history.h"
#include "ooda/hypothesis.h"
#include "ooda/observation.h"

namespace hart::cli {

/// The figures of a cycle as JSON lines, or as tables for people.
void report_observation(Output& out, const ooda::Observation& observation);
void report_hypotheses(Output& out, const std::vector<ooda::Hypothesis>& ranked);
void report_action(Output& out, const ooda::Hypothesis& hypothesis, const Json& inverse,
                   bool dry_run);
void report_outcome(Output& out, const ooda::Improvement& improvement);

/// `{"type":"improvement",…}`, as `history` prints it.
[[nodiscard]] Json improvement_json(const char* type, const ooda::Improvement& improvement);

/// "+12.3 %"; "-" for nothing.
[[nodiscard]] std::string gain_text(std::optional<double> gain);
/// "build_index flat wordnet-vectors", from an action's JSON.
[[nodiscard]] std::string action_text(const Json& action);

/// `value` to so many significant figures as are worth printing: six.
[[nodiscard]] double significant(double value);

}  // namespace hart::cli
