#include "hit_output.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/error.h"
#include "geometry/spatialite_blob.h"
#include "store/catalog.h"

namespace hart::search_tool {
namespace {

/// Scores and distances are printed to six decimals, as hart-jsonl(5) says.
double rounded(double value) {
  return std::round(value * 1e6) / 1e6;
}

Json modality_of(store::Store& store, std::int64_t atom_id, const search::Filter& filter) {
  if (filter.modality) return store::modality_name(*filter.modality);
  auto find = store.db().prepare("SELECT min(modality) FROM my_tenant_atom WHERE atom_id = ?1");
  if (!find.with(atom_id).step() || find.is_null(0)) return nullptr;
  return store::modality_name(static_cast<store::Modality>(find.integer(0)));
}

Json text_of(store::Store& store, std::int64_t atom_id) {
  try {
    return store::atom_text(store, atom_id);
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    return nullptr;  // not made of text
  }
}

/// Where the map has it: as the query's model places it, else as the tenant's reference does.
Json spatial_of(store::Store& store, std::int64_t atom_id, const search::Query& query) {
  auto find = store.db().prepare(
      "SELECT coalesce((SELECT spatial_key FROM my_atom_embedding WHERE atom_id = ?1"
      " AND (?2 = 0 OR embedding_model_id = ?2) ORDER BY atom_embedding_id DESC LIMIT 1),"
      " (SELECT spatial_key FROM my_tenant_atom WHERE atom_id = ?1"
      " ORDER BY modality LIMIT 1))");
  find.with(atom_id, query.model ? query.model->embedding_model_id : std::int64_t{0});
  if (!find.step() || find.is_null(0)) return nullptr;
  const geometry::PointZM point = geometry::decode_point(find.blob(0));
  return Json::array({rounded(point.x), rounded(point.y), rounded(point.z), rounded(point.m)});
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

Json hit_json(store::Store& store, const search::Query& query, const search::Hit& hit,
              std::size_t rank) {
  const auto atom = store::atom_by_id(store, hit.atom_id);
  const auto place = store::find_occurrence(store, hit.atom_id);
  return {{"type", "hit"},
          {"rank", rank},
          {"atom", atom ? Json(atom->id.text()) : Json(nullptr)},
          {"score", rounded(hit.score)},
          {"distance", hit.distance ? Json(rounded(*hit.distance)) : Json(nullptr)},
          {"modality", modality_of(store, hit.atom_id, query.filter)},
          {"text", text_of(store, hit.atom_id)},
          {"name", place ? Json(place->object.name) : Json(nullptr)},
          {"position", place ? Json(place->position) : Json(nullptr)},
          {"spatial", spatial_of(store, hit.atom_id, query)}};
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
