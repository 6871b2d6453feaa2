#include "store/catalog_writer.h"

#include <algorithm>

#include "core/error.h"
#include "geometry/spatialite_blob.h"
#include "store/extent_reader.h"
#include "store/holding.h"
#include "store/object_access.h"
#include "store/tenant.h"

namespace hart::store {
namespace {

/// Ids kept in memory; beyond this the map starts anew, so that memory does not grow with the
/// file.
constexpr std::size_t kMaxCachedIds = 1'000'000;
constexpr std::size_t kMaxAtomValueBytes = 64;

std::string cache_key(const Id& id) {
  std::string key(1, static_cast<char>(id.space));
  key.append(as_text(id.hash));
  return key;
}

std::optional<std::int64_t> nullable(std::int64_t id) {
  return id == 0 ? std::nullopt : std::optional{id};
}

std::optional<std::string> nullable(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

std::optional<std::string> nullable(const Json& json) {
  return json.is_null() || json.empty() ? std::nullopt : std::optional{dump_json(json)};
}

}  // namespace

struct CatalogWriter::Statements {
  explicit Statements(Connection& db)
      : find_atom{db.prepare("SELECT atom_id FROM atom WHERE hash = ? AND space = ?"
                             " AND scope = ?",
                             Scope::owner)},
        add_atom{db.prepare("INSERT INTO atom (hash, space, form, bytes, value, scope)"
                            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                            Scope::owner)},
        add_component{db.prepare("INSERT INTO atom_composition VALUES (?, ?, ?, ?, ?)"
                                 " ON CONFLICT DO NOTHING",
                                 Scope::owner)},
        hold_again{db.prepare("UPDATE tenant_atom SET holders = holders + 1"
                              " WHERE tenant_id = ? AND atom_id = ? AND modality = ?",
                              Scope::owner)},
        hold_first{db.prepare("INSERT INTO tenant_atom (tenant_id, atom_id, modality, subtype,"
                              " holders, created_us) VALUES (?, ?, ?, ?, 1, ?)",
                              Scope::owner)},
        find_extent{
            db.prepare(std::string{"SELECT "} + kExtentColumns +
                           " FROM extent WHERE hash = ? AND hash_kind = ? AND scope = ?",
                       Scope::owner)},
        // The pack's row must be there before an extent refers to it; its size is set at the
        // commit.
        add_pack{db.prepare("INSERT INTO pack (pack_id, bytes) VALUES (?, 64)"
                            " ON CONFLICT DO NOTHING",
                            Scope::owner)},
        add_extent{
            db.prepare("INSERT INTO extent (hash, hash_kind, decoded_bytes, stored_bytes,"
                       " checksum, codec, pack_id, pack_offset, base_extent_id,"
                       " base_offset, scope) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       Scope::owner)},
        add_payload{db.prepare("INSERT INTO atom_payload VALUES (?, ?, ?, ?, ?)"
                               " ON CONFLICT DO NOTHING",
                               Scope::owner)},
        parts{db.prepare(std::string{"SELECT p.extent_offset, p.bytes, p.extent_id IS NULL, "} +
                             kExtentColumns +
                             " FROM atom_payload AS p LEFT JOIN extent USING (extent_id)"
                             " WHERE p.atom_id = ? ORDER BY p.position",
                         Scope::owner)},
        reaches{db.prepare("SELECT 1 FROM my_atom_payload WHERE extent_id = ? LIMIT 1")} {}

  Statement find_atom, add_atom, add_component, hold_again, hold_first, find_extent, add_pack,
      add_extent, add_payload, parts, reaches;
};

CatalogWriter::CatalogWriter(Store& store)
    : store_{store},
      sql_{std::make_unique<Statements>(store.db())},
      hiding_{store},
      now_{store.now()},
      scope_{dedup_scope(store)} {}

CatalogWriter::~CatalogWriter() = default;

std::int64_t CatalogWriter::put_atom(const Id& id, AtomForm form, ByteView value,
                                     std::uint64_t bytes, bool* created) {
  if (value.size() > kMaxAtomValueBytes)
    throw Error{Fault::internal, "an atom's value has at most 64 bytes"};
  if (created != nullptr) *created = false;
  if (atom_ids_.size() >= kMaxCachedIds) atom_ids_.clear();
  const auto [entry, fresh] = atom_ids_.try_emplace(cache_key(id), 0);
  if (!fresh) return entry->second;
  const auto space = static_cast<std::int64_t>(id.space);
  sql_->add_atom.run(id.hash, space, static_cast<std::int64_t>(form), bytes, value, scope_);
  if (store_.db().changes() > 0) {
    if (created != nullptr) *created = true;
    return entry->second = store_.db().last_insert_id();
  }
  if (!sql_->find_atom.with(id.hash, space, scope_).step())
    throw Error{Fault::internal, "an atom is neither new nor there"};
  entry->second = sql_->find_atom.integer(0);
  sql_->find_atom.reset();
  return entry->second;
}

void CatalogWriter::put_component(std::int64_t parent_atom_id, std::int64_t position,
                                  std::int64_t component_atom_id, std::string_view name,
                                  const geometry::PointZM& spatial) {
  const auto label = name.empty() ? std::nullopt : std::optional{name};
  sql_->add_component.run(parent_atom_id, position, component_atom_id, label,
                          geometry::encode_tiny_point(spatial));
}

bool CatalogWriter::hold_atom(std::int64_t atom_id, Modality modality,
                              std::string_view subtype) {
  ++totals_.atoms;
  const auto modality_code = static_cast<std::int64_t>(modality);
  sql_->hold_again.run(store_.tenant_id(), atom_id, modality_code);
  if (store_.db().changes() > 0) {
    if (!hiding_.any() || hiding_.settle(atom_id, modality) != Hiding::Outcome::shown)
      return false;
    ++totals_.new_atoms;
    return true;
  }
  sql_->hold_first.run(store_.tenant_id(), atom_id, modality_code, subtype, now_);
  if (hiding_.any()) hiding_.take_back(atom_id);
  ++totals_.new_atoms;
  return true;
}

std::optional<ExtentRecord> CatalogWriter::find_extent(const Hash256& hash, HashKind kind) {
  Statement& row = sql_->find_extent;
  if (!row.with(hash, static_cast<std::int64_t>(kind), scope_).step()) return std::nullopt;
  const ExtentRecord extent = read_extent(row, 0);
  row.reset();
  return extent;
}

ExtentRecord CatalogWriter::put_extent(const Hash256& hash, ByteView decoded, int level,
                                       const Packs::Written& written) {
  if (auto stored = find_extent(hash)) return *stored;
  const ByteBuffer compressed = level > 0 ? compress_if_smaller(decoded, level) : ByteBuffer{};
  ExtentRecord what;
  what.hash = hash;
  what.decoded_bytes = decoded.size();
  what.codec = compressed.empty() ? Codec::raw : Codec::zstd;
  return add_appended(
      store_.packs().append(what, compressed.empty() ? decoded : compressed, written));
}

ExtentRecord CatalogWriter::put_coded_extent(const ExtentRecord& what, ByteView stored,
                                             const Packs::Written& written) {
  if (auto found = find_extent(what.hash, what.hash_kind)) return *found;
  const auto base = base_to_seal(what);
  return add_appended(store_.packs().append(what, stored, written, base ? &*base : nullptr));
}

ExtentRecord CatalogWriter::put_coded_extent(const ExtentRecord& what,
                                             const Packs::Pieces& next) {
  if (auto found = find_extent(what.hash, what.hash_kind)) return *found;
  const auto base = base_to_seal(what);
  return add_appended(store_.packs().append_pieces(what, next, base ? &*base : nullptr));
}

std::optional<ExtentRecord> CatalogWriter::base_to_seal(const ExtentRecord& what) {
  if (what.base_extent_id == 0 || store_.packs().seal() == nullptr) return std::nullopt;
  Statement row = store_.db().prepare(
      std::string{"SELECT "} + kExtentColumns + " FROM extent WHERE extent_id = ?",
      Scope::owner);
  if (!row.with(what.base_extent_id).step())
    throw Error{Fault::internal, "the base of an extent is not there"};
  return read_extent(row, 0);
}

ExtentRecord CatalogWriter::add_appended(const ExtentRecord& extent) {
  sql_->add_pack.run(extent.pack_id);
  return add_extent_row(extent);
}

ExtentRecord CatalogWriter::add_extent_row(ExtentRecord extent) {
  std::optional<std::int64_t> base;
  if (extent.base_extent_id != 0) base = extent.base_extent_id;
  sql_->add_extent.run(extent.hash, static_cast<std::int64_t>(extent.hash_kind),
                       extent.decoded_bytes, extent.stored_bytes,
                       static_cast<std::int64_t>(extent.checksum),
                       static_cast<std::int64_t>(extent.codec), extent.pack_id,
                       extent.pack_offset, base, extent.base_offset, scope_);
  extent.extent_id = store_.db().last_insert_id();
  return extent;
}

std::optional<std::int64_t> CatalogWriter::link_file(const std::string& path,
                                                     std::uint64_t bytes) {
  if (store_.packs().seal() != nullptr)
    throw Error{Fault::usage, path +
                                  ": the payload of this store is encrypted, and a file that "
                                  "is shared with it would not be: add it without --link"};
  const std::int64_t last = store_.db().query_integer("SELECT MAX(pack_id) FROM pack");
  const std::int64_t pack_id = std::max(last + 1, kFirstLinkedPack);
  if (!store_.packs().link(path, pack_id)) return std::nullopt;
  store_.db()
      .prepare("INSERT INTO pack (pack_id, bytes) VALUES (?, ?)", Scope::owner)
      .run(pack_id, bytes);
  return pack_id;
}

ExtentRecord CatalogWriter::put_linked_extent(ExtentRecord what) {
  if (auto found = find_extent(what.hash, what.hash_kind)) return *found;
  what.codec = Codec::linked;
  what.stored_bytes = what.decoded_bytes;
  return add_extent_row(what);
}

std::vector<CatalogWriter::Part> CatalogWriter::payload_of(std::int64_t atom_id) {
  std::vector<Part> parts;
  Statement& row = sql_->parts;
  row.with(atom_id);
  while (row.step()) {
    Part part;
    part.extent_offset = static_cast<std::uint64_t>(row.integer(0));
    part.bytes = static_cast<std::uint64_t>(row.integer(1));
    if (row.integer(2) == 0) part.extent = read_extent(row, 3);
    parts.push_back(std::move(part));
  }
  row.reset();
  return parts;
}

bool CatalogWriter::count_payload(std::int64_t atom_id) {
  const std::vector<Part> parts = payload_of(atom_id);
  for (const Part& part : parts)
    if (part.extent) count_extent(*part.extent);
  return !parts.empty();
}

void CatalogWriter::count_extent(const ExtentRecord& extent) {
  if (!counted_extents_.insert(extent.extent_id).second) return;
  const bool reached = sql_->reaches.with(extent.extent_id).step();
  sql_->reaches.reset();
  if (reached) return;
  totals_.new_bytes += extent.decoded_bytes;
  totals_.stored_bytes += extent.stored_bytes;
}

void CatalogWriter::put_payload(std::int64_t atom_id, std::int64_t position,
                                const std::optional<ExtentRecord>& extent, std::uint64_t bytes,
                                std::uint64_t extent_offset) {
  std::optional<std::int64_t> extent_id;
  if (extent) {
    count_extent(*extent);
    extent_id = extent->extent_id;
  }
  sql_->add_payload.run(atom_id, position, extent_id, extent_offset, bytes);
}

void CatalogWriter::put_model(const ModelRow& row) {
  store_.db()
      .prepare("INSERT INTO model VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", Scope::owner)
      .run(row.atom_id, row.architecture, row.format, row.parameters);
}

void CatalogWriter::put_layer(std::int64_t model_atom_id, std::int64_t index,
                              std::int64_t layer_atom_id, std::string_view name,
                              std::uint64_t parameters) {
  store_.db()
      .prepare("INSERT INTO model_layer VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
               Scope::owner)
      .run(model_atom_id, index, layer_atom_id, name, parameters);
}

void CatalogWriter::put_tensor(const TensorRow& row) {
  std::optional<ByteBuffer> geometry;
  if (!row.weights_geometry.empty()) geometry = row.weights_geometry;
  store_.db()
      .prepare("INSERT INTO tensor_atom VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
               Scope::owner)
      .run(row.model_atom_id, row.position, row.tensor_atom_id, row.name,
           static_cast<std::int64_t>(row.dtype), row.shape, geometry);
}

std::optional<std::int64_t> CatalogWriter::same_as_newest(const NewObject& object) {
  Statement newest = store_.db().prepare(
      "SELECT version, atom_id, metadata, version_tag FROM my_object WHERE name = ?"
      " ORDER BY version DESC LIMIT 1");
  if (!newest.with(object.name).step()) return std::nullopt;
  const bool same = newest.integer(1) == object.atom_id &&
                    newest.text(2) == nullable(object.metadata).value_or("") &&
                    (object.version_tag.empty() || newest.text(3) == object.version_tag);
  return same ? std::optional{newest.integer(0)} : std::nullopt;
}

std::int64_t CatalogWriter::put_object(const NewObject& object) {
  require_name_writable(store_, object.name);
  // Hidden versions keep their numbers.
  Statement next = store_.db().prepare(
      "SELECT COALESCE(MAX(version), 0) + 1 FROM tenant_object WHERE tenant_id = ? AND name = "
      "?",
      Scope::owner);
  next.with(store_.tenant_id(), object.name).step();
  const std::int64_t version = next.integer(0);
  store_.db()
      .prepare(
          "INSERT INTO tenant_object (tenant_id, name, version, version_tag, atom_id,"
          " structure_id, kind, modality, subtype, atomizer, source_uri, metadata,"
          " created_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
          Scope::owner)
      .run(store_.tenant_id(), object.name, version, nullable(object.version_tag),
           object.atom_id, nullable(object.structure_id), object.kind,
           static_cast<std::int64_t>(object.modality), object.subtype, object.atomizer,
           nullable(object.source_uri), nullable(object.metadata), store_.now());
  return version;
}

ObjectTotals CatalogWriter::take_totals() {
  counted_extents_.clear();
  return std::exchange(totals_, {});
}

std::vector<std::int64_t> reachable_atoms(Store& store, const Object& object) {
  Statement rows = store.db().prepare(
      "WITH RECURSIVE reach (atom_id) AS (VALUES (?1), (?2) UNION"
      " SELECT c.component_atom_id FROM reach JOIN my_atom_composition AS c"
      " ON c.parent_atom_id = reach.atom_id)"
      " SELECT atom_id FROM reach WHERE atom_id > 0 ORDER BY atom_id");
  rows.with(object.atom_id, object.structure_id);
  std::vector<std::int64_t> atoms;
  while (rows.step()) atoms.push_back(rows.integer(0));
  return atoms;
}

std::vector<std::int64_t> remove_object(Store& store, const Object& object) {
  require_writable(store, object.object_id);
  const std::vector<std::int64_t> atoms = reachable_atoms(store, object);
  // The instant at which the history's triggers end what is deleted here.
  static_cast<void>(store.now());
  store.db()
      .prepare("DELETE FROM tenant_object WHERE tenant_id = ? AND object_id = ?", Scope::owner)
      .run(store.tenant_id(), object.object_id);
  return release(store, atoms, object.modality);
}

}  // namespace hart::store
