#include "store/catalog.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/error.h"
#include "geometry/spatialite_blob.h"
#include "store/occurrence.h"
#include "store/text_reader.h"

namespace hart::store {
namespace {

constexpr std::array<std::string_view, 9> kModalityNames{
    "image", "audio", "video", "text", "tensor", "code", "model", "sensor", "graph"};
constexpr std::size_t kShortestPrefix = 6;

constexpr const char* kObjectColumns =
    "SELECT o.object_id, o.name, o.version, o.version_tag, o.atom_id, o.structure_id, o.kind,"
    " o.modality, o.subtype, o.metadata, o.created_us, a.space, a.hash, a.bytes, s.space, "
    "s.hash, o.access_level"
    " FROM my_object AS o JOIN my_atom AS a ON a.atom_id = o.atom_id"
    " LEFT JOIN my_atom AS s ON s.atom_id = o.structure_id ";

Object read_object(const Statement& row) {
  Object object;
  object.object_id = row.integer(0);
  object.name = row.text(1);
  object.version = row.integer(2);
  object.version_tag = row.text(3);
  object.atom_id = row.integer(4);
  object.structure_id = row.integer(5);
  object.kind = row.text(6);
  object.modality = static_cast<Modality>(row.integer(7));
  object.subtype = row.text(8);
  if (!row.is_null(9)) object.metadata = parse_json(row.text(9), "stored metadata");
  object.created = row.integer(10);
  object.atom = {static_cast<IdSpace>(row.integer(11)), row.hash(12)};
  object.bytes = static_cast<std::uint64_t>(row.integer(13));
  if (!row.is_null(15))
    object.structure = Id{static_cast<IdSpace>(row.integer(14)), row.hash(15)};
  object.access = find_access_level(row.text(16)).value_or(AccessLevel::write);
  return object;
}

Atom read_atom(const Statement& row, int column) {
  Atom atom;
  atom.atom_id = row.integer(column);
  atom.id = {static_cast<IdSpace>(row.integer(column + 1)), row.hash(column + 2)};
  atom.form = static_cast<AtomForm>(row.integer(column + 3));
  atom.bytes = static_cast<std::uint64_t>(row.integer(column + 4));
  const ByteView value = row.blob(column + 5);
  atom.value.assign(value.begin(), value.end());
  return atom;
}

constexpr const char* kAtomColumns =
    "SELECT atom_id, space, hash, form, bytes, value FROM my_atom ";

/// What a user typed, when it looks like a digest or the beginning of one.
struct DigestPrefix {
  std::optional<IdSpace> space;
  ByteBuffer lowest;   ///< 32 bytes: the prefix, then zeros
  ByteBuffer highest;  ///< 32 bytes: the prefix, then ones
};

std::optional<DigestPrefix> parse_prefix(std::string_view text) {
  DigestPrefix prefix;
  for (const IdSpace space : {IdSpace::content, IdSpace::structure, IdSpace::keyed}) {
    const std::string_view name = id_space_prefix(space);
    if (!text.starts_with(name)) continue;
    prefix.space = space;
    text.remove_prefix(name.size());
    break;
  }
  const bool hexadecimal = std::all_of(text.begin(), text.end(),
                                       [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (!hexadecimal || text.size() < kShortestPrefix || text.size() > 64) return std::nullopt;
  std::string low{text};
  std::string high{text};
  low.resize(64, '0');
  high.resize(64, 'f');
  prefix.lowest = from_hex(low);
  prefix.highest = from_hex(high);
  return prefix;
}

[[noreturn]] void refuse_ambiguous(const std::string& reference) {
  throw Error{Fault::data, "ambiguous id prefix '" + reference + "': give more digits"};
}

/// Of the past, the version that was meant may be known while its content was collected since:
/// then an older one must not stand for it. `version` narrows to one number or tag.
void check_not_collected(Store& store, const std::string& name,
                         const std::optional<std::string>& version,
                         const std::optional<Object>& found) {
  if (!store.as_of()) return;
  Statement then = store.db().prepare(
      "SELECT version, atom_space, atom_hash, valid_to_us FROM my_object_history"
      " WHERE name = ?1 AND created_us <= ?2 AND valid_to_us > ?2"
      " AND (?3 IS NULL OR CAST(version AS TEXT) = ?3 OR version_tag = ?3)"
      " ORDER BY version DESC LIMIT 1");
  if (!then.with(name, *store.as_of(), version).step()) return;
  if (found && found->version >= then.integer(0)) return;
  const Id atom{static_cast<IdSpace>(then.integer(1)), then.hash(2)};
  throw Error{Fault::no_input, name + "@" + std::to_string(then.integer(0)) +
                                   ": was removed at " + format_time(then.integer(3)) +
                                   ", and its content " + atom.text() + " was collected since"};
}

/// "name@version" split at its last '@'; the version is a number or a tag.
std::optional<Object> find_named(Store& store, const std::string& reference) {
  Statement newest = store.db().prepare(std::string{kObjectColumns} +
                                        "WHERE o.name = ? ORDER BY o.version DESC LIMIT 1");
  std::optional<Object> found;
  if (newest.with(reference).step()) found = read_object(newest);
  check_not_collected(store, reference, std::nullopt, found);
  if (found) return found;
  const std::size_t at = reference.rfind('@');
  if (at == std::string::npos || at == 0) return std::nullopt;
  Statement exact = store.db().prepare(
      std::string{kObjectColumns} +
      "WHERE o.name = ?1 AND (CAST(o.version AS TEXT) = ?2 OR o.version_tag = ?2)"
      " ORDER BY o.version DESC LIMIT 1");
  const std::string name = reference.substr(0, at);
  const std::string version = reference.substr(at + 1);
  if (exact.with(name, version).step()) found = read_object(exact);
  check_not_collected(store, name, version, found);
  return found;
}

std::optional<Object> find_by_digest(Store& store, const std::string& reference) {
  const auto prefix = parse_prefix(reference);
  if (!prefix) return std::nullopt;
  // The newest object of each content: the same file under two names is one answer.
  Statement match =
      store.db().prepare(std::string{kObjectColumns} +
                         "WHERE (a.hash BETWEEN ?1 AND ?2 AND (?3 IS NULL OR a.space = ?3))"
                         " OR (s.hash BETWEEN ?1 AND ?2 AND (?3 IS NULL OR s.space = ?3))"
                         " ORDER BY o.object_id DESC");
  std::optional<std::int64_t> space;
  if (prefix->space) space = static_cast<std::int64_t>(*prefix->space);
  match.with(prefix->lowest, prefix->highest, space);
  std::optional<Object> found;
  while (match.step()) {
    Object object = read_object(match);
    if (!found) {
      found = std::move(object);
    } else if (object.atom_id != found->atom_id &&
               (object.structure_id == 0 || object.structure_id != found->structure_id)) {
      refuse_ambiguous(reference);
    }
  }
  return found;
}

}  // namespace

std::string_view modality_name(Modality modality) noexcept {
  return kModalityNames[static_cast<std::size_t>(modality)];
}

std::optional<Modality> find_modality(std::string_view name) noexcept {
  const auto* found = std::find(kModalityNames.begin(), kModalityNames.end(), name);
  if (found == kModalityNames.end()) return std::nullopt;
  return static_cast<Modality>(found - kModalityNames.begin());
}

void for_each_object(Store& store, const ObjectFilter& filter,
                     const std::function<void(const Object&)>& visit) {
  Statement rows = store.db().prepare(
      std::string{kObjectColumns} +
      "WHERE (?1 IS NULL OR o.modality = ?1) AND (?2 = '' OR o.kind = ?2)"
      " AND (?3 IS NULL OR o.created_us >= ?3) AND (?4 IS NULL OR o.created_us < ?4)"
      " ORDER BY " +
      // Numbers of objects that were removed may have come again.
      (store.as_of() ? "o.created_us" : "o.object_id") + " LIMIT ?5");
  std::optional<std::int64_t> modality;
  if (filter.modality) modality = static_cast<std::int64_t>(*filter.modality);
  rows.with(modality, filter.kind, filter.since, filter.until, filter.limit);
  while (rows.step()) visit(read_object(rows));
}

Object resolve_object(Store& store, const std::string& reference) {
  if (auto named = find_named(store, reference)) return *named;
  if (auto found = find_by_digest(store, reference)) return *found;
  throw Error{Fault::no_input, "no such object: " + reference};
}

Atom resolve_atom(Store& store, const std::string& reference) {
  if (const auto named = find_named(store, reference))
    return *atom_by_id(store, named->atom_id);
  if (const auto prefix = parse_prefix(reference)) {
    Statement match = store.db().prepare(
        std::string{kAtomColumns} +
        "WHERE hash BETWEEN ?1 AND ?2 AND (?3 IS NULL OR space = ?3) LIMIT 2");
    std::optional<std::int64_t> space;
    if (prefix->space) space = static_cast<std::int64_t>(*prefix->space);
    match.with(prefix->lowest, prefix->highest, space);
    if (match.step()) {
      Atom atom = read_atom(match, 0);
      if (match.step()) refuse_ambiguous(reference);
      return atom;
    }
  }
  throw Error{Fault::no_input, "no such atom: " + reference};
}

AtomLookup::AtomLookup(Store& store)
    : find_{store.db().prepare(std::string{kAtomColumns} + "WHERE hash = ? AND space = ?")} {}

std::optional<Atom> AtomLookup::find(const Id& id) {
  std::optional<Atom> atom;
  if (find_.with(id.hash, static_cast<std::int64_t>(id.space)).step())
    atom = read_atom(find_, 0);
  find_.reset();
  return atom;
}

std::optional<Atom> find_atom(Store& store, const Id& id) {
  return AtomLookup{store}.find(id);
}

std::optional<Atom> atom_by_id(Store& store, std::int64_t atom_id) {
  Statement find = store.db().prepare(std::string{kAtomColumns} + "WHERE atom_id = ?");
  if (!find.with(atom_id).step()) return std::nullopt;
  return read_atom(find, 0);
}

void for_each_component(Store& store, std::int64_t parent_atom_id,
                        const std::function<void(const Component&)>& visit) {
  Statement rows = store.db().prepare(
      "SELECT c.position, c.name, c.spatial_key, a.atom_id, a.space, a.hash, a.form, a.bytes,"
      " a.value FROM my_atom_composition AS c JOIN my_atom AS a"
      " ON a.atom_id = c.component_atom_id WHERE c.parent_atom_id = ? ORDER BY c.position");
  rows.with(parent_atom_id);
  while (rows.step()) {
    Component component;
    component.position = rows.integer(0);
    component.name = rows.text(1);
    if (!rows.is_null(2)) component.spatial = geometry::decode_point(rows.blob(2));
    component.atom = read_atom(rows, 3);
    visit(component);
  }
}

OccurrenceFinder::OccurrenceFinder(Store& store)
    // A passage is a component of a document's structure, or an object by itself. CROSS JOIN
    // has SQLite begin with the passage: it would begin with all objects of the tenant.
    : parent_{store.db().prepare(
          "SELECT c.position, c.spatial_key, o.object_id FROM my_atom_composition AS c"
          " CROSS JOIN my_object AS o ON o.structure_id = c.parent_atom_id"
          " WHERE c.component_atom_id = ? ORDER BY o.object_id DESC, c.position LIMIT 1")},
      object_{store.db().prepare(
          std::string{kObjectColumns} +
          "WHERE o.object_id = CASE WHEN ?1 > 0 THEN ?1 ELSE (SELECT max(object_id) FROM ("
          " SELECT i.object_id FROM my_object AS i JOIN my_atom USING (atom_id)"
          "  WHERE i.atom_id = ?2"
          " UNION ALL SELECT i.object_id FROM my_object AS i JOIN my_atom USING (atom_id)"
          "  WHERE i.structure_id = ?2)) END")} {}

std::optional<Occurrence> OccurrenceFinder::find(std::int64_t atom_id) {
  Occurrence occurrence;
  std::int64_t object_id = 0;
  if (parent_.with(atom_id).step()) {
    occurrence.position = parent_.integer(0);
    if (!parent_.is_null(1)) occurrence.spatial = geometry::decode_point(parent_.blob(1));
    object_id = parent_.integer(2);
  }
  parent_.reset();
  const bool found = object_.with(object_id, atom_id).step();
  if (found) occurrence.object = read_object(object_);
  object_.reset();
  if (!found) return std::nullopt;
  return occurrence;
}

std::optional<Occurrence> find_occurrence(Store& store, std::int64_t atom_id) {
  return OccurrenceFinder{store}.find(atom_id);
}

std::string atom_text(Store& store, std::int64_t atom_id) {
  return TextReader{store}.text(atom_id);
}

std::vector<ModalityTotals> modality_totals(Store& store) {
  Statement rows = store.db().prepare(
      "SELECT t.modality, COUNT(*),"
      " (SELECT COUNT(*) FROM my_object AS o WHERE o.modality = t.modality),"
      " (SELECT COALESCE(SUM(a.bytes), 0) FROM my_object AS o JOIN my_atom AS a"
      "  ON a.atom_id = o.atom_id WHERE o.modality = t.modality)"
      " FROM my_tenant_atom AS t GROUP BY t.modality ORDER BY t.modality");
  std::vector<ModalityTotals> totals;
  while (rows.step())
    totals.push_back({static_cast<Modality>(rows.integer(0)), rows.integer(2), rows.integer(1),
                      static_cast<std::uint64_t>(rows.integer(3))});
  return totals;
}

}  // namespace hart::store
