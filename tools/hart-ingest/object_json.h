#pragma once

#include "core/clock.h"
#include "core/json.h"
#include "store/catalog.h"

namespace hart::ingest {

/// An object as `ls` and `show` print it.
inline Json object_json(const store::Object& object) {
  Json json{{"type", "object"},          {"atom", object.atom.text()},
            {"kind", object.kind},       {"modality", store::modality_name(object.modality)},
            {"subtype", object.subtype}, {"name", object.name},
            {"version", object.version}};
  if (!object.version_tag.empty()) json["version_tag"] = object.version_tag;
  if (object.structure) json["structure"] = object.structure->text();
  json["bytes"] = object.bytes;
  json["created"] = format_time(object.created);
  if (object.access != store::AccessLevel::write)
    json["access"] = store::access_level_name(object.access);
  if (!object.metadata.empty()) json["metadata"] = object.metadata;
  return json;
}

}  // namespace hart::ingest
