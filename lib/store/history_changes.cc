#include <algorithm>
#include <cctype>
#include <unordered_set>

#include "core/error.h"
#include "store/history.h"

namespace hart::store {
namespace {

constexpr std::size_t kShortestHistoryPrefix = 6;

/// An atom that the tenant holds or held.
struct KnownAtom {
  std::int64_t atom_id = 0;
  Id id;
};

/// The digits of an id or of its beginning, as SQL compares them, and its namespace.
struct IdPrefix {
  std::string digits;  ///< upper case
  std::optional<std::int64_t> space;
};

std::optional<IdPrefix> parse_id_prefix(std::string_view text) {
  IdPrefix prefix;
  for (const IdSpace space : {IdSpace::content, IdSpace::structure, IdSpace::keyed}) {
    const std::string_view name = id_space_prefix(space);
    if (!text.starts_with(name)) continue;
    prefix.space = static_cast<std::int64_t>(space);
    text.remove_prefix(name.size());
    break;
  }
  for (const char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
    prefix.digits.push_back(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  }
  if (prefix.digits.size() < kShortestHistoryPrefix || prefix.digits.size() > 64)
    return std::nullopt;
  return prefix;
}

[[noreturn]] void refuse_ambiguous_past(const std::string& reference) {
  throw Error{Fault::data, "ambiguous id prefix '" + reference + "': give more digits"};
}

class HistoryReader {
 public:
  explicit HistoryReader(Store& store) : store_{store} {}

  std::vector<Change> read(const std::string& reference);

 private:
  [[nodiscard]] std::vector<ObjectVersion> find_named(const std::string& reference);
  [[nodiscard]] std::vector<ObjectVersion> find_by_id(const std::string& reference);
  [[nodiscard]] std::optional<KnownAtom> find_atom(const std::string& reference);
  [[nodiscard]] std::optional<KnownAtom> find_atom(const Id& id);
  void add_versions(const std::vector<ObjectVersion>& versions);
  void add_snapshots(const std::vector<ObjectVersion>& versions);
  void add_atom(const KnownAtom& atom, const std::string& name, bool holding);
  void add_importance(std::int64_t model_atom_id, const Id& id, const std::string& name,
                      bool layers);
  void add_figures(Change change, Statement& rows, bool layers);

  Store& store_;
  std::vector<Change> changes_;
};

std::vector<ObjectVersion> HistoryReader::find_named(const std::string& reference) {
  std::vector<ObjectVersion> versions = versions_of(store_, reference);
  const std::size_t at = reference.rfind('@');
  if (!versions.empty() || at == std::string::npos || at == 0) return versions;
  const std::string which = reference.substr(at + 1);
  for (ObjectVersion& version : versions_of(store_, reference.substr(0, at)))
    if (std::to_string(version.version) == which || version.version_tag == which)
      versions.push_back(std::move(version));
  return versions;
}

std::vector<ObjectVersion> HistoryReader::find_by_id(const std::string& reference) {
  const auto prefix = parse_id_prefix(reference);
  if (!prefix) return {};
  // The history keeps digests without an index: what is looked for so is looked for rarely.
  Statement names = store_.db().prepare(
      "SELECT DISTINCT o.name FROM my_object AS o JOIN my_atom AS a"
      " ON a.atom_id = o.atom_id OR a.atom_id = o.structure_id"
      " WHERE (?2 IS NULL OR a.space = ?2) AND substr(hex(a.hash), 1, length(?1)) = ?1"
      " UNION SELECT DISTINCT name FROM my_object_history"
      " WHERE ((?2 IS NULL OR atom_space = ?2) AND substr(hex(atom_hash), 1, length(?1)) = ?1)"
      " OR ((?2 IS NULL OR structure_space = ?2)"
      "     AND substr(hex(structure_hash), 1, length(?1)) = ?1)");
  names.with(prefix->digits, prefix->space);
  std::vector<ObjectVersion> versions;
  const auto matches = [&](const Id& id) {
    std::string digits = to_hex(id.hash);
    std::transform(digits.begin(), digits.end(), digits.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return digits.starts_with(prefix->digits) &&
           (!prefix->space || *prefix->space == static_cast<std::int64_t>(id.space));
  };
  while (names.step())
    for (ObjectVersion& version : versions_of(store_, std::string{names.text(0)}))
      if (matches(version.atom) || (version.structure && matches(*version.structure)))
        versions.push_back(std::move(version));
  for (const ObjectVersion& version : versions)
    if (version.atom != versions.front().atom &&
        (!version.structure || version.structure != versions.front().structure))
      refuse_ambiguous_past(reference);
  return versions;
}

std::optional<KnownAtom> HistoryReader::find_atom(const std::string& reference) {
  const auto prefix = parse_id_prefix(reference);
  if (!prefix) return std::nullopt;
  std::string low = prefix->digits;
  std::string high = prefix->digits;
  low.resize(64, '0');
  high.resize(64, 'F');
  Statement find = store_.db().prepare(
      "SELECT atom_id, space, hash FROM atom AS a"
      " WHERE hash BETWEEN ?1 AND ?2 AND (?3 IS NULL OR space = ?3)"
      " AND COALESCE((SELECT max(h.access_level <> 'none') FROM tenant_atom AS h"
      "               WHERE h.tenant_id = ?4 AND h.atom_id = a.atom_id),"
      "  EXISTS (SELECT 1 FROM tenant_atom_history AS h"
      "          WHERE h.tenant_id = ?4 AND h.atom_id = a.atom_id)) LIMIT 2",
      Scope::owner);
  find.with(from_hex(low), from_hex(high), prefix->space, store_.tenant_id());
  if (!find.step()) return std::nullopt;
  const KnownAtom found{find.integer(0), {static_cast<IdSpace>(find.integer(1)), find.hash(2)}};
  if (find.step()) refuse_ambiguous_past(reference);
  return found;
}

std::optional<KnownAtom> HistoryReader::find_atom(const Id& id) {
  return find_atom(id.text());
}

void HistoryReader::add_versions(const std::vector<ObjectVersion>& versions) {
  for (const ObjectVersion& version : versions) {
    Change change;
    change.time = version.created;
    change.what = version.source_uri.starts_with(kRollbackScheme) ||
                          version.source_uri.starts_with(kSnapshotScheme)
                      ? Change::What::restored
                      : Change::What::added;
    change.name = version.name;
    change.version = version.version;
    change.atom = version.atom;
    change.source = version.source_uri;
    changes_.push_back(change);
    if (!version.ended) continue;
    change.time = *version.ended;
    change.what = Change::What::removed;
    change.source.clear();
    changes_.push_back(change);
  }
}

void HistoryReader::add_snapshots(const std::vector<ObjectVersion>& versions) {
  Statement rows = store_.db().prepare(
      "SELECT s.created_us, s.name FROM my_snapshot_object AS o"
      " JOIN my_snapshot AS s ON s.snapshot_id = o.snapshot_id"
      " WHERE o.name = ?1 AND o.created_us = ?2");
  for (const ObjectVersion& version : versions) {
    rows.with(version.name, version.created);
    while (rows.step()) {
      Change change;
      change.time = rows.integer(0);
      change.what = Change::What::snapshot;
      change.name = version.name;
      change.version = version.version;
      change.atom = version.atom;
      change.snapshot = rows.text(1);
      changes_.push_back(std::move(change));
    }
  }
}

/// How the tenant's reference to an atom changed; with `holding`, when it came and went, too.
void HistoryReader::add_atom(const KnownAtom& atom, const std::string& name, bool holding) {
  Statement rows = store_.db().prepare(
      "SELECT modality, valid_from_us, valid_to_us, access_level, importance"
      " FROM my_tenant_atom_history WHERE atom_id = ?1"
      " UNION ALL SELECT modality, COALESCE(valid_from_us, created_us), NULL, access_level,"
      " importance FROM my_tenant_atom WHERE atom_id = ?1 ORDER BY 1, 2");
  rows.with(atom.atom_id);
  struct Row {
    std::int64_t modality = -1;
    std::optional<TimeUs> end;
    std::string access;
    std::optional<double> importance;
  } before;
  const auto add = [&](TimeUs time, Change::What what) -> Change& {
    Change change;
    change.time = time;
    change.what = what;
    change.name = name;
    change.atom = atom.id;
    changes_.push_back(std::move(change));
    return changes_.back();
  };
  while (rows.step()) {
    Row row{rows.integer(0), std::nullopt, std::string{rows.text(3)}, std::nullopt};
    const TimeUs begin = rows.integer(1);
    if (!rows.is_null(2)) row.end = rows.integer(2);
    if (!rows.is_null(4)) row.importance = rows.real(4);
    const bool goes_on = before.modality == row.modality && before.end == begin;
    if (!goes_on) {
      if (holding && before.end) add(*before.end, Change::What::released);
      if (holding) add(begin, Change::What::held);
    } else {
      if (before.access != row.access) {
        Change& change = add(begin, Change::What::access);
        change.access_level = row.access;
        change.access_level_before = before.access;
      }
      if (before.importance != row.importance) {
        Change& change = add(begin, Change::What::importance);
        change.importance = row.importance;
        change.importance_before = before.importance;
      }
    }
    before = std::move(row);
  }
  if (holding && before.end) add(*before.end, Change::What::released);
}

/// One tensor's or layer's figures after another, each in order of time.
void HistoryReader::add_figures(Change change, Statement& rows, bool layers) {
  std::int64_t place = -1;
  std::optional<TimeUs> end;
  std::string label;
  const auto end_last = [&] {
    if (!end) return;
    Change last = change;
    (layers ? last.layer : last.tensor) = label;
    last.time = *end;
    last.importance_before = change.importance;
    last.importance.reset();
    last.method.clear();
    changes_.push_back(std::move(last));
  };
  while (rows.step()) {
    const TimeUs begin = rows.integer(1);
    const bool goes_on = rows.integer(0) == place && end == begin;
    if (!goes_on) end_last();
    change.importance_before = goes_on ? change.importance : std::nullopt;
    place = rows.integer(0);
    end = rows.is_null(2) ? std::nullopt : std::optional{rows.integer(2)};
    label = rows.is_null(5) ? std::to_string(place) : std::string{rows.text(5)};
    change.time = begin;
    change.method = rows.text(3);
    change.importance = rows.real(4);
    (layers ? change.layer : change.tensor) = label;
    changes_.push_back(change);
  }
  end_last();
}

void HistoryReader::add_importance(std::int64_t model_atom_id, const Id& id,
                                   const std::string& name, bool layers) {
  const std::string table = layers ? "layer_importance" : "tensor_importance";
  const std::string place = layers ? "layer_index" : "position";
  // Whoever held a model may know what its parts are called, as long as that is stored.
  Statement rows = store_.db().prepare(
      "SELECT i." + place + ", i.valid_from_us, i.valid_to_us, i.method, i.importance, p.name" +
          " FROM (SELECT tenant_id, model_atom_id, " + place +
          ", method, importance, valid_from_us, valid_to_us FROM " + table + "_history" +
          " UNION ALL SELECT tenant_id, model_atom_id, " + place +
          ", method, importance, valid_from_us, NULL FROM " + table + ") AS i LEFT JOIN " +
          (layers ? "model_layer" : "tensor_atom") +
          " AS p ON p.model_atom_id = i.model_atom_id AND p." + place + " = i." + place +
          " WHERE i.tenant_id = ?1 AND i.model_atom_id = ?2 ORDER BY 1, 2",
      Scope::owner);
  Change change;
  change.what = Change::What::importance;
  change.name = name;
  change.atom = id;
  add_figures(std::move(change), rows.with(store_.tenant_id(), model_atom_id), layers);
}

std::vector<Change> HistoryReader::read(const std::string& reference) {
  const Snapshot snapshot{store_.db()};
  std::vector<ObjectVersion> versions = find_named(reference);
  if (versions.empty()) versions = find_by_id(reference);
  if (versions.empty()) {
    const auto atom = find_atom(reference);
    if (!atom) throw Error{Fault::no_input, "no such object: " + reference};
    add_atom(*atom, {}, true);
    return std::move(changes_);
  }
  add_versions(versions);
  add_snapshots(versions);
  // Versions may share their content, and other names too: a change of it is told once.
  std::unordered_set<std::int64_t> told;
  for (const ObjectVersion& version : versions) {
    for (const std::optional<Id>& id : {std::optional{version.atom}, version.structure}) {
      const auto atom = id ? find_atom(*id) : std::nullopt;
      if (!atom || !told.insert(atom->atom_id).second) continue;
      add_atom(*atom, version.name, false);
      for (const bool layers : {false, true})
        add_importance(atom->atom_id, atom->id, version.name, layers);
    }
  }
  return std::move(changes_);
}

}  // namespace

std::vector<Change> history_of(Store& store, const std::string& reference,
                               std::optional<TimeUs> until) {
  std::vector<Change> changes = HistoryReader{store}.read(reference);
  if (until) std::erase_if(changes, [&](const Change& change) { return change.time > *until; });
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.time < b.time; });
  return changes;
}

}  // namespace hart::store
