#include "store/importance.h"

#include <doctest/doctest.h>

#include <limits>

#include "core/error.h"
#include "object_fixture.h"

namespace hart::store {
namespace {

/// A model of two layers and two tensors, held by the store's tenant. Returns its atom.
std::int64_t add_model(Store& store, std::int64_t& tensor) {
  WriteTransaction transaction{store};
  CatalogWriter writer{store};
  const auto put = [&](const char* name) {
    return writer.put_atom({IdSpace::structure, test::content_of(name).hash},
                           AtomForm::descriptor, ByteBuffer(40, 1), 8);
  };
  const std::int64_t model = put("model");
  tensor = put("tensor");
  writer.put_model({model, "llama", "gguf", 2});
  writer.put_layer(model, 0, put("layer 0"), "blk.0", 1);
  writer.put_layer(model, 1, put("layer 1"), "blk.1", 1);
  for (std::int64_t position = 0; position < 2; ++position)
    writer.put_tensor({model, position, tensor, "t" + std::to_string(position), 0, "[1]", {}});
  writer.hold_atom(model, Modality::model, "gguf");
  writer.hold_atom(tensor, Modality::tensor, "f32");
  transaction.commit();
  return model;
}

std::size_t put(Store& store, std::int64_t model, const ModelImportance& importance) {
  WriteTransaction transaction{store};
  const std::size_t changed = put_importance(store, model, importance);
  transaction.commit();
  return changed;
}

std::int64_t rows(Store& store, const std::string& table) {
  return store.db().query_integer("SELECT COUNT(*) FROM " + table);
}

TEST_CASE("importance: figures are kept, and the same again leave no trace in the history") {
  const test::ScratchStore scratch{test::kCatalogOnly};
  Store store = scratch.open();
  std::int64_t tensor = 0;
  const std::int64_t model = add_model(store, tensor);
  ModelImportance importance{
      ImportanceMethod::magnitude, {{0, tensor, 0.5}, {1, tensor, 2}}, {{0, 0.25}, {1, 1.75}}};
  CHECK(put(store, model, importance) == 4);
  CHECK(put(store, model, importance) == 0);
  CHECK(rows(store, "tensor_importance_history") == 0);
  CHECK(rows(store, "layer_importance_history") == 0);
  CHECK(rows(store, "tenant_atom_history") == 1);  // it had none before
  importance.layers[1].importance = 3;
  CHECK(put(store, model, importance) == 1);
  CHECK(rows(store, "layer_importance_history") == 1);
  CHECK(rows(store, "tensor_importance_history") == 0);
  const auto layers = scored_layers(store, model);
  REQUIRE(layers.size() == 2);
  CHECK(layers[1].name == "blk.1");
  CHECK(*layers[1].importance == 3);
  // The tensor stands twice: its first place counts.
  CHECK(store.db().query_integer("SELECT importance * 10 FROM tenant_atom WHERE atom_id = " +
                                 std::to_string(tensor)) == 5);
}

TEST_CASE("importance: another method changes every figure, though the numbers are equal") {
  const test::ScratchStore scratch{test::kCatalogOnly};
  Store store = scratch.open();
  std::int64_t tensor = 0;
  const std::int64_t model = add_model(store, tensor);
  ModelImportance importance{ImportanceMethod::magnitude, {{0, tensor, 1}}, {{0, 1}}};
  put(store, model, importance);
  importance.method = ImportanceMethod::activation;
  CHECK(put(store, model, importance) == 2);
  CHECK(rows(store, "tensor_importance_history WHERE method = 'magnitude'") == 1);
}

TEST_CASE(
    "importance: a complete scoring drops what it does not name, a partial one does not") {
  const test::ScratchStore scratch{test::kCatalogOnly};
  Store store = scratch.open();
  std::int64_t tensor = 0;
  const std::int64_t model = add_model(store, tensor);
  put(store, model,
      {ImportanceMethod::magnitude, {{0, tensor, 1}, {1, tensor, 1}}, {{0, 1}, {1, 1}}});
  CHECK(put(store, model, {ImportanceMethod::magnitude, {{1, tensor, 4}}, {}, false}) == 1);
  CHECK(rows(store, "tensor_importance") == 2);
  CHECK(put(store, model, {ImportanceMethod::magnitude, {{1, tensor, 4}}, {{1, 1}}}) == 2);
  CHECK(rows(store, "tensor_importance") == 1);
  CHECK(rows(store, "tensor_importance_history WHERE position = 0") == 1);
  CHECK_FALSE(scored_layers(store, model)[0].importance);
}

TEST_CASE("importance: each tenant has its own, and a figure must be finite") {
  const test::ScratchStore scratch{test::kCatalogOnly};
  scratch.add_tenant("other");
  Store store = scratch.open();
  std::int64_t tensor = 0;
  const std::int64_t model = add_model(store, tensor);
  put(store, model, {ImportanceMethod::magnitude, {}, {{0, 1}}});
  Store other = scratch.open("other");
  CHECK(scored_layers(other, model).empty());
  WriteTransaction transaction{store};
  for (const double bad :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    bool refused = false;
    try {
      put_importance(store, model, {ImportanceMethod::magnitude, {{0, tensor, bad}}, {}});
    } catch (const Error& error) {
      refused = error.fault() == Fault::usage;
    }
    CHECK(refused);
  }
}

}  // namespace
}  // namespace hart::store
