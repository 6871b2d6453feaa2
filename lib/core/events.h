#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
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
  std::string unit{};      ///< as in UsageRecord
  bool tentative = false;  ///< refused, the caller asks for less: that is no violation
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
  std::string name;        ///< the object it was found in
  std::uint32_t rank = 0;  ///< its place in the list that found it, from 1; 0: not known
  std::optional<double> distance{};  ///< from what was looked for, in the search's metric
  std::optional<double> score{};     ///< as the search gave it, not normalised
};

/// What computed a result: enough to say whether another machine would compute the same bits.
struct Engine {
  std::string name;     ///< "transformer", "word-vectors", "search", "ingest"
  std::string version;  ///< raised when a result may change
  std::string kernels;  ///< the path through the processor: "scalar", "avx2",
                        ///< "avx512", …
  std::string device;   ///< "cpu"
};

/// A model that had a part in a result.
struct UsedModel {
  Id id;  ///< its structure, or the content of a file of vectors
  std::string name;
  double weight = 1;          ///< its part in the result: the parts of an ensemble add up to 1
  std::uint32_t tensors = 0;  ///< in the model; 0: not known
  /// RFC 9162 root over the ids of its tensors in their order, a leaf the space as a byte and
  /// the digest; zeros: not known.
  Hash256 tensor_root{};
};

/// An atom that a result is about, and not only led to it: what was ingested or embedded.
struct SubjectAtom {
  Id atom;
  std::string role;  ///< "content", "structure", "input"
  std::uint64_t bytes = 0;
  std::string name;  ///< of the object, or empty
};

/// What was used and may be charged, as it stands in a receipt.
struct UsageSegment {
  std::string operation;
  std::string unit;
  std::int64_t units_micros = 0;  ///< units × 10^6, exact
};

/// What a result came out of. A generation, an embedding, a search or an ingest; what is not
/// known or does not apply is left at its default.
struct GenerationBegin {
  Uuid inference{};
  TimeUs started = 0;
  std::string operation;  ///< "generate_text", "embed_text", "search", "ingest"
  Engine engine{};
  std::vector<UsedModel> models{};
  std::vector<SubjectAtom> subjects{};
  Json parameters = Json::object();  ///< temperature, top_k, …; canonical order
  std::optional<std::uint64_t> seed{};
  std::optional<std::string> prompt{};  ///< the text that was asked or given
  std::vector<Evidence> evidence{};
  std::string reasoning{};  ///< the mode: "cot", "tot", "reflexion", …; empty: none
};

/// A step of reasoning: a thought, a critique, a branch that was weighed.
struct ReasoningStep {
  std::string kind;  ///< "thought", "critique", "answer", …
  std::string text;
  double weight = 0;  ///< in [0, 1]: how much it counted
};

struct TokenAlternative {
  std::int32_t token = 0;
  float logprob = 0;   ///< natural logarithm
  std::string text{};  ///< the token's piece, where the reporter has the
                       ///< vocabulary at hand
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
  std::optional<std::string> output{};
  std::string finish_reason{};
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
  std::vector<UsageSegment> usage{};
};

/// One answered query, for the query log: what `hart-ooda` observes and replays.
struct QueryRecord {
  std::string tool;                  ///< "hart-search"
  std::string operation;             ///< "query"
  std::string strategy;              ///< what was run: "exact", "spatial", "text", "hybrid"
  std::string statement;             ///< normalised: the same for queries that differ in
                                     ///< their values alone
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
  /// A generation: one begin, any number of tokens and steps, one end. The receipt is written
  /// as it runs.
  virtual void begin(const GenerationBegin& begin) = 0;
  virtual void token(const GeneratedToken& token) = 0;
  /// A sink that keeps no reasoning does nothing.
  virtual void step(const ReasoningStep& step) { static_cast<void>(step); }
  /// Makes the receipt durable. Returns its id, as `hart-prov show` takes it.
  virtual std::string end(const GenerationEnd& end) = 0;
  virtual void query(const QueryRecord& record) = 0;
};

}  // namespace hart
