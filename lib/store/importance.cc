#include "store/importance.h"

#include <cmath>
#include <unordered_set>

#include "core/error.h"
#include "store/catalog.h"
#include "store/object_access.h"

namespace hart::store {
namespace {

void check_finite(double importance) {
  if (!std::isfinite(importance))
    throw Error{Fault::usage, "an importance is not a finite number"};
}

std::size_t put_tensors(Store& store, std::int64_t model, const ModelImportance& importance,
                        TimeUs now) {
  Statement put = store.db().prepare(
      "INSERT INTO tensor_importance VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
      " SET method = excluded.method, importance = excluded.importance,"
      "     valid_from_us = excluded.valid_from_us"
      " WHERE method <> excluded.method OR importance <> excluded.importance",
      Scope::owner);
  Statement mark = store.db().prepare(
      "UPDATE tenant_atom SET importance = ?1 WHERE tenant_id = ?2 AND atom_id = ?3"
      " AND modality = ?4 AND importance IS NOT ?1",
      Scope::owner);
  std::size_t changed = 0;
  // A tensor that stands twice in the model has one reference: its first place counts.
  std::unordered_set<std::int64_t> marked;
  for (const TensorImportance& tensor : importance.tensors) {
    check_finite(tensor.importance);
    put.run(store.tenant_id(), model, tensor.position,
            importance_method_name(importance.method), tensor.importance, now);
    changed += static_cast<std::size_t>(store.db().changes());
    if (marked.insert(tensor.tensor_atom_id).second)
      mark.run(tensor.importance, store.tenant_id(), tensor.tensor_atom_id,
               static_cast<std::int64_t>(Modality::tensor));
  }
  return changed;
}

std::size_t put_layers(Store& store, std::int64_t model, const ModelImportance& importance,
                       TimeUs now) {
  Statement put = store.db().prepare(
      "INSERT INTO layer_importance VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
      " SET method = excluded.method, importance = excluded.importance,"
      "     valid_from_us = excluded.valid_from_us"
      " WHERE method <> excluded.method OR importance <> excluded.importance",
      Scope::owner);
  std::size_t changed = 0;
  for (const LayerImportance& layer : importance.layers) {
    check_finite(layer.importance);
    put.run(store.tenant_id(), model, layer.layer_index,
            importance_method_name(importance.method), layer.importance, now);
    changed += static_cast<std::size_t>(store.db().changes());
  }
  return changed;
}

/// Deletes the rows whose key `select` lists and `keep` has not.
std::size_t drop_others(Store& store, std::int64_t model, std::string_view select,
                        std::string_view drop, const std::unordered_set<std::int64_t>& keep) {
  std::vector<std::int64_t> others;
  Statement rows = store.db().prepare(select);
  rows.with(model);
  while (rows.step())
    if (!keep.contains(rows.integer(0))) others.push_back(rows.integer(0));
  Statement remove = store.db().prepare(drop, Scope::owner);
  for (const std::int64_t key : others) remove.run(store.tenant_id(), model, key);
  return others.size();
}

std::size_t drop_unscored(Store& store, std::int64_t model, const ModelImportance& importance) {
  std::unordered_set<std::int64_t> tensors, layers;
  for (const TensorImportance& tensor : importance.tensors) tensors.insert(tensor.position);
  for (const LayerImportance& layer : importance.layers) layers.insert(layer.layer_index);
  return drop_others(store, model,
                     "SELECT position FROM my_tensor_importance WHERE model_atom_id = ?",
                     "DELETE FROM tensor_importance WHERE tenant_id = ? AND model_atom_id = ?"
                     " AND position = ?",
                     tensors) +
         drop_others(store, model,
                     "SELECT layer_index FROM my_layer_importance WHERE model_atom_id = ?",
                     "DELETE FROM layer_importance WHERE tenant_id = ? AND model_atom_id = ?"
                     " AND layer_index = ?",
                     layers);
}

}  // namespace

std::string_view importance_method_name(ImportanceMethod method) noexcept {
  return method == ImportanceMethod::magnitude ? "magnitude" : "activation";
}

std::size_t put_importance(Store& store, std::int64_t model_atom_id,
                           const ModelImportance& importance) {
  AtomAccess{store}.require_writable(model_atom_id);
  // Also the instant at which the history's triggers end what is replaced here.
  const TimeUs now = store.now();
  std::size_t changed = put_tensors(store, model_atom_id, importance, now) +
                        put_layers(store, model_atom_id, importance, now);
  if (importance.complete) changed += drop_unscored(store, model_atom_id, importance);
  return changed;
}

std::vector<ScoredLayer> scored_layers(Store& store, std::int64_t model_atom_id) {
  std::vector<ScoredLayer> layers;
  Statement rows = store.db().prepare(
      "SELECT l.layer_index, l.name, i.importance FROM my_model_layer AS l"
      " LEFT JOIN my_layer_importance AS i"
      "   ON i.model_atom_id = l.model_atom_id AND i.layer_index = l.layer_index"
      " WHERE l.model_atom_id = ? ORDER BY l.layer_index");
  rows.with(model_atom_id);
  while (rows.step()) {
    ScoredLayer layer{rows.integer(0), std::string{rows.text(1)}, std::nullopt};
    if (!rows.is_null(2)) layer.importance = rows.real(2);
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace hart::store
