#include "meter.h"

#include <algorithm>
#include <utility>

#include "core/clock.h"
#include "core/cpu.h"
#include "core/error.h"
#include "core/uuid.h"
#include "prov/receipt_draft.h"
#include "search/query_record.h"
#include "store/query_log.h"

namespace hart::search_tool {
namespace {

constexpr const char* kOperation = "search";
constexpr const char* kUnit = "query";
constexpr std::int64_t kOneQueryMicros = 1'000'000;
/// Raised when the same store, query and parameters may give other hits.
constexpr const char* kEngineVersion = "1";

Engine search_engine() {
  const CpuFeatures& cpu = cpu_features();
  return {"search", kEngineVersion,
          cpu.avx512 ? "avx512"
          : cpu.avx2 ? "avx2"
                     : "scalar",
          "cpu"};
}

/// How the queries of a receipt were run: what all of them have in common.
Json receipt_parameters(const QueryRecord& record) {
  Json parameters = record.parameters;
  parameters.erase("left_out_atom");
  parameters["chosen"] = record.strategy;
  return parameters;
}

/// The hits by their ids. Weights are the shares of the scores; those of scores that are not
/// all positive are alike.
std::vector<Evidence> evidence_of(const search::Result& result, store::IdCache& ids) {
  std::vector<Evidence> evidence;
  evidence.reserve(result.hits.size());
  double total = 0;
  bool positive = true;
  for (const search::Hit& hit : result.hits) {
    const Id* id = ids.find(hit.atom_id);
    Evidence& item = evidence.emplace_back();
    if (id != nullptr) item.atom = *id;
    item.rank = static_cast<std::uint32_t>(evidence.size());
    item.distance = hit.distance;
    item.score = hit.score;
    positive = positive && hit.score > 0;
    total += hit.score;
  }
  for (Evidence& item : evidence)
    item.weight = positive ? *item.score / total : 1.0 / static_cast<double>(evidence.size());
  return evidence;
}

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

search::Result MeteredSearch::run(const search::Query& query, store::IdCache& ids) {
  const TimeUs time = now_us();
  if (gate_ && !reserved_) reserved_ = reserve();
  const double started = steady_seconds();
  search::Result result = searcher_.run(query);
  const double latency_s = steady_seconds() - started;
  log_.push_back(search::query_record(query, result, time, latency_s));
  if (gate_) {
    Charge& charge = charge_of(query, log_.back());
    receipt_ = uuid_text(charge.begin.inference);
    // The vector of a text follows from the text and the model.
    charge.queries.push_back(
        {query.text, query.text.empty() ? prov::digest_of(query.vector) : prov::VectorDigest{},
         evidence_of(result, ids)});
  }
  return result;
}

MeteredSearch::Reserved MeteredSearch::reserve() {
  const auto reserve_queries = [&](std::int64_t queries, bool tentative) {
    return Reserved{gate_->reserve({kOperation, queries * kOneQueryMicros, kUnit, tentative}),
                    queries};
  };
  if (block_ == 1) return reserve_queries(1, false);
  try {
    return reserve_queries(static_cast<std::int64_t>(block_), true);
  } catch (const Error& error) {
    // A quota that has no room for a block may have some for a query.
    if (error.fault() != Fault::denied) throw;
    return reserve_queries(1, false);
  }
}

MeteredSearch::Charge& MeteredSearch::charge_of(const search::Query& query,
                                                const QueryRecord& record) {
  const std::optional<Id> model =
      query.model ? std::optional{query.model->content} : std::nullopt;
  const auto known = std::find_if(charges_.begin(), charges_.end(), [&](const Charge& charge) {
    return charge.strategy == record.strategy && charge.k == query.k && charge.model == model &&
           static_cast<std::int64_t>(charge.queries.size()) < charge.reserved.queries;
  });
  if (known != charges_.end()) return *known;
  Charge& charge =
      charges_.emplace_back(Charge{*reserved_, record.strategy, query.k, model, {}, {}});
  reserved_.reset();
  charge.begin.started = record.time;
  charge.begin.inference = make_uuid7(record.time);
  charge.begin.operation = kOperation;
  charge.begin.engine = search_engine();
  if (query.model) charge.begin.models = {{query.model->content, query.model->name}};
  charge.begin.parameters = receipt_parameters(record);
  return charge;
}

UsageRecord MeteredSearch::usage_of(const Charge& charge) const {
  UsageRecord record;
  record.source = "hart-search";
  record.event_id = uuid_text(charge.begin.inference);
  record.operation = kOperation;
  record.units_micros = static_cast<std::int64_t>(charge.queries.size()) * kOneQueryMicros;
  record.unit = kUnit;
  record.time = charge.begin.started;
  record.attributes = {{"strategy", charge.strategy}, {"k", charge.k}};
  return record;
}

prov::PendingReceipt MeteredSearch::receipt_of(Charge& charge) const {
  const UsageRecord usage = usage_of(charge);
  GenerationEnd end;
  end.completed = now_us();
  end.finish_reason = "answered";
  end.usage = {{usage.operation, usage.unit, usage.units_micros}};
  const bool alone = charge.queries.size() == 1;
  prov::VectorDigest vector;
  if (alone) {
    prov::AnsweredQuery& query = charge.queries.front();
    if (!query.text.empty()) charge.begin.prompt = std::move(query.text);
    charge.begin.evidence = std::move(query.hits);
    vector = query.vector;
  }
  prov::ReceiptDraft draft{charge.begin, store_.tenant_name(), store_.actor(), vector};
  if (!alone)
    for (const prov::AnsweredQuery& query : charge.queries) draft.query(query);
  return draft.finish(end);
}

void MeteredSearch::write(std::vector<Charge> charges) {
  std::vector<prov::PendingReceipt> receipts;
  receipts.reserve(charges.size());
  for (Charge& charge : charges) {
    gate_->settle(charge.reserved.reservation, usage_of(charge));
    receipts.push_back(receipt_of(charge));
  }
  gate_->flush([&] {
    if (!receipts_) receipts_.emplace(store_);
    receipts_->write(receipts);
  });
}

void MeteredSearch::settle() {
  if (gate_) {
    if (!charges_.empty()) write(std::exchange(charges_, {}));
    if (reserved_) gate_->release(reserved_->reservation);
    reserved_.reset();
    searcher_.keep_across_own_changes();
  }
  // The log is advisory: a query that it misses was answered all the same.
  if (!log_.empty()) store::log_queries(store_, log_);
  log_.clear();
}

}  // namespace hart::search_tool
