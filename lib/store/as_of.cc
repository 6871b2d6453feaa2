#include "store/as_of.h"

#include "core/error.h"

namespace hart::store {
namespace {

constexpr TimeUs kMicroseconds = 1'000'000;

/// Replaces every `$name` of `text`.
std::string substitute(std::string text, const std::string& name, const std::string& value) {
  for (std::size_t at = text.find(name); at != std::string::npos;
       at = text.find(name, at + value.size()))
    text.replace(at, name.size(), value);
  return text;
}

constexpr const char* kObjectsAtTime = R"sql(
CREATE TEMP VIEW my_object AS
  SELECT * FROM main.tenant_object
  WHERE tenant_id = current_tenant() AND created_us <= $time AND access_level IS NOT 'none'
  UNION ALL
  SELECT h.object_id, h.tenant_id, h.name, h.version, h.version_tag, a.atom_id, s.atom_id,
         h.kind, h.modality, h.subtype, h.atomizer, h.source_uri, h.metadata, h.created_us,
         NULL
  FROM main.tenant_object_period AS p
  JOIN main.tenant_object_history AS h ON h.history_id = p.history_id
  JOIN main.atom AS a ON a.hash = h.atom_hash AND a.space = h.atom_space
    AND a.scope = (SELECT dedup_scope FROM main.tenant WHERE tenant_id = current_tenant())
  LEFT JOIN main.atom AS s ON s.hash = h.structure_hash AND s.space = h.structure_space
    AND s.scope = (SELECT dedup_scope FROM main.tenant WHERE tenant_id = current_tenant())
  WHERE p.first <= $second AND p.last >= $second
    AND p.tenant_first <= current_tenant() AND p.tenant_last > current_tenant()
    AND h.tenant_id = current_tenant() AND h.created_us <= $time AND h.valid_to_us > $time;
)sql";

constexpr const char* kObjectsOfSnapshot = R"sql(
CREATE TEMP VIEW my_object AS
  SELECT o.object_id, s.tenant_id, o.name, o.version, o.version_tag, o.atom_id, o.structure_id,
         o.kind, o.modality, o.subtype, o.atomizer, o.source_uri, o.metadata, o.created_us,
         NULL AS access_level
  FROM main.snapshot AS s JOIN main.snapshot_object AS o ON o.snapshot_id = s.snapshot_id
  WHERE s.snapshot_id = $snapshot AND s.tenant_id = current_tenant() AND o.hidden = 0;
)sql";

/// What is hidden today is hidden in the past, too, whatever it was then.
constexpr const char* kReferences = R"sql(
CREATE TEMP VIEW my_tenant_atom AS
  SELECT * FROM main.tenant_atom
  WHERE tenant_id = current_tenant() AND COALESCE(valid_from_us, created_us) <= $time
    AND access_level <> 'none'
  UNION ALL
  SELECT tenant_id, atom_id, modality, subtype, 1, access_level, importance, NULL, created_us,
         valid_from_us
  FROM main.tenant_atom_history AS held
  WHERE tenant_id = current_tenant() AND valid_from_us <= $time AND valid_to_us > $time
    AND NOT ($hidden);
)sql";

/// Hidden is what is held today, and all that holds it is hidden, whatever it is held as.
constexpr const char* kHidden =
    "COALESCE((SELECT max(today.access_level <> 'none') FROM main.tenant_atom AS today"
    "  WHERE today.tenant_id = held.tenant_id AND today.atom_id = held.atom_id), 1) = 0";

/// A table whose rows are seen with an atom that is held.
constexpr const char* kHeld = R"sql(
CREATE TEMP VIEW my_$table AS
  SELECT * FROM main.$table AS t
  WHERE EXISTS (SELECT 1 FROM main.tenant_atom AS held
                WHERE held.tenant_id = current_tenant() AND held.atom_id = t.$atom
                  AND held.created_us <= $time AND held.access_level <> 'none')
     OR EXISTS (SELECT 1 FROM main.tenant_atom_history AS held
                WHERE held.tenant_id = current_tenant() AND held.atom_id = t.$atom
                  AND held.created_us <= $time AND held.valid_to_us > $time
                  AND NOT ($hidden));
)sql";

/// Edges have no history: one that was removed since is not there, and a weight is today's.
constexpr const char* kRelations = R"sql(
CREATE TEMP VIEW my_atom_relation AS
  SELECT * FROM main.atom_relation
  WHERE tenant_id = current_tenant() AND created_us <= $time;
)sql";

constexpr const char* kPayload = R"sql(
CREATE TEMP VIEW my_atom_payload AS
  SELECT p.atom_id, p.position, p.extent_offset, p.bytes,
         e.extent_id, e.hash, e.hash_kind, e.decoded_bytes, e.stored_bytes, e.checksum, e.codec,
         e.pack_id, e.pack_offset, e.base_extent_id, e.base_offset
  FROM main.atom_payload AS p LEFT JOIN main.extent AS e ON e.extent_id = p.extent_id
  WHERE EXISTS (SELECT 1 FROM my_atom WHERE my_atom.atom_id = p.atom_id);
)sql";

constexpr const char* kImportance = R"sql(
CREATE TEMP VIEW my_$table AS
  SELECT * FROM main.$table WHERE tenant_id = current_tenant() AND valid_from_us <= $time
  UNION ALL
  SELECT tenant_id, model_atom_id, $place, method, importance, valid_from_us
  FROM main.$table_history
  WHERE tenant_id = current_tenant() AND valid_from_us <= $time AND valid_to_us > $time;
)sql";

std::string held(const std::string& table, const std::string& atom) {
  return substitute(substitute(kHeld, "$table", table), "$atom", atom);
}

std::string importance(const std::string& table, const std::string& place) {
  return substitute(substitute(kImportance, "$table", table), "$place", place);
}

void make_views(Connection& db, std::string sql, TimeUs time) {
  sql += kReferences;
  sql += held("atom", "atom_id") + held("atom_composition", "parent_atom_id");
  sql += held("model", "atom_id") + held("model_layer", "model_atom_id");
  sql += held("tensor_atom", "model_atom_id") + held("tensor_signature", "tensor_atom_id");
  sql += kPayload;
  sql += kRelations;
  sql += importance("tensor_importance", "position");
  sql += importance("layer_importance", "layer_index");
  sql = substitute(sql, "$hidden", kHidden);
  sql = substitute(sql, "$time", std::to_string(time));
  db.exec(
      substitute(sql, "$second", std::to_string(time / kMicroseconds - kHistoryEpochSeconds)));
}

}  // namespace

void show_as_of(Connection& db, TimeUs time) {
  db.exec("BEGIN");
  make_views(db, kObjectsAtTime, time);
  // Opens the interval index, as the owner.
  static_cast<void>(db.query_integer("SELECT COUNT(*) FROM tenant_object_period WHERE 0"));
}

void show_snapshot(Connection& db, const std::string& name) {
  db.exec("BEGIN");
  Statement find = db.prepare("SELECT snapshot_id, created_us FROM my_snapshot WHERE name = ?");
  if (!find.with(name).step()) throw Error{Fault::no_input, "no such snapshot: " + name};
  make_views(db, substitute(kObjectsOfSnapshot, "$snapshot", std::to_string(find.integer(0))),
             find.integer(1));
}

}  // namespace hart::store
