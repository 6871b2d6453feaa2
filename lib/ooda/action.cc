#include "ooda/action.h"

#include <array>

#include "core/error.h"
#include "index/index.h"
#include "ooda/statistics.h"
#include "store/embedding.h"

namespace hart::ooda {
namespace {

using index::IndexKind;
using store::EmbeddingModel;

struct KindName {
  ActionKind kind;
  std::string_view name;
};
constexpr std::array<KindName, 3> kKinds{{{ActionKind::analyze, "analyze"},
                                          {ActionKind::build_index, "build_index"},
                                          {ActionKind::drop_index, "drop_index"}}};

EmbeddingModel find_model(store::Store& store, const Id& content) {
  for (const EmbeddingModel& model : store::embedding_models(store))
    if (model.content == content) return model;
  throw Error{Fault::no_input,
              "the embedding model " + content.text() + " is not in the store"};
}

Json index_json(const char* key, const char* verb, const Action& action) {
  return {{key, verb},
          {"kind", index::index_kind_name(action.index)},
          {"embedding_model", action.embedding_model.text()},
          {"name", action.model_name}};
}

Json inverse_of_drop(store::Store& store, const Action& action) {
  const EmbeddingModel model = find_model(store, action.embedding_model);
  const auto info = index::find_index(store, model.embedding_model_id, action.index);
  if (!info)
    throw Error{Fault::no_input, "there is no " +
                                     std::string{index::index_kind_name(action.index)} +
                                     " index over " + model.name};
  Json inverse = index_json("undo", "build_index", action);
  if (info->recall) {
    inverse["recall_k"] = info->recall_k;
    inverse["recall_candidates"] = info->recall_candidates;
  }
  return inverse;
}

/// Builds an index that was dropped, and measures its recall where it was known.
void build_again(store::Store& store, const EmbeddingModel& model, IndexKind kind,
                 const Json& inverse) {
  if (index::find_index(store, model.embedding_model_id, kind)) return;
  index::build_index(store, model, kind);
  if (!inverse.contains("recall_k")) return;
  index::CheckOptions options;
  options.k = inverse["recall_k"].get<std::size_t>();
  options.candidates = inverse["recall_candidates"].get<std::size_t>();
  index::check_index(store, model, kind, options);
}

void undo_known(store::Store& store, const Json& inverse) {
  const auto verb = inverse.at("undo").get<std::string>();
  if (verb == "restore_statistics") {
    restore_statistics(store, inverse.at("statistics"));
    return;
  }
  const auto kind = index::find_index_kind(inverse.at("kind").get<std::string>());
  if (!kind || (verb != "drop_index" && verb != "build_index"))
    throw Error{Fault::data, "an inverse that is not known: " + dump_json(inverse)};
  const EmbeddingModel model =
      find_model(store, parse_id(inverse.at("embedding_model").get<std::string>()));
  if (verb == "drop_index") {
    index::drop_index(store, model, *kind);
  } else {
    build_again(store, model, *kind, inverse);
  }
}

Json schema_json(store::Store& store) {
  auto select = store.db().prepare(
      "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name",
      store::Scope::owner);
  Json schema = Json::array();
  while (select.step())
    schema.push_back({std::string{select.text(0)}, std::string{select.text(1)},
                      std::string{select.text(2)}, std::string{select.text(3)}});
  return schema;
}

}  // namespace

std::string_view action_kind_name(ActionKind kind) noexcept {
  for (const KindName& known : kKinds)
    if (known.kind == kind) return known.name;
  return {};
}

Json Action::json() const {
  const std::string verb{action_kind_name(kind)};
  if (kind == ActionKind::analyze) return {{"action", verb}};
  return index_json("action", verb.c_str(), *this);
}

std::string Action::text() const {
  if (kind == ActionKind::analyze) return "gather the planner's statistics (ANALYZE)";
  const std::string what =
      std::string{index::index_kind_name(index)} + " index over " + model_name;
  return kind == ActionKind::build_index ? "build a " + what : "drop the " + what;
}

Json inverse_of(store::Store& store, const Action& action) {
  switch (action.kind) {
    case ActionKind::build_index:
      return index_json("undo", "drop_index", action);
    case ActionKind::drop_index:
      return inverse_of_drop(store, action);
    case ActionKind::analyze:
      break;
  }
  return {{"undo", "restore_statistics"}, {"statistics", save_statistics(store)}};
}

void perform(store::Store& store, const Action& action) {
  if (action.kind == ActionKind::analyze) {
    gather_statistics(store);
    return;
  }
  const EmbeddingModel model = find_model(store, action.embedding_model);
  if (action.kind == ActionKind::build_index) {
    index::build_index(store, model, action.index);
  } else {
    index::drop_index(store, model, action.index);
  }
}

void undo(store::Store& store, const Json& inverse) {
  try {
    undo_known(store, inverse);
  } catch (const Json::exception& error) {
    throw Error{Fault::data, std::string{"an inverse that cannot be read: "} + error.what()};
  }
}

std::string fingerprint(store::Store& store) {
  const store::Snapshot snapshot{store.db()};
  Json indexes = Json::array();
  for (const EmbeddingModel& model : store::embedding_models(store))
    for (const index::IndexInfo& info : index::list_indexes(store, model.embedding_model_id))
      indexes.push_back({model.content.text(), index::index_kind_name(info.kind), info.items,
                         info.last_embedding_id, info.parameters, info.recall.has_value(),
                         info.recall_k, info.recall_candidates});
  return dump_json({{"schema", schema_json(store)},
                    {"statistics", save_statistics(store)},
                    {"indexes", indexes}});
}

}  // namespace hart::ooda
