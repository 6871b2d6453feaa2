#include "prov/export/trends.h"

#include "prov/cypher/temporal.h"
#include "prov/export/escape.h"
#include "prov/export/value_form.h"

namespace hart::prov::exports {
namespace {

using cypher::Kind;
using cypher::PropertyRow;
using cypher::Value;

std::uint64_t count_in(const PropertyRow& properties, std::string_view key) {
  const Value& value = properties.get(key);
  return value.kind() == Kind::integer && value.integer() > 0
             ? static_cast<std::uint64_t>(value.integer())
             : 0;
}

std::string text_in(const PropertyRow& properties, std::string_view key) {
  const Value& value = properties.get(key);
  return value.kind() == Kind::string ? value.string() : std::string{};
}

/// "2026-11-22", in UTC.
std::string day_of(const cypher::Temporal& time) {
  const std::int64_t seconds = cypher::epoch_seconds(time);
  return cypher::temporal_text(
      cypher::convert_temporal(cypher::TemporalKind::date, cypher::from_epoch(seconds, 0)));
}

double seconds_between(const cypher::Temporal& from, const cypher::Temporal& to) {
  const double whole =
      static_cast<double>(cypher::epoch_seconds(to) - cypher::epoch_seconds(from));
  const auto part = [](const cypher::Temporal& time) {
    return static_cast<double>(time.nanosecond % cypher::kNanosPerSecond) * 1e-9;
  };
  return whole + part(to) - part(from);
}

/// A mean of nothing is an empty field.
void append_mean(std::string& out, double sum, std::uint64_t count) {
  out += ',';
  if (count > 0) append_float(out, sum / static_cast<double>(count));
}

}  // namespace

void Trends::node(const ExportedNode& node) {
  const KnownLabel* known = node.name.known;
  if (known != nullptr && known->label == "Model")
    model_names_[node.name.value] = text_in(node.properties, "name");
  if (known == nullptr || known->label != "Inference") return;
  const Value& began = node.properties.get("timestamp");
  current_ = node.id;
  current_day_ = began.is_temporal() ? day_of(began.temporal()) : std::string{};
  Day& day = days_[{current_day_, text_in(node.properties, "task_type")}];
  ++day.inferences;
  day.tokens_in += count_in(node.properties, "tokens_in");
  day.tokens_out += count_in(node.properties, "tokens_out");
  if (text_in(node.properties, "finish_reason") == "length") ++day.length_stops;
  const Value& confidence = node.properties.get("confidence");
  if (confidence.is_number()) day.confidence.add(confidence.number());
  const Value& ended = node.properties.get("completed");
  if (began.is_temporal() && ended.is_temporal())
    day.seconds.add(seconds_between(began.temporal(), ended.temporal()));
}

void Trends::edge(const ExportedEdge& edge) {
  if (edge.edge.start != current_ || edge.type != "USED_MODEL") return;
  ModelDay& day = models_[{current_day_, model_id(edge.edge.end)}];
  ++day.inferences;
  const Value& weight = edge.properties.get("contribution_weight");
  if (weight.is_number()) day.contribution.add(weight.number());
}

const std::string& Trends::model_id(cypher::NodeId model) {
  const auto [place, is_new] = model_ids_.try_emplace(model);
  if (is_new) place->second = node_name(*graph_, model).value;
  return place->second;
}

void Trends::write_days(ByteSink& sink) const {
  std::string out =
      "day,task_type,inferences,tokens_in,tokens_out,mean_confidence,mean_seconds,"
      "length_stops\r\n";
  for (const auto& [key, day] : days_) {
    out += key.first + ",";
    append_csv_field(out, key.second);
    for (const std::uint64_t count : {day.inferences, day.tokens_in, day.tokens_out})
      out += "," + std::to_string(count);
    append_mean(out, day.confidence.sum, day.confidence.count);
    append_mean(out, day.seconds.sum, day.seconds.count);
    out += "," + std::to_string(day.length_stops) + "\r\n";
  }
  sink.write(out);
}

void Trends::write_models(ByteSink& sink) const {
  std::string out = "day,model_id,model_name,inferences,mean_contribution\r\n";
  for (const auto& [key, day] : models_) {
    out += key.first + ",";
    append_csv_field(out, key.second);
    out += ',';
    const auto name = model_names_.find(key.second);
    append_csv_field(out, name == model_names_.end() ? "" : name->second);
    out += "," + std::to_string(day.inferences);
    append_mean(out, day.contribution.sum, day.contribution.count);
    out += "\r\n";
  }
  sink.write(out);
}

}  // namespace hart::prov::exports
