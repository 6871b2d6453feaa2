#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/id.h"
#include "core/json.h"
#include "core/uuid.h"

namespace hart {

/// Something that was used and is to be charged. Immutable once reported; (source, event_id) is
/// its identity, so that reporting it twice changes nothing.
struct UsageRecord {
  std::string source;             ///< who reports it, as "hart-infer"
  std::string event_id;           ///< unique within the source
  std::string operation;          ///< "generate_text", "embed_text", "search", "ingest"
  std::int64_t units_micros = 0;  ///< units × 10^6, exact
  std::string unit;               ///< what a unit is: "token", "query", "byte"
  TimeUs time = 0;
  Json attributes = Json::object();  ///< what rate criteria look at: model, content_type, …
};

/// What a caller is about to use.
struct UsageRequest {
  std::string operation;
  std::int64_t units_micros = 0;
};

/// Asks whether a use is allowed, and takes the usage when it is over. Implemented by `bill`.
class UsageGate {
 public:
  using Reservation = std::int64_t;

  virtual ~UsageGate() = default;
  /// Sets `request` aside for the acting tenant. Throws Error(denied) when a hard quota says
  /// no.
  virtual Reservation reserve(const UsageRequest& request) = 0;
  /// Replaces the reservation by what was really used: rated and written to the ledger.
  virtual void settle(Reservation reservation, const UsageRecord& record) = 0;
  /// Gives the reservation back: nothing was used.
  virtual void release(Reservation reservation) noexcept = 0;
};

/// A piece of stored evidence that an answer leans on.
struct Evidence {
  Id atom;
  double weight = 0;  ///< in [0, 1]: the retrieval's score, normalised over the list
  std::string text;
  std::string name;  ///< the object it was found in
};

struct GenerationBegin {
  Uuid inference{};
  TimeUs started = 0;
  std::string operation;  ///< "generate_text", "embed_text"
  Id model;               ///< the model's structure
  std::string model_name;
  Json parameters = Json::object();  ///< temperature, top_k, …; canonical order
  std::uint64_t seed = 0;
  std::string prompt;
  std::vector<Evidence> evidence;
};

struct TokenAlternative {
  std::int32_t token = 0;
  float logprob = 0;   ///< natural logarithm
  std::string text{};  ///< the token's piece, where the reporter has the vocabulary at hand
};

struct GeneratedToken {
  std::int32_t token = 0;
  float logprob = 0;
  std::vector<TokenAlternative> alternatives;  ///< the best that were not taken
  std::vector<std::uint32_t> evidence;         ///< indexes into GenerationBegin::evidence
  std::string text{};                          ///< the piece, as in TokenAlternative
};

struct GenerationEnd {
  TimeUs completed = 0;
  std::string output;
  std::string finish_reason;
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
};

/// One answered query, for the query log: what `hart-ooda` observes and replays.
struct QueryRecord {
  std::string tool;       ///< "hart-search"
  std::string operation;  ///< "query"
  std::string strategy;   ///< what was run: "exact", "spatial", "text", "hybrid"
  std::string
      statement;  ///< normalised: the same for queries that differ in their values alone
  Json parameters = Json::object();  ///< k, candidates, embedding model: all to run it again
  std::string input;                 ///< the query's text, or empty
  std::string plan;                  ///< how it was answered
  std::uint64_t rows = 0;
  std::uint64_t latency_us = 0;
  TimeUs time = 0;
  std::vector<float> vector{};  ///< the query's, or empty
};

/// Where lower modules report what happened. Implemented by `prov`; a null sink is allowed
/// wherever one is asked for.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// A generation: one begin, any number of tokens, one end. The receipt is written as it runs.
  virtual void begin(const GenerationBegin& begin) = 0;
  virtual void token(const GeneratedToken& token) = 0;
  /// Makes the receipt durable. Returns its id, as `hart-prov show` takes it.
  virtual std::string end(const GenerationEnd& end) = 0;
  virtual void query(const QueryRecord& record) = 0;
};

}  // namespace hart
