#include "prov/graph/entity.h"

#include "core/error.h"
#include "crypto/sha256.h"

namespace hart::prov {

Entity atom_entity(const Id& atom) {
  return {EntityKind::atom, atom};
}

Entity model_entity(const Id& model) {
  return {EntityKind::model, model};
}

Entity reasoning_entity(const std::string& mode) {
  return {EntityKind::reasoning, {IdSpace::content, crypto::sha256(as_bytes(mode))}, mode};
}

EntityReader::EntityReader(store::Store& store)
    : find_{store.db().prepare("SELECT provenance_entity_id FROM my_provenance_entity"
                               " WHERE kind = ? AND hash = ? AND space = ?")},
      at_{store.db().prepare("SELECT kind, space, hash, name FROM my_provenance_entity"
                             " WHERE provenance_entity_id = ?")} {}

std::optional<std::int64_t> EntityReader::find(const Entity& entity) {
  find_.with(static_cast<int>(entity.kind), entity.id.hash, static_cast<int>(entity.id.space));
  const auto found = find_.step() ? std::optional{find_.integer(0)} : std::nullopt;
  find_.reset();
  return found;
}

Entity EntityReader::at(std::int64_t entity_id) {
  if (!at_.with(entity_id).step())
    throw Error{Fault::internal, "provenance: no entity " + std::to_string(entity_id)};
  Entity entity{static_cast<EntityKind>(at_.integer(0)),
                {static_cast<IdSpace>(at_.integer(1)), at_.hash(2)},
                std::string{at_.text(3)}};
  at_.reset();
  return entity;
}

EntityWriter::EntityWriter(store::Store& store)
    : store_{store},
      reader_{store},
      insert_{store.db().prepare(
          "INSERT INTO provenance_entity (tenant_id, kind, space, hash, name)"
          " VALUES (?, ?, ?, ?, ?)",
          store::Scope::owner)} {}

std::int64_t EntityWriter::put(const Entity& entity) {
  if (const auto found = reader_.find(entity)) return *found;
  const auto name = entity.name.empty() ? std::nullopt : std::optional{entity.name};
  insert_.run(store_.tenant_id(), static_cast<int>(entity.kind),
              static_cast<int>(entity.id.space), entity.id.hash, name);
  return store_.db().last_insert_id();
}

}  // namespace hart::prov
