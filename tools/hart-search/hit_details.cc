#include "hit_details.h"

#include <optional>

#include "common/json_text.h"
#include "core/error.h"
#include "core/json.h"
#include "geometry/spatialite_blob.h"
#include "store/catalog.h"

namespace hart::search_tool {
namespace {

/// Beyond, everything is forgotten: the atoms that are found often come again soon.
constexpr std::size_t kMaxKnownBytes = std::size_t{32} << 20;

void append_point(std::string& json, const geometry::PointZM& point) {
  char separator = '[';
  for (const double value : {point.x, point.y, point.z, point.m}) {
    json += separator;
    cli::append_rounded(json, value);
    separator = ',';
  }
  json += ']';
}

}  // namespace

HitDetails::HitDetails(store::Store& store, HitFields fields)
    : fields_{fields},
      any_{fields.has(HitFields::modality) || fields.has(HitFields::text) ||
           fields.has(HitFields::name) || fields.has(HitFields::position) ||
           fields.has(HitFields::spatial)},
      texts_{store},
      places_{store},
      find_reference_{store.db().prepare("SELECT modality, spatial_key FROM my_tenant_atom"
                                         " WHERE atom_id = ?1 ORDER BY modality LIMIT 1")},
      // Of the newest vector, by `max`: to sort them would cost more than to find them.
      find_mapped_{store.db().prepare(
          "SELECT e.spatial_key, max(e.atom_embedding_id) FROM my_embedding_model AS m"
          " CROSS JOIN my_atom_embedding AS e ON e.embedding_model_id = m.embedding_model_id"
          " WHERE e.atom_id = ?1 AND (?2 = 0 OR m.embedding_model_id = ?2)")} {}

void HitDetails::forget() {
  texts_.forget();
  places_.forget();
  known_.clear();
  known_bytes_ = 0;
}

const std::string& HitDetails::of(std::int64_t atom_id, const search::Query& query) {
  static const std::string kNothing;
  if (!any_) return kNothing;
  const std::int64_t model = query.model ? query.model->embedding_model_id : 0;
  if (model != embedding_model_id_ || known_bytes_ > kMaxKnownBytes) {
    known_.clear();
    known_bytes_ = 0;
    embedding_model_id_ = model;
  }
  const auto known = known_.find(atom_id);
  if (known != known_.end()) return known->second;
  std::string json = make(atom_id, query);
  known_bytes_ += json.size();
  return known_.emplace(atom_id, std::move(json)).first->second;
}

std::string HitDetails::make(std::int64_t atom_id, const search::Query& query) {
  std::string json;
  const bool held = find_reference_.with(atom_id).step();
  if (fields_.has(HitFields::modality)) {
    std::optional<store::Modality> modality = query.filter.modality;
    if (!modality && held) modality = static_cast<store::Modality>(find_reference_.integer(0));
    json += ",\"modality\":";
    json += modality ? dump_json(store::modality_name(*modality)) : "null";
  }
  if (fields_.has(HitFields::text)) append_text(json, atom_id);
  if (fields_.has(HitFields::name) || fields_.has(HitFields::position))
    append_place(json, atom_id);
  if (fields_.has(HitFields::spatial))
    append_spatial(json, atom_id, held ? find_reference_.blob(1) : ByteView{});
  find_reference_.reset();
  return json;
}

/// Null for what is not made of text.
void HitDetails::append_text(std::string& json, std::int64_t atom_id) {
  json += ",\"text\":";
  try {
    cli::append_string(json, texts_.text(atom_id));
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    json += "null";
  }
}

void HitDetails::append_place(std::string& json, std::int64_t atom_id) {
  const auto place = places_.find(atom_id);
  if (fields_.has(HitFields::name)) {
    json += ",\"name\":";
    if (place)
      cli::append_string(json, place->name);
    else
      json += "null";
  }
  if (fields_.has(HitFields::position)) {
    json += ",\"position\":";
    json += place ? std::to_string(place->position) : "null";
  }
}

/// Where the map has it: as the query's model places it, else as the tenant's reference does.
void HitDetails::append_spatial(std::string& json, std::int64_t atom_id,
                                ByteView of_reference) {
  json += ",\"spatial\":";
  ByteView point = of_reference;
  if (find_mapped_.with(atom_id, embedding_model_id_).step() && !find_mapped_.is_null(0))
    point = find_mapped_.blob(0);
  if (point.empty())
    json += "null";
  else
    append_point(json, geometry::decode_point(point));
  find_mapped_.reset();
}

}  // namespace hart::search_tool
