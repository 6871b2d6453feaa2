#include "hit_output.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/error.h"
#include "geometry/spatialite_blob.h"
#include "store/catalog.h"

namespace hart::search_tool {
namespace {

constexpr std::array<std::string_view, 9> kFields{
    "rank", "atom", "score", "distance", "modality", "text", "name", "position", "spatial"};

/// Scores and distances are printed to six decimals, as hart-jsonl(5) says.
double rounded(double value) {
  return std::round(value * 1e6) / 1e6;
}

Json text_of(store::Store& store, std::int64_t atom_id) {
  try {
    return store::atom_text(store, atom_id);
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    return nullptr;  // not made of text
  }
}

std::string shortened(const std::string& text) {
  constexpr std::size_t kShown = 240;
  std::string line = text.substr(0, kShown);
  // Not in the middle of a UTF-8 sequence.
  while (line.size() < text.size() && !line.empty() && (text[line.size()] & 0xC0) == 0x80)
    line.pop_back();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line.size() < text.size() ? line + " …" : line;
}

}  // namespace

HitFields::HitFields(const std::string& names) {
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t comma = std::min(names.find(',', at), names.size());
    names_.push_back(names.substr(at, comma - at));
    if (std::find(kFields.begin(), kFields.end(), names_.back()) == kFields.end())
      throw Error{Fault::usage, "--fields: a hit has no key '" + names_.back() +
                                    "': its keys are rank, atom, score, distance, modality,"
                                    " text, name, position and spatial"};
    at = comma + 1;
  }
}

bool HitFields::has(std::string_view name) const noexcept {
  return names_.empty() || std::find(names_.begin(), names_.end(), name) != names_.end();
}

HitOutput::HitOutput(store::Store& store, HitFields fields)
    : store_{store},
      fields_{std::move(fields)},
      find_atom_{store.db().prepare("SELECT space, hash FROM my_atom WHERE atom_id = ?1")},
      find_modality_{
          store.db().prepare("SELECT min(modality) FROM my_tenant_atom WHERE atom_id = ?1")},
      find_spatial_{store.db().prepare(
          "SELECT coalesce((SELECT spatial_key FROM my_atom_embedding WHERE atom_id = ?1"
          " AND (?2 = 0 OR embedding_model_id = ?2) ORDER BY atom_embedding_id DESC LIMIT 1),"
          " (SELECT spatial_key FROM my_tenant_atom WHERE atom_id = ?1"
          " ORDER BY modality LIMIT 1))")} {}

Json HitOutput::atom_of(std::int64_t atom_id) {
  Json atom;
  if (find_atom_.with(atom_id).step())
    atom = Id{static_cast<IdSpace>(find_atom_.integer(0)), find_atom_.hash(1)}.text();
  find_atom_.reset();
  return atom;
}

Json HitOutput::modality_of(std::int64_t atom_id, const search::Filter& filter) {
  if (filter.modality) return store::modality_name(*filter.modality);
  Json modality;
  if (find_modality_.with(atom_id).step() && !find_modality_.is_null(0))
    modality = store::modality_name(static_cast<store::Modality>(find_modality_.integer(0)));
  find_modality_.reset();
  return modality;
}

/// Where the map has it: as the query's model places it, else as the tenant's reference does.
Json HitOutput::spatial_of(std::int64_t atom_id, const search::Query& query) {
  Json spatial;
  find_spatial_.with(atom_id, query.model ? query.model->embedding_model_id : std::int64_t{0});
  if (find_spatial_.step() && !find_spatial_.is_null(0)) {
    const geometry::PointZM point = geometry::decode_point(find_spatial_.blob(0));
    spatial = {rounded(point.x), rounded(point.y), rounded(point.z), rounded(point.m)};
  }
  find_spatial_.reset();
  return spatial;
}

Json HitOutput::json(const search::Query& query, const search::Hit& hit, std::size_t rank) {
  Json json{{"type", "hit"}};
  if (fields_.has("rank")) json["rank"] = rank;
  if (fields_.has("atom")) json["atom"] = atom_of(hit.atom_id);
  if (fields_.has("score")) json["score"] = rounded(hit.score);
  if (fields_.has("distance"))
    json["distance"] = hit.distance ? Json(rounded(*hit.distance)) : Json(nullptr);
  if (fields_.has("modality")) json["modality"] = modality_of(hit.atom_id, query.filter);
  if (fields_.has("text")) json["text"] = text_of(store_, hit.atom_id);
  if (fields_.has("name") || fields_.has("position")) {
    const auto place = store::find_occurrence(store_, hit.atom_id);
    if (fields_.has("name")) json["name"] = place ? Json(place->object.name) : Json(nullptr);
    if (fields_.has("position"))
      json["position"] = place ? Json(place->position) : Json(nullptr);
  }
  if (fields_.has("spatial")) json["spatial"] = spatial_of(hit.atom_id, query);
  return json;
}

std::string hit_text(const Json& hit) {
  char head[64];
  std::snprintf(head, sizeof head, "%3zu  %8.4f  ", hit["rank"].get<std::size_t>(),
                hit["score"].get<double>());
  std::string text = head;
  text += hit["name"].is_null() ? hit["atom"].get<std::string>()
                                : hit["name"].get<std::string>() + ":" + hit["position"].dump();
  if (!hit["text"].is_null()) text += "\n     " + shortened(hit["text"].get<std::string>());
  return text;
}

Json facet_json(const search::Facet& facet) {
  return {{"type", "facet"},
          {"field", facet.field},
          {"value", facet.value},
          {"count", facet.count}};
}

std::string facet_text(const search::Facet& facet) {
  const std::string value = facet.value.is_null()     ? "(none)"
                            : facet.value.is_string() ? facet.value.get<std::string>()
                                                      : dump_json(facet.value);
  char figure[32];
  std::snprintf(figure, sizeof figure, "%8llu  ", static_cast<unsigned long long>(facet.count));
  return facet.field + figure + value;
}

std::string explain_text(const search::Explain& explain) {
  std::string text;
  for (const std::string& line : search::plan_lines(explain)) text += line + "\n";
  text += "time:";
  for (const search::Phase& phase : explain.phases) {
    char figure[64];
    std::snprintf(figure, sizeof figure, " %s %.2f ms", phase.name.c_str(),
                  phase.seconds * 1e3);
    text += figure;
  }
  return text;
}

}  // namespace hart::search_tool
