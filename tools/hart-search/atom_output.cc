#include "atom_output.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "store/catalog.h"

namespace hart::search_tool {

std::string atom_id_text(store::Store& store, std::int64_t atom_id) {
  const auto atom = store::atom_by_id(store, atom_id);
  return atom ? atom->id.text() : std::string{};
}

Json atom_text_json(store::Store& store, std::int64_t atom_id) {
  try {
    return store::atom_text(store, atom_id);
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    return nullptr;
  }
}

Json atom_name_json(store::Store& store, std::int64_t atom_id) {
  const auto place = store::find_occurrence(store, atom_id);
  return place ? Json(place->object.name) : Json(nullptr);
}

double to_six_decimals(double value) {
  return std::round(value * 1e6) / 1e6;
}

std::string first_line_of(const std::string& text, std::size_t limit) {
  std::string line = text.substr(0, limit);
  while (line.size() < text.size() && !line.empty() && (text[line.size()] & 0xC0) == 0x80)
    line.pop_back();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line.size() < text.size() ? line + " …" : line;
}

}  // namespace hart::search_tool
