#include "prov/graph/properties.h"

#include <array>
#include <cmath>

#include "core/error.h"
#include "prov/measures.h"

namespace hart::prov {
namespace {

using cypher::Value;

/// Texts of atoms beyond this many bytes are no property: they are read with hart-ingest cat.
constexpr std::uint64_t kMostTextBytes = 4096;

constexpr std::array<std::string_view, 17> kInferenceKeys{
    "inference_id", "timestamp",  "completed", "task_type",  "confidence",    "grounding",
    "support",      "trust",      "tokens_in", "tokens_out", "finish_reason", "seed",
    "receipt",      "leaf_index", "prompt",    "parameters", "model"};
constexpr std::array<std::string_view, 3> kDecisionKeys{"decision_id", "output_text",
                                                        "confidence"};
constexpr std::array<std::string_view, 8> kEvidenceKeys{"evidence_id",      "type",    "source",
                                                        "similarity_score", "content", "rank",
                                                        "distance",         "weight"};
constexpr std::array<std::string_view, 5> kAlternativeKeys{
    "alternative_id", "description", "confidence", "reason_not_chosen", "position"};
constexpr std::array<std::string_view, 6> kAtomKeys{"atom_id", "modality", "subtype",
                                                    "name",    "text",     "bytes"};
constexpr std::array<std::string_view, 1> kLostAtomKeys{"atom_id"};
constexpr std::array<std::string_view, 3> kModelKeys{"model_id", "name", "type"};
constexpr std::array<std::string_view, 1> kReasoningKeys{"type"};

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

Value count(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

std::string why_not(const GeneratedToken& taken, const TokenAlternative& alternative) {
  if (alternative.logprob <= taken.logprob) return "less probable than the token taken";
  return "not drawn, although more probable than the token taken";
}

}  // namespace

GraphProperties::GraphProperties(GraphSource& source)
    : source_{source},
      texts_{source.store()},
      summary_{source.store().db().prepare(
          "SELECT confidence_millionths, grounding_millionths, support_millionths"
          " FROM my_provenance_summary WHERE generation_stream_id = ?")},
      provenance_{source.store().db().prepare(
          "SELECT weight FROM my_atom_provenance WHERE generation_stream_id = ?"
          " AND role = ? AND sequence = ?")},
      influence_{
          source.store().db().prepare("SELECT strength_millionths FROM my_provenance_influence"
                                      " WHERE later_stream_id = ? AND rank = ?")},
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

Value GraphProperties::node(cypher::NodeId node, std::string_view key) {
  const NodeKey named = node_key(node);
  switch (named.kind) {
    case NodeKind::inference:
      return inference(named.row, key);
    case NodeKind::decision:
      return decision(named.row, key);
    case NodeKind::evidence:
      return evidence(named, key);
    case NodeKind::alternative:
      return alternative(named, key);
    case NodeKind::atom:
      return atom(named.row, key);
    default:
      return entity(named, key);
  }
}

const GraphProperties::Summary& GraphProperties::summary(std::int64_t stream) {
  if (last_summary_.stream == stream) return last_summary_;
  Summary summary;
  if (summary_.with(stream).step()) {
    const auto share = [this](int column) {
      return summary_.is_null(column)
                 ? std::nullopt
                 : std::optional{from_millionths(summary_.integer(column))};
    };
    summary = {stream, share(0), share(1), share(2)};
  }
  summary_.reset();
  summary.stream = stream;
  return last_summary_ = summary;
}

Value GraphProperties::inference(std::int64_t stream, std::string_view key) {
  if (key == "confidence") return optional_number(summary(stream).confidence);
  if (key == "grounding") return optional_number(summary(stream).grounding);
  if (key == "support") return optional_number(summary(stream).support);
  if (key == "trust") {
    const Summary& found = summary(stream);
    return optional_number(
        trust({found.confidence, found.grounding, found.support.value_or(0)}));
  }
  OpenedReceipt& opened = source_.opened(stream);
  const GenerationStream& row = opened.stream();
  if (key == "inference_id") return uuid_text(row.uuid);
  if (key == "timestamp") return instant(row.started);
  if (key == "completed") return instant(row.completed);
  if (key == "task_type") return row.operation;
  if (key == "tokens_in") return count(row.tokens_in);
  if (key == "tokens_out") return count(row.tokens_out);
  if (key == "finish_reason") return row.finish_reason;
  if (key == "receipt") return "sha256:" + to_hex(row.receipt_hash);
  if (key == "leaf_index") return count(row.leaf_index);
  if (key == "model") return row.model ? Value{row.model->text()} : Value{};
  if (key == "seed") {
    const auto seed = opened.receipt().seed;
    return seed ? Value{std::to_string(*seed)} : Value{};
  }
  if (key == "parameters") return dump_json(opened.receipt().parameters);
  if (key == "prompt") return optional_text(opened.text(opened.receipt().prompt));
  return {};
}

Value GraphProperties::decision(std::int64_t stream, std::string_view key) {
  if (key == "confidence") return optional_number(summary(stream).confidence);
  OpenedReceipt& opened = source_.opened(stream);
  if (key == "decision_id") return uuid_text(opened.stream().uuid) + "/decision";
  if (key == "output_text") return optional_text(opened.text(opened.receipt().output));
  return {};
}

Value GraphProperties::evidence(const NodeKey& key, std::string_view name) {
  OpenedReceipt& opened = source_.opened(key.row);
  if (name == "evidence_id")
    return uuid_text(opened.stream().uuid) + "/evidence/" + std::to_string(key.place);
  const auto& all = opened.evidence();
  if (key.place >= all.size() || !all[key.place]) return {};
  const Evidence& evidence = *all[key.place];
  if (name == "type") return "retrieved";
  if (name == "source") return evidence.name;
  if (name == "content") return evidence.text;
  if (name == "weight") return evidence.weight;
  if (name == "rank" && evidence.rank != 0) return std::int64_t{evidence.rank};
  if (name == "distance" && evidence.distance) return *evidence.distance;
  if (name == "similarity_score" && evidence.score) return *evidence.score;
  return {};
}

Value GraphProperties::alternative(const NodeKey& key, std::string_view name) {
  OpenedReceipt& opened = source_.opened(key.row);
  const OpenedReceipt::Considered considered = opened.alternative(key.place);
  const OpenedReceipt::Token& at = *considered.token;
  const TokenAlternative& alternative = at.token.alternatives[considered.place];
  if (name == "alternative_id")
    return uuid_text(opened.stream().uuid) + "/token/" + std::to_string(at.index) +
           "/alternative/" + std::to_string(considered.place);
  if (name == "description") return alternative.text;
  if (name == "confidence") return std::exp(double{alternative.logprob});
  if (name == "reason_not_chosen") return why_not(at.token, alternative);
  if (name == "position") return std::int64_t{at.index};
  return {};
}

Value GraphProperties::atom(std::int64_t atom_id, std::string_view key) {
  if (key == "name") return object_name(atom_id);
  if (key == "text") return atom_text(atom_id);
  if (key == "modality" || key == "subtype") {
    Value value;
    if (held_.with(atom_id).step()) {
      const auto modality = static_cast<store::Modality>(held_.integer(0));
      value = key == "modality" ? Value{store::modality_name(modality)} : Value{held_.text(1)};
    }
    held_.reset();
    return value;
  }
  if (key != "atom_id" && key != "bytes") return {};
  const GraphSource::AtomRow& row = source_.atom(atom_id);
  return key == "bytes" ? count(row.bytes) : Value{row.id.text()};
}

Value GraphProperties::object_name(std::int64_t atom_id) {
  const Value name = name_.with(atom_id).step() ? Value{name_.text(0)} : Value{};
  name_.reset();
  return name;
}

Value GraphProperties::atom_text(std::int64_t atom_id) {
  const Value modality = atom(atom_id, "modality");
  if (modality.is_null() || (modality.string() != "text" && modality.string() != "code"))
    return {};
  const Value bytes = atom(atom_id, "bytes");
  if (bytes.is_null() || bytes.integer() > static_cast<std::int64_t>(kMostTextBytes)) return {};
  try {
    return texts_.text(atom_id);
  } catch (const Error& error) {
    // A file's bytes that no text was made of.
    if (error.fault() != Fault::data) throw;
    return {};
  }
}

Value GraphProperties::entity(const NodeKey& key, std::string_view name) {
  const Entity entity = source_.entities().at(key.row);
  if (key.kind == NodeKind::model) return model(entity, name);
  if (key.kind == NodeKind::reasoning) return name == "type" ? Value{entity.name} : Value{};
  return name == "atom_id" ? Value{entity.id.text()} : Value{};
}

Value GraphProperties::model(const Entity& entity, std::string_view key) {
  if (key == "model_id") return entity.id.text();
  const auto held = source_.held_atom(entity.id);
  if (key == "type") {
    if (!held) return {};
    const Value type =
        architecture_.with(*held).step() ? Value{architecture_.text(0)} : Value{};
    architecture_.reset();
    return type;
  }
  if (key != "name") return {};
  if (held)
    if (Value name = object_name(*held); !name.is_null()) return name;
  // A model that was a file, or is gone: the newest receipt that used it may tell its name.
  first_user_.with(entity.id.hash, static_cast<int>(entity.id.space));
  const auto stream = first_user_.step() ? std::optional{first_user_.integer(0)} : std::nullopt;
  first_user_.reset();
  if (!stream) return {};
  OpenedReceipt& opened = source_.opened(*stream);
  for (const ReceiptModel& used : opened.receipt().models)
    if (used.id == entity.id) return optional_text(opened.text(used.name));
  return {};
}

}  // namespace hart::prov
