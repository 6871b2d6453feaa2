#include "search/where_field.h"

#include <array>

namespace hart::search {
namespace {

constexpr std::array<WhereField, 11> kFields{{
    {"name", WhereType::text, "o.name"},
    {"kind", WhereType::text, "o.kind"},
    {"subtype", WhereType::text, "o.subtype"},
    {"modality", WhereType::modality, "o.modality"},
    {"tag", WhereType::text, "o.version_tag"},
    {"uri", WhereType::text, "o.source_uri"},
    {"version", WhereType::number, "o.version"},
    {"size", WhereType::number,
     "(SELECT a.bytes FROM my_atom AS a WHERE a.atom_id = o.atom_id)"},
    {"created", WhereType::time, "o.created_us"},
    {"importance", WhereType::number,
     "(SELECT max(t.importance) FROM my_tenant_atom AS t"
     " WHERE t.atom_id IN (o.atom_id, o.structure_id))"},
    {"metadata", WhereType::json, "o.metadata"},
}};

}  // namespace

const WhereField* find_where_field(std::string_view name) noexcept {
  for (const WhereField& field : kFields)
    if (field.name == name) return &field;
  return nullptr;
}

std::string_view where_field_names() noexcept {
  return "name, kind, subtype, modality, tag, uri, version, size, created, importance or"
         " metadata.KEY";
}

}  // namespace hart::search
