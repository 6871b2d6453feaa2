#include "meter.h"

#include "bill/meter_gate.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/uuid.h"
#include "search/query_record.h"
#include "store/query_log.h"

namespace hart::search_tool {
namespace {

constexpr const char* kOperation = "search";
constexpr std::int64_t kOneQueryMicros = 1'000'000;

}  // namespace

MeteredSearch::MeteredSearch(const cli::Context& context, store::Store& store)
    : context_{context}, store_{store} {
  if (store.writable()) gate_ = std::make_unique<bill::MeterGate>(store);
}

MeteredSearch::~MeteredSearch() = default;

search::Result MeteredSearch::run(const search::Query& query) {
  const TimeUs time = now_us();
  std::optional<UsageGate::Reservation> reservation;
  if (gate_) reservation = gate_->reserve({kOperation, kOneQueryMicros});
  search::Result result;
  const double started = steady_seconds();
  try {
    result = search::search(store_, query);
  } catch (...) {
    if (reservation) gate_->release(*reservation);
    throw;
  }
  const double latency_s = steady_seconds() - started;
  if (reservation) charge(*reservation, query, result, time);
  // The log is advisory: a query that it misses was answered all the same.
  store::log_query(store_, search::query_record(query, result, time, latency_s));
  return result;
}

void MeteredSearch::charge(UsageGate::Reservation reservation, const search::Query& query,
                           const search::Result& result, TimeUs time) {
  UsageRecord record;
  record.source = "hart-search";
  record.event_id = uuid_text(make_uuid7(time));
  record.operation = kOperation;
  record.units_micros = kOneQueryMicros;
  record.unit = "query";
  record.time = time;
  record.attributes = {{"strategy", search::strategy_name(result.explain.chosen)},
                       {"k", query.k}};
  gate_->settle(reservation, record);
}

}  // namespace hart::search_tool
