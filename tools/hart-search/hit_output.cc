#include "hit_output.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "common/json_text.h"
#include "core/error.h"
#include "geometry/spatialite_blob.h"
#include "store/catalog.h"

namespace hart::search_tool {
namespace {

/// In the order of HitFields::Field.
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

/// A hit for people, from all its keys.
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

}  // namespace

HitFields::HitFields(const std::string& names) : fields_{0} {
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t comma = std::min(names.find(',', at), names.size());
    const std::string name = names.substr(at, comma - at);
    const auto known = std::find(kFields.begin(), kFields.end(), name);
    if (known == kFields.end())
      throw Error{Fault::usage, "--fields: a hit has no key '" + name +
                                    "': its keys are rank, atom, score, distance, modality,"
                                    " text, name, position and spatial"};
    fields_ |= 1u << (known - kFields.begin());
    at = comma + 1;
  }
}

HitOutput::HitOutput(store::Store& store, HitFields fields, bool many)
    : store_{store},
      fields_{fields},
      ids_{store, many},
      places_{store},
      find_modality_{
          store.db().prepare("SELECT min(modality) FROM my_tenant_atom WHERE atom_id = ?1")},
      find_spatial_{store.db().prepare(
          // The plus keeps the search to the atom's rows: the order alone would make it go
          // through all vectors.
          "SELECT coalesce((SELECT spatial_key FROM my_atom_embedding WHERE atom_id = ?1"
          " AND embedding_model_id IN (SELECT embedding_model_id FROM my_embedding_model"
          " WHERE ?2 IN (0, embedding_model_id))"
          " ORDER BY +atom_embedding_id DESC LIMIT 1),"
          " (SELECT spatial_key FROM my_tenant_atom WHERE atom_id = ?1"
          " ORDER BY modality LIMIT 1))")} {}

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

void HitOutput::begin_value(std::string_view key) {
  json_ += ",\"";
  json_ += key;
  json_ += "\":";
}

void HitOutput::add(std::string_view key, const Json& value) {
  begin_value(key);
  json_ += dump_json(value);
}

void HitOutput::add_atom(std::int64_t atom_id) {
  begin_value("atom");
  if (const Id* id = ids_.find(atom_id))
    cli::append_id(json_, *id);
  else
    json_ += "null";
}

void HitOutput::add_place(std::int64_t atom_id) {
  const auto place = places_.find(atom_id);
  if (fields_.has(HitFields::name))
    add("name", place ? Json(place->object.name) : Json(nullptr));
  if (fields_.has(HitFields::position))
    add("position", place ? Json(place->position) : Json(nullptr));
}

void HitOutput::make_json(const search::Query& query, const search::Hit& hit,
                          std::size_t rank) {
  json_ = R"({"type":"hit")";
  if (fields_.has(HitFields::rank)) {
    begin_value("rank");
    json_ += std::to_string(rank);
  }
  if (fields_.has(HitFields::atom)) add_atom(hit.atom_id);
  if (fields_.has(HitFields::score)) {
    begin_value("score");
    cli::append_rounded(json_, hit.score);
  }
  if (fields_.has(HitFields::distance)) {
    begin_value("distance");
    if (hit.distance)
      cli::append_rounded(json_, *hit.distance);
    else
      json_ += "null";
  }
  if (fields_.has(HitFields::modality)) add("modality", modality_of(hit.atom_id, query.filter));
  if (fields_.has(HitFields::text)) add("text", text_of(store_, hit.atom_id));
  if (fields_.has(HitFields::name) || fields_.has(HitFields::position)) add_place(hit.atom_id);
  if (fields_.has(HitFields::spatial)) add("spatial", spatial_of(hit.atom_id, query));
  json_ += '}';
}

void HitOutput::write(const search::Query& query, const search::Hit& hit, std::size_t rank,
                      cli::Output& out) {
  make_json(query, hit, rank);
  if (out.human())
    out.text(hit_text(parse_json(json_, "hit")));
  else
    out.write_json(json_);
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
