#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/id.h"
#include "store/store.h"

namespace hart::prov {

enum class EntityKind : int { atom = 0, model = 1, reasoning = 2 };

/// Something that receipts refer to. It stays a node of the graph when the catalog no longer
/// holds it.
struct Entity {
  EntityKind kind = EntityKind::atom;
  Id id;
  std::string name{};  ///< of a mode of reasoning
};

[[nodiscard]] Entity atom_entity(const Id& atom);
[[nodiscard]] Entity model_entity(const Id& model);
/// Its id is the SHA-256 of the mode's name.
[[nodiscard]] Entity reasoning_entity(const std::string& mode);

/// Finds entities of the acting tenant, with statements prepared once.
class EntityReader {
 public:
  explicit EntityReader(store::Store& store);
  [[nodiscard]] std::optional<std::int64_t> find(const Entity& entity);
  /// Throws Error(internal) when there is none.
  [[nodiscard]] Entity at(std::int64_t entity_id);

 private:
  store::Statement find_;
  store::Statement at_;
};

/// Adds entities; use it inside a WriteTransaction.
class EntityWriter {
 public:
  explicit EntityWriter(store::Store& store);
  /// The entity's number, of one that was there or is now.
  std::int64_t put(const Entity& entity);

 private:
  store::Store& store_;
  EntityReader reader_;
  store::Statement insert_;
};

}  // namespace hart::prov
