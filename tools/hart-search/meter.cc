#include "meter.h"

#include <algorithm>
#include <utility>

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

MeteredSearch::MeteredSearch(store::Store& store, std::size_t block)
    : store_{store}, block_{block}, searcher_{store} {
  // What is settled is written by `settle` alone: no group of the gate's own.
  if (store.writable()) gate_ = std::make_unique<bill::MeterGate>(store, SIZE_MAX);
}

MeteredSearch::~MeteredSearch() {
  try {
    settle();
  } catch (...) {
    // A destructor has nobody to tell.
  }
}

search::Result MeteredSearch::run(const search::Query& query) {
  const TimeUs time = now_us();
  if (gate_ && !reserved_) reserved_ = reserve();
  const double started = steady_seconds();
  search::Result result = searcher_.run(query);
  const double latency_s = steady_seconds() - started;
  if (gate_) note_charge(query, result, time);
  log_.push_back(search::query_record(query, result, time, latency_s));
  return result;
}

MeteredSearch::Reserved MeteredSearch::reserve() {
  const auto reserve_queries = [&](std::int64_t queries) {
    return Reserved{gate_->reserve({kOperation, queries * kOneQueryMicros}), queries};
  };
  if (block_ == 1) return reserve_queries(1);
  try {
    return reserve_queries(static_cast<std::int64_t>(block_));
  } catch (const Error& error) {
    // A quota that has no room for a block may have some for a query.
    if (error.fault() != Fault::denied) throw;
    return reserve_queries(1);
  }
}

void MeteredSearch::note_charge(const search::Query& query, const search::Result& result,
                                TimeUs time) {
  const std::string strategy{search::strategy_name(result.explain.chosen)};
  auto charge = std::find_if(charges_.begin(), charges_.end(), [&](const Charge& known) {
    return known.strategy == strategy && known.k == query.k &&
           known.queries < known.reserved.queries;
  });
  if (charge == charges_.end()) {
    charge = charges_.insert(charge, {*reserved_, strategy, query.k, 0, time});
    reserved_.reset();
  }
  ++charge->queries;
}

void MeteredSearch::settle() {
  if (gate_) {
    for (const Charge& charge : std::exchange(charges_, {})) {
      UsageRecord record;
      record.source = "hart-search";
      record.event_id = uuid_text(make_uuid7(charge.time));
      record.operation = kOperation;
      record.units_micros = charge.queries * kOneQueryMicros;
      record.unit = "query";
      record.time = charge.time;
      record.attributes = {{"strategy", charge.strategy}, {"k", charge.k}};
      gate_->settle(charge.reserved.reservation, record);
    }
    if (reserved_) gate_->release(reserved_->reservation);
    reserved_.reset();
    gate_->flush();
    searcher_.keep_across_own_changes();
  }
  // The log is advisory: a query that it misses was answered all the same.
  if (!log_.empty()) store::log_queries(store_, log_);
  log_.clear();
}

}  // namespace hart::search_tool
