#include "ooda/history.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace hart::ooda {
namespace {

using store::Scope;
using store::Statement;

struct RecordedName {
  Decision decision;
  std::string_view name;
};
constexpr std::array<RecordedName, 4> kRecorded{{{Decision::acting, "acting"},
                                                 {Decision::adopted, "adopted"},
                                                 {Decision::rejected, "rejected"},
                                                 {Decision::rolled_back, "rolled_back"}}};

constexpr const char* kSelect =
    "SELECT number, cycle, hypothesis_type, action, inverse, risk_level, predicted_gain,"
    " before_us, after_us, gain, gain_lower, measured, decision, reason, evidence_query_id,"
    " created_us, completed_us FROM my_autonomous_improvement_history";

Decision find_decision(std::string_view name) {
  for (const RecordedName& known : kRecorded)
    if (known.name == name) return known.decision;
  throw Error{Fault::data, "the store names an unknown decision, " + std::string{name}};
}

std::optional<double> optional_real(const Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional{row.real(column)};
}

Improvement read_improvement(const Statement& row) {
  Improvement improvement;
  improvement.number = row.integer(0);
  const ByteView cycle = row.blob(1);
  std::copy_n(cycle.begin(), std::min(cycle.size(), improvement.cycle.size()),
              improvement.cycle.begin());
  improvement.hypothesis_type = row.text(2);
  improvement.action = parse_json(row.text(3), "an improvement's action");
  improvement.inverse = parse_json(row.text(4), "an improvement's inverse");
  improvement.risk = row.text(5);
  improvement.predicted_gain = row.real(6);
  improvement.before_us = optional_real(row, 7);
  improvement.after_us = optional_real(row, 8);
  improvement.gain = optional_real(row, 9);
  improvement.gain_lower = optional_real(row, 10);
  improvement.measured = parse_json(row.text(11), "an improvement's measurement");
  improvement.decision = find_decision(row.text(12));
  improvement.reason = row.text(13);
  improvement.evidence_query_id = row.integer(14);
  improvement.created = row.integer(15);
  if (!row.is_null(16)) improvement.completed = row.integer(16);
  return improvement;
}

}  // namespace

std::string_view decision_name(Decision decision) noexcept {
  for (const RecordedName& known : kRecorded)
    if (known.decision == decision) return known.name;
  return {};
}

void record_improvement(store::Store& store, Improvement& improvement) {
  store::WriteTransaction transaction{store};
  Statement next = store.db().prepare(
      "SELECT coalesce(max(number), 0) + 1 FROM my_autonomous_improvement_history");
  next.step();
  improvement.number = next.integer(0);
  next.reset();
  improvement.created = store.now();
  store.db()
      .prepare(
          "INSERT INTO autonomous_improvement_history (tenant_id, number, cycle,"
          " hypothesis_type, action, inverse, risk_level, predicted_gain, measured, decision,"
          " reason, evidence_query_id, created_us)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, '{}', 'acting', '', ?9, ?10)",
          Scope::owner)
      .run(store.tenant_id(), improvement.number, ByteView{improvement.cycle},
           improvement.hypothesis_type, dump_json(improvement.action),
           dump_json(improvement.inverse), improvement.risk, improvement.predicted_gain,
           improvement.evidence_query_id, improvement.created);
  transaction.commit();
}

void update_improvement(store::Store& store, Improvement& improvement) {
  store::WriteTransaction transaction{store};
  improvement.completed = store.now();
  store.db()
      .prepare(
          "UPDATE autonomous_improvement_history SET before_us = ?1, after_us = ?2, gain = ?3,"
          " gain_lower = ?4, measured = ?5, decision = ?6, reason = ?7, completed_us = ?8"
          " WHERE tenant_id = ?9 AND number = ?10",
          Scope::owner)
      .run(improvement.before_us, improvement.after_us, improvement.gain,
           improvement.gain_lower, dump_json(improvement.measured),
           decision_name(improvement.decision), improvement.reason, improvement.completed,
           store.tenant_id(), improvement.number);
  transaction.commit();
}

std::vector<Improvement> improvements(store::Store& store, std::int64_t limit) {
  Statement select =
      store.db().prepare(std::string{kSelect} + " ORDER BY number DESC LIMIT ?1");
  select.bind(1, limit == 0 ? std::int64_t{-1} : limit);
  std::vector<Improvement> found;
  while (select.step()) found.push_back(read_improvement(select));
  std::reverse(found.begin(), found.end());
  return found;
}

std::optional<Improvement> find_improvement(store::Store& store, std::int64_t number) {
  Statement select = store.db().prepare(std::string{kSelect} + " WHERE number = ?1");
  if (!select.with(number).step()) return std::nullopt;
  return read_improvement(select);
}

}  // namespace hart::ooda
