#include "prov/graph/statistics.h"

#include "core/bytes.h"
#include "core/id.h"

namespace hart::prov {
namespace {

const char* period_format(Period period) {
  switch (period) {
    case Period::hour:
      return "'%Y-%m-%dT%H'";
    case Period::day:
      return "'%Y-%m-%d'";
    case Period::week:
      return nullptr;
    case Period::month:
      return "'%Y-%m'";
    case Period::year:
      return "'%Y'";
  }
  return nullptr;
}

/// SQLite before 3.46 has no week of ISO 8601: it is that of the week's Thursday.
std::string period_sql(Period period) {
  const std::string instant = "s.started_us / 1000000, 'unixepoch'";
  if (const char* format = period_format(period))
    return std::string{"strftime("} + format + ", " + instant + ")";
  const std::string thursday = instant + ", '-3 days', 'weekday 4'";
  return "strftime('%Y', " + thursday + ") || '-W' || substr('0' || ((strftime('%j', " +
         thursday + ") - 1) / 7 + 1), -2)";
}

const char* aspect_sql(Aspect aspect) {
  switch (aspect) {
    case Aspect::none:
      return "''";
    case Aspect::operation:
      return "s.operation";
    case Aspect::model:
      return "s.model_space || ':' || lower(hex(s.model_hash))";
    case Aspect::reasoning:
      return "coalesce((SELECT e.name FROM my_provenance_entity AS e"
             " WHERE e.provenance_entity_id = m.reasoning_entity_id), '')";
    case Aspect::finish_reason:
      return "s.finish_reason";
  }
  return "''";
}

std::string statistics_sql(const StatisticsOptions& options) {
  return "SELECT " + period_sql(options.period) + ", " + aspect_sql(options.aspect) +
         ", count(*), sum(s.tokens_in), sum(s.tokens_out),"
         " avg(s.completed_us - s.started_us) / 1e6, avg(m.evidence_atoms),"
         " avg(m.confidence_millionths) / 1e6, avg(m.grounding_millionths) / 1e6,"
         " avg(m.support_millionths) / 1e6,"
         " avg(m.confidence_millionths / 1e6 * (1 +"
         "  coalesce(m.grounding_millionths, 0) / 1e6 * m.support_millionths / 1e6) / 2)"
         " FROM my_generation_stream AS s JOIN my_provenance_summary AS m"
         " ON m.generation_stream_id = s.generation_stream_id"
         " WHERE s.started_us >= ?1 AND s.started_us < ?2"
         " GROUP BY 1, 2 ORDER BY 1, 2";
}

/// "tree:…" for "1:…": the space as the store keeps it, by its name.
std::string model_text(std::string_view stored) {
  const auto space = static_cast<IdSpace>(stored.front() - '0');
  return std::string{id_space_prefix(space)} + std::string{stored.substr(2)};
}

}  // namespace

void for_each_statistic(store::Store& store, const StatisticsOptions& options,
                        const std::function<void(const Statistics&)>& visit) {
  auto rows = store.db().prepare(statistics_sql(options));
  rows.with(options.since.value_or(INT64_MIN), options.until.value_or(INT64_MAX));
  const auto mean = [&rows](int column) {
    return rows.is_null(column) ? std::nullopt : std::optional{rows.real(column)};
  };
  while (rows.step()) {
    Statistics one;
    one.period = rows.text(0);
    one.aspect =
        options.aspect == Aspect::model ? model_text(rows.text(1)) : std::string{rows.text(1)};
    one.inferences = static_cast<std::uint64_t>(rows.integer(2));
    one.tokens_in = static_cast<std::uint64_t>(rows.integer(3));
    one.tokens_out = static_cast<std::uint64_t>(rows.integer(4));
    one.mean_seconds = rows.real(5);
    one.mean_evidence = rows.real(6);
    one.mean_confidence = mean(7);
    one.mean_grounding = mean(8);
    one.mean_support = mean(9);
    one.mean_trust = mean(10);
    visit(one);
  }
}

}  // namespace hart::prov
