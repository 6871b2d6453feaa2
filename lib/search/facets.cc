#include "search/facets.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/error.h"
#include "store/occurrence.h"

namespace hart::search {
namespace {

constexpr std::string_view kMetadata = "metadata.";
constexpr std::size_t kMonthLength = 7;  // "2026-01"

bool is_field(std::string_view field) {
  constexpr std::array<std::string_view, 5> kFields{"modality", "subtype", "kind", "name",
                                                    "month"};
  return std::find(kFields.begin(), kFields.end(), field) != kFields.end() ||
         (field.starts_with(kMetadata) && field.size() > kMetadata.size());
}

/// The value under a key, or under "a.b" in objects; null when there is none.
Json metadata_value(const Json& metadata, std::string_view path) {
  const Json* at = &metadata;
  while (!path.empty()) {
    // A key may hold dots itself: the whole of it first.
    if (!at->is_object()) return nullptr;
    if (const auto whole = at->find(std::string{path}); whole != at->end()) return *whole;
    const std::size_t dot = path.find('.');
    if (dot == std::string_view::npos) return nullptr;
    const auto inner = at->find(std::string{path.substr(0, dot)});
    if (inner == at->end()) return nullptr;
    at = &*inner;
    path.remove_prefix(dot + 1);
  }
  return nullptr;
}

Json object_value(const store::Object& object, const std::string& field) {
  if (field == "subtype") return object.subtype;
  if (field == "kind") return object.kind;
  if (field == "name") return object.name;
  if (field == "month") return format_time(object.created).substr(0, kMonthLength);
  return metadata_value(object.metadata, std::string_view{field}.substr(kMetadata.size()));
}

/// The distinct values that one hit counts for.
std::set<std::string> counted_values(const Json& value) {
  std::set<std::string> counted;
  if (value.is_array()) {
    for (const Json& element : value)
      if (element.is_primitive()) counted.insert(dump_json(element));
  } else if (!value.is_object()) {
    counted.insert(dump_json(value));
  }
  if (counted.empty()) counted.insert("null");
  return counted;
}

class FacetCounter {
 public:
  FacetCounter(store::Store& store, std::span<const std::string> fields)
      : places_{store},
        fields_{fields},
        counts_(fields.size()),
        modality_{
            store.db().prepare("SELECT min(modality) FROM my_tenant_atom WHERE atom_id = ?1")} {
  }

  void count(const Hit& hit) {
    const auto place = places_.find(hit.atom_id);
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      const bool held = fields_[i] == "modality";
      const Json value = held    ? modality(hit)
                         : place ? object_value(place->object, fields_[i])
                                 : Json(nullptr);
      for (const std::string& text : counted_values(value)) ++counts_[i][text];
    }
  }

  [[nodiscard]] std::vector<Facet> facets() const {
    std::vector<Facet> facets;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      // By text already: a stable sort leaves equal counts so.
      std::vector<std::pair<std::string, std::uint64_t>> values{counts_[i].begin(),
                                                                counts_[i].end()};
      std::stable_sort(values.begin(), values.end(),
                       [](const auto& a, const auto& b) { return a.second > b.second; });
      for (const auto& [text, count] : values)
        facets.push_back({fields_[i], parse_json(text, "facet"), count});
    }
    return facets;
  }

 private:
  Json modality(const Hit& hit) {
    if (!modality_.with(hit.atom_id).step() || modality_.is_null(0)) return nullptr;
    return store::modality_name(static_cast<store::Modality>(modality_.integer(0)));
  }

  store::OccurrenceFinder places_;
  std::span<const std::string> fields_;
  std::vector<std::map<std::string, std::uint64_t>> counts_;  ///< by the value's JSON text
  store::Statement modality_;
};

}  // namespace

std::vector<std::string> parse_facets(std::string_view text) {
  std::vector<std::string> fields;
  for (bool more = true; more;) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string field{text.substr(0, comma)};
    more = comma < text.size();
    text.remove_prefix(more ? comma + 1 : comma);
    if (!is_field(field))
      throw Error{Fault::usage, "facets: there is no '" + field +
                                    "': they are modality, subtype, kind, name, month and"
                                    " metadata.KEY"};
    if (std::find(fields.begin(), fields.end(), field) != fields.end())
      throw Error{Fault::usage, "facets: '" + field + "' stands twice"};
    fields.push_back(field);
  }
  return fields;
}

std::vector<Facet> count_facets(store::Store& store, std::span<const std::string> fields,
                                std::span<const Hit> hits) {
  if (fields.empty()) return {};
  FacetCounter counter{store, fields};
  for (const Hit& hit : hits) counter.count(hit);
  return counter.facets();
}

}  // namespace hart::search
