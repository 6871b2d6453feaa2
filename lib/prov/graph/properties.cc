#include "prov/graph/properties.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "prov/measures.h"

namespace hart::prov {
namespace {

using cypher::Value;

/// Texts of atoms beyond this many bytes are no property: they are read with hart-ingest cat.
constexpr std::uint64_t kMostTextBytes = 4096;

// Keys stand in their order, and properties by the place of their key.
enum class InferenceProperty : unsigned {
  completed,
  confidence,
  finish_reason,
  grounding,
  inference_id,
  leaf_index,
  model,
  parameters,
  prompt,
  receipt,
  seed,
  support,
  task_type,
  timestamp,
  tokens_in,
  tokens_out,
  trust,
};
constexpr std::array<std::string_view, 17> kInferenceKeys{
    "completed", "confidence", "finish_reason", "grounding",  "inference_id", "leaf_index",
    "model",     "parameters", "prompt",        "receipt",    "seed",         "support",
    "task_type", "timestamp",  "tokens_in",     "tokens_out", "trust"};

enum class DecisionProperty : unsigned { confidence, decision_id, output_text };
constexpr std::array<std::string_view, 3> kDecisionKeys{"confidence", "decision_id",
                                                        "output_text"};

enum class EvidenceProperty : unsigned {
  content,
  distance,
  evidence_id,
  query,
  rank,
  similarity_score,
  source,
  type,
  weight,
};
constexpr std::array<std::string_view, 9> kEvidenceKeys{
    "content",          "distance", "evidence_id", "query", "rank",
    "similarity_score", "source",   "type",        "weight"};

enum class AlternativeProperty : unsigned {
  alternative_id,
  confidence,
  description,
  position,
  reason_not_chosen,
};
constexpr std::array<std::string_view, 5> kAlternativeKeys{
    "alternative_id", "confidence", "description", "position", "reason_not_chosen"};

enum class AtomProperty : unsigned { atom_id, bytes, modality, name, subtype, text };
constexpr std::array<std::string_view, 6> kAtomKeys{"atom_id", "bytes",   "modality",
                                                    "name",    "subtype", "text"};

enum class ModelProperty : unsigned { model_id, name, type };
constexpr std::array<std::string_view, 3> kModelKeys{"model_id", "name", "type"};

// An atom that is gone has its id, a mode of reasoning its name.
constexpr std::array<std::string_view, 1> kLostAtomKeys{"atom_id"};
constexpr std::array<std::string_view, 1> kReasoningKeys{"type"};

static_assert(std::ranges::is_sorted(kInferenceKeys) && std::ranges::is_sorted(kDecisionKeys) &&
              std::ranges::is_sorted(kEvidenceKeys) &&
              std::ranges::is_sorted(kAlternativeKeys) && std::ranges::is_sorted(kAtomKeys) &&
              std::ranges::is_sorted(kModelKeys));

Value instant(TimeUs time) {
  constexpr std::int64_t kMicrosecondsPerDay = 86'400'000'000;
  cypher::Temporal value;
  value.kind = cypher::TemporalKind::datetime;
  value.day = time / kMicrosecondsPerDay - (time % kMicrosecondsPerDay < 0 ? 1 : 0);
  value.nanosecond = (time - value.day * kMicrosecondsPerDay) * 1000;
  return value;
}

Value optional_number(std::optional<double> number) {
  return number ? Value{*number} : Value{};
}

Value optional_text(std::optional<std::string> text) {
  return text ? Value{std::move(*text)} : Value{};
}

/// Where a key stands among the keys of a kind.
std::optional<unsigned> place_of_key(std::span<const std::string_view> keys,
                                     std::string_view key) {
  const auto found = std::ranges::find(keys, key);
  if (found == keys.end()) return std::nullopt;
  return static_cast<unsigned>(found - keys.begin());
}

void append_decimal(std::string& out, std::uint32_t number) {
  std::array<char, 12> digits;
  out.append(digits.data(),
             std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

Value count(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

Value property_of(const Evidence& evidence, EvidenceProperty property) {
  switch (property) {
    case EvidenceProperty::content:
      return evidence.text;
    case EvidenceProperty::distance:
      return optional_number(evidence.distance);
    case EvidenceProperty::rank:
      return evidence.rank == 0 ? Value{} : Value{std::int64_t{evidence.rank}};
    case EvidenceProperty::similarity_score:
      return optional_number(evidence.score);
    case EvidenceProperty::source:
      return evidence.name;
    case EvidenceProperty::type:
      return "retrieved";
    case EvidenceProperty::weight:
      return evidence.weight;
    default:
      return {};
  }
}

std::string_view why_not(const GeneratedToken& taken, const TokenAlternative& alternative) {
  if (alternative.logprob <= taken.logprob) return "less probable than the token taken";
  return "not drawn, although more probable than the token taken";
}

}  // namespace

GraphProperties::GraphProperties(GraphSource& source)
    : source_{source},
      texts_{source.store()},
      held_{source.store().db().prepare(
          "SELECT modality, subtype FROM my_tenant_atom WHERE atom_id = ?"
          " ORDER BY modality LIMIT 1")},
      name_{source.store().db().prepare(
          "SELECT name FROM (SELECT object_id, name FROM my_object WHERE atom_id = ?1"
          " UNION ALL SELECT object_id, name FROM my_object WHERE structure_id = ?1)"
          " ORDER BY object_id DESC LIMIT 1")},
      architecture_{
          source.store().db().prepare("SELECT architecture FROM my_model WHERE atom_id = ?")},
      relation_{source.store().db().prepare(
          "SELECT weight FROM my_atom_relation"
          " WHERE source_atom_id = ? AND target_atom_id = ? AND relation_type = ?")},
      first_user_{
          source.store().db().prepare("SELECT generation_stream_id FROM my_atom_provenance"
                                      " WHERE atom_hash = ? AND atom_space = ? AND role = 0"
                                      " ORDER BY generation_stream_id DESC LIMIT 1")},
      component_{source.store().db().prepare(
          "SELECT name FROM my_atom_composition WHERE parent_atom_id = ? AND position = ?")},
      layer_{source.store().db().prepare(
          "SELECT name FROM my_model_layer WHERE model_atom_id = ? AND layer_index = ?")},
      tensor_{source.store().db().prepare(
          "SELECT name FROM my_tensor_atom WHERE model_atom_id = ? AND position = ?")} {}

std::span<const std::string_view> GraphProperties::keys(NodeKind kind) noexcept {
  switch (kind) {
    case NodeKind::inference:
      return kInferenceKeys;
    case NodeKind::decision:
      return kDecisionKeys;
    case NodeKind::evidence:
      return kEvidenceKeys;
    case NodeKind::alternative:
      return kAlternativeKeys;
    case NodeKind::atom:
      return kAtomKeys;
    case NodeKind::lost_atom:
      return kLostAtomKeys;
    case NodeKind::model:
      return kModelKeys;
    case NodeKind::reasoning:
      return kReasoningKeys;
  }
  return {};
}

std::uint32_t GraphProperties::mask(std::span<const std::string_view> of,
                                    std::span<const std::string_view> wanted) noexcept {
  std::uint32_t mask = 0;
  for (std::size_t i = 0; i < of.size(); ++i)
    if (wanted.empty() || std::ranges::find(wanted, of[i]) != wanted.end()) mask |= 1u << i;
  return mask;
}

Value GraphProperties::node(cypher::NodeId node, std::string_view key) {
  const NodeKey named = node_key(node);
  const auto place = place_of_key(keys(named.kind), key);
  return place ? value(named, *place) : Value{};
}

// A property that is null is none.
void GraphProperties::read_node(cypher::NodeId node, std::uint32_t mask,
                                cypher::PropertyRow& row) {
  row.clear();
  const NodeKey named = node_key(node);
  const auto all = keys(named.kind);
  for (unsigned place = 0; place < all.size(); ++place) {
    if ((mask >> place & 1u) == 0) continue;
    if (Value read = value(named, place); !read.is_null())
      row.append(all[place], std::move(read));
  }
}

void GraphProperties::read_edge(const cypher::Edge& edge, std::uint32_t mask,
                                cypher::PropertyRow& row) {
  row.clear();
  const auto all = edge_keys(edge.type);
  for (std::size_t place = 0; place < all.size(); ++place) {
    if ((mask >> place & 1u) == 0) continue;
    if (Value read = this->edge(edge, all[place]); !read.is_null())
      row.append(all[place], std::move(read));
  }
}

Value GraphProperties::value(const NodeKey& node, unsigned place) {
  switch (node.kind) {
    case NodeKind::inference:
      return inference(node.row, place);
    case NodeKind::decision:
      return decision(node.row, place);
    case NodeKind::evidence:
      return evidence(node, place);
    case NodeKind::alternative:
      return alternative(node, place);
    case NodeKind::atom:
      return atom(node.row, place);
    case NodeKind::model:
      return model(source_.entities().at(node.row), place);
    case NodeKind::lost_atom:
      return source_.entities().at(node.row).id.text();
    case NodeKind::reasoning:
      return source_.entities().at(node.row).name;
  }
  return {};
}

Value GraphProperties::inference(std::int64_t stream, unsigned place) {
  const auto property = static_cast<InferenceProperty>(place);
  switch (property) {
    case InferenceProperty::confidence:
      return optional_number(source_.rows().summary(stream).confidence);
    case InferenceProperty::grounding:
      return optional_number(source_.rows().summary(stream).grounding);
    case InferenceProperty::support:
      return optional_number(source_.rows().summary(stream).support);
    case InferenceProperty::trust: {
      const ReceiptRows::Summary& found = source_.rows().summary(stream);
      return optional_number(
          trust({found.confidence, found.grounding, found.support.value_or(0)}));
    }
    case InferenceProperty::inference_id:
      return uuid_text(source_.uuid(stream));
    default:
      break;
  }
  OpenedReceipt& opened = source_.opened(stream);
  const Receipt& receipt = opened.receipt();
  const GenerationStream& row = opened.stream();
  switch (property) {
    case InferenceProperty::completed:
      return instant(row.completed);
    case InferenceProperty::finish_reason:
      return row.finish_reason;
    case InferenceProperty::leaf_index:
      return count(row.leaf_index);
    case InferenceProperty::model:
      return row.model ? Value{row.model->text()} : Value{};
    case InferenceProperty::parameters:
      return dump_json(receipt.parameters);
    case InferenceProperty::prompt:
      return optional_text(opened.text(receipt.prompt));
    case InferenceProperty::receipt:
      return "sha256:" + to_hex(row.receipt_hash);
    case InferenceProperty::seed:
      return receipt.seed ? Value{std::to_string(*receipt.seed)} : Value{};
    case InferenceProperty::task_type:
      return row.operation;
    case InferenceProperty::timestamp:
      return instant(row.started);
    case InferenceProperty::tokens_in:
      return count(row.tokens_in);
    case InferenceProperty::tokens_out:
      return count(row.tokens_out);
    default:
      return {};
  }
}

Value GraphProperties::decision(std::int64_t stream, unsigned place) {
  switch (static_cast<DecisionProperty>(place)) {
    case DecisionProperty::confidence:
      return optional_number(source_.rows().summary(stream).confidence);
    case DecisionProperty::decision_id:
      return uuid_text(source_.uuid(stream)) + "/decision";
    case DecisionProperty::output_text: {
      OpenedReceipt& opened = source_.opened(stream);
      return optional_text(opened.text(opened.receipt().output));
    }
  }
  return {};
}

Value GraphProperties::evidence(const NodeKey& key, unsigned place) {
  OpenedReceipt& opened = source_.opened(key.row);
  const auto property = static_cast<EvidenceProperty>(place);
  const bool is_hit = key.place >= kFirstHit;
  const std::uint32_t at = is_hit ? key.place - kFirstHit : key.place;
  if (property == EvidenceProperty::evidence_id) {
    std::string id = uuid_text(opened.stream().uuid) + (is_hit ? "/hit/" : "/evidence/");
    append_decimal(id, at);
    return id;
  }
  if (!is_hit) {
    const auto& all = opened.evidence();
    return at < all.size() && all[at] ? property_of(*all[at], property) : Value{};
  }
  const auto& all = opened.hits();
  if (at >= all.size() || !all[at].evidence) return {};
  if (property != EvidenceProperty::query) return property_of(*all[at].evidence, property);
  const auto text = opened.query_text(all[at].query);
  return text && !text->empty() ? Value{*text} : Value{};
}

Value GraphProperties::alternative(const NodeKey& key, unsigned place) {
  OpenedReceipt& opened = source_.opened(key.row);
  const OpenedReceipt::Considered considered = opened.alternative(key.place);
  const OpenedReceipt::Token& at = *considered.token;
  const TokenAlternative& alternative = at.token.alternatives[considered.place];
  switch (static_cast<AlternativeProperty>(place)) {
    case AlternativeProperty::alternative_id: {
      constexpr std::size_t kMostBytes = 36 + 7 + 10 + 13 + 10;
      std::string id;
      id.reserve(kMostBytes);
      id += uuid_text(opened.stream().uuid);
      id += "/token/";
      append_decimal(id, at.index);
      id += "/alternative/";
      append_decimal(id, considered.place);
      return id;
    }
    case AlternativeProperty::confidence:
      return std::exp(double{alternative.logprob});
    case AlternativeProperty::description:
      return alternative.text;
    case AlternativeProperty::position:
      return std::int64_t{at.index};
    case AlternativeProperty::reason_not_chosen:
      return why_not(at.token, alternative);
  }
  return {};
}

Value GraphProperties::atom(std::int64_t atom_id, unsigned place) {
  switch (static_cast<AtomProperty>(place)) {
    case AtomProperty::atom_id:
      return source_.atom(atom_id).id.text();
    case AtomProperty::bytes:
      return count(source_.atom(atom_id).bytes);
    case AtomProperty::name:
      return object_name(atom_id);
    case AtomProperty::text:
      return atom_text(atom_id);
    case AtomProperty::modality: {
      const auto modality = atom_kind(atom_id).modality;
      return modality ? Value{store::modality_name(*modality)} : Value{};
    }
    case AtomProperty::subtype:
      return atom_kind(atom_id).subtype;
  }
  return {};
}

const GraphProperties::AtomKind& GraphProperties::atom_kind(std::int64_t atom_id) {
  if (last_atom_kind_.atom_id == atom_id) return last_atom_kind_;
  last_atom_kind_ = {atom_id, std::nullopt, {}};
  if (held_.with(atom_id).step()) {
    last_atom_kind_.modality = static_cast<store::Modality>(held_.integer(0));
    last_atom_kind_.subtype = held_.text(1);
  }
  held_.reset();
  return last_atom_kind_;
}

Value GraphProperties::object_name(std::int64_t atom_id) {
  const Value name = name_.with(atom_id).step() ? Value{name_.text(0)} : Value{};
  name_.reset();
  return name;
}

Value GraphProperties::atom_text(std::int64_t atom_id) {
  const auto modality = atom_kind(atom_id).modality;
  if (modality != store::Modality::text && modality != store::Modality::code) return {};
  if (source_.atom(atom_id).bytes > kMostTextBytes) return {};
  try {
    return texts_.text(atom_id);
  } catch (const Error& error) {
    // A file's bytes that no text was made of.
    if (error.fault() != Fault::data) throw;
    return {};
  }
}

Value GraphProperties::model(const Entity& entity, unsigned place) {
  switch (static_cast<ModelProperty>(place)) {
    case ModelProperty::model_id:
      return entity.id.text();
    case ModelProperty::name:
      return model_name(entity);
    case ModelProperty::type:
      break;
  }
  const auto held = source_.held_atom(entity.id);
  if (!held) return {};
  Value type = architecture_.with(*held).step() ? Value{architecture_.text(0)} : Value{};
  architecture_.reset();
  return type;
}

Value GraphProperties::model_name(const Entity& entity) {
  if (const auto held = source_.held_atom(entity.id))
    if (Value name = object_name(*held); !name.is_null()) return name;
  // A model that was a file, or is gone: the newest receipt that used it may tell its name.
  first_user_.with(entity.id.hash, static_cast<int>(entity.id.space));
  const auto stream = first_user_.step() ? std::optional{first_user_.integer(0)} : std::nullopt;
  first_user_.reset();
  if (!stream) return {};
  OpenedReceipt& opened = source_.opened(*stream);
  for (const ReceiptModel& used : opened.receipt().models)
    if (used.id == entity.id) return optional_text(opened.model_name(used));
  return {};
}

}  // namespace hart::prov
