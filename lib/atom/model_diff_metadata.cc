#include <cmath>
#include <map>

#include "atom/model_diff.h"
#include "core/json.h"
#include "formats/gguf.h"
#include "formats/safetensors.h"

namespace hart::atom {
namespace {

/// Longer arrays and strings are told by their length alone.
constexpr std::size_t kShownElements = 64;
constexpr std::size_t kShownCharacters = 512;

struct Entry {
  std::string key;
  /// All of the value, for comparison: equal texts are equal values.
  std::string exact;
  Json shown;
};

Json number(double value) {
  // JSON has no infinities and no NaN.
  return std::isfinite(value) ? Json(value) : Json(std::to_string(value));
}

Json text(std::string_view value) {
  if (value.size() <= kShownCharacters) return std::string{value};
  return "string of " + std::to_string(value.size()) + " bytes";
}

Json array(const formats::GgufArray& value, bool whole) {
  if (!whole && value.size() > kShownElements)
    return "array of " + std::to_string(value.size()) + " elements";
  Json out = Json::array();
  for (const std::int64_t integer : value.integers) out.push_back(integer);
  for (const double real : value.floats) out.push_back(number(real));
  for (const std::string_view string : value.strings)
    out.push_back(whole ? Json(std::string{string}) : text(string));
  for (const formats::GgufArray& inner : value.arrays) out.push_back(array(inner, whole));
  return out;
}

Json value_json(const formats::GgufValue& value, bool whole) {
  if (const auto* list = std::get_if<formats::GgufArray>(&value)) return array(*list, whole);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* real = std::get_if<double>(&value)) return number(*real);
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean;
  const auto string = std::get<std::string_view>(value);
  return whole ? Json(std::string{string}) : text(string);
}

/// The files of a folder beside its weights, which the tensors tell about.
std::vector<Entry> entries_of_files(const CatalogModel& model) {
  std::vector<Entry> entries;
  for (const CatalogFile& file : model.files)
    if (!file.path.ends_with(".safetensors") && !file.path.ends_with(".gguf"))
      entries.push_back({file.path, file.id.text(), file.id.text()});
  return entries;
}

std::vector<Entry> entries_of(const CatalogModel& model) {
  if (!model.files.empty()) return entries_of_files(model);
  std::vector<Entry> entries;
  if (model.format == "gguf") {
    const formats::GgufHeader header = formats::parse_gguf(model.header, model.object.bytes);
    for (const formats::GgufEntry& entry : header.metadata)
      entries.push_back({std::string{entry.key},
                         std::to_string(static_cast<std::uint32_t>(entry.type)) + " " +
                             dump_json(value_json(entry.value, true)),
                         value_json(entry.value, false)});
  } else if (model.format == "safetensors") {
    const formats::SafetensorsHeader header =
        formats::parse_safetensors(model.header, model.object.bytes);
    for (const auto& [key, value] : header.metadata)
      entries.push_back({key, value, text(value)});
  }
  return entries;
}

}  // namespace

std::vector<MetadataDiff> diff_metadata(const CatalogModel& a, const CatalogModel& b) {
  const std::vector<Entry> entries_a = entries_of(a), entries_b = entries_of(b);
  std::map<std::string_view, const Entry*> in_b;
  for (const Entry& entry : entries_b) in_b.emplace(entry.key, &entry);
  std::vector<MetadataDiff> differences;
  for (const Entry& entry : entries_a) {
    const auto found = in_b.find(entry.key);
    if (found == in_b.end()) {
      differences.push_back({entry.key, entry.shown, nullptr});
      continue;
    }
    if (found->second->exact != entry.exact)
      differences.push_back({entry.key, entry.shown, found->second->shown});
    in_b.erase(found);
  }
  for (const Entry& entry : entries_b)
    if (in_b.contains(entry.key)) differences.push_back({entry.key, nullptr, entry.shown});
  return differences;
}

}  // namespace hart::atom
