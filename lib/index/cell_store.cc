// Cell indexes over what a store holds: building, publishing, forgetting.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "core/error.h"
#include "index/cell_build.h"
#include "index/cell_index.h"
#include "store/file_io.h"

namespace hart::index {
namespace {

namespace fs = std::filesystem;
using store::Scope;

/// The recall whose settings the catalog's figure is for.
constexpr float kStatedRecall = 0.95F;
constexpr std::uint32_t kStatedCount = 10;

/// While it lives, removals of the model's vectors are noted, whether there is a cell index yet
/// or not. Make one while holding index.db: no other build is going on then.
class NotedRemovals {
 public:
  NotedRemovals(store::Store& store, const store::EmbeddingModel& model)
      : store_{store}, model_id_{model.embedding_model_id} {
    store::WriteTransaction transaction{store_};
    // Builds that were killed left theirs.
    store_.db().prepare("DELETE FROM cell_build", Scope::owner).run();
    store_.db()
        .prepare("INSERT INTO cell_build VALUES (?1, ?2, ?3)", Scope::owner)
        .run(store_.tenant_id(), model_id_, store_.now());
    transaction.commit();
  }
  ~NotedRemovals() {
    if (ended_) return;
    try {
      end(0);
    } catch (const std::exception&) {
      // The next build takes the note away.
    }
  }
  NotedRemovals(const NotedRemovals&) = delete;
  NotedRemovals& operator=(const NotedRemovals&) = delete;

  /// Forgets the removals up to `last`, which a generation was built after, and all of them
  /// where there is no generation that needs them.
  void end(std::int64_t last) {
    ended_ = true;
    store::WriteTransaction transaction{store_};
    store_.db()
        .prepare(
            "DELETE FROM embedding_removed WHERE tenant_id = ?1 AND embedding_model_id = ?2"
            " AND (embedding_removed_id <= ?3 OR NOT EXISTS (SELECT 1 FROM search_index AS s"
            "  WHERE s.tenant_id = ?1 AND s.embedding_model_id = ?2 AND s.kind = 'cells'))",
            Scope::owner)
        .run(store_.tenant_id(), model_id_, last);
    store_.db()
        .prepare("DELETE FROM cell_build WHERE tenant_id = ?1 AND embedding_model_id = ?2",
                 Scope::owner)
        .run(store_.tenant_id(), model_id_);
    transaction.commit();
  }

 private:
  store::Store& store_;
  std::int64_t model_id_;
  bool ended_ = false;
};

std::int64_t last_removed(store::Store& store, const store::EmbeddingModel& model) {
  auto select = store.db().prepare(
      "SELECT coalesce(max(embedding_removed_id), 0) FROM my_embedding_removed"
      " WHERE embedding_model_id = ?1");
  select.with(model.embedding_model_id).step();
  return select.integer(0);
}

std::int64_t last_embedding(store::Store& store, const store::EmbeddingModel& model) {
  auto select = store.db().prepare(
      "SELECT coalesce(max(atom_embedding_id), 0) FROM my_atom_embedding"
      " WHERE embedding_model_id = ?1");
  select.with(model.embedding_model_id).step();
  return select.integer(0);
}

/// Files that no generation stands for: a build that was killed left them. Call while holding
/// index.db, so that no other build is going on.
void remove_left_files(store::Store& store) {
  std::error_code error;
  auto find = store.index_db().prepare(
      "SELECT 1 FROM index_generation WHERE kind || '_' || generation = ?1", Scope::owner);
  for (const auto& entry : fs::directory_iterator{store.directory() + "/indexes", error})
    if (!find.with(entry.path().filename().string()).step())
      store::file_io().remove(entry.path().string());
}

const CellCalibration* stated(const std::vector<CellCalibration>& calibrations) {
  const auto found = std::find_if(
      calibrations.begin(), calibrations.end(),
      [](const auto& one) { return one.k == kStatedCount && one.target >= kStatedRecall; });
  return found == calibrations.end() ? nullptr : &*found;
}

/// Binary32 has no more to say.
double four_digits(float share) {
  return std::round(static_cast<double>(share) * 1e4) / 1e4;
}

Json parameters_json(const CellBuildOptions& options, std::size_t cells) {
  static constexpr const char* kStorage[] = {"f32", "f16", "int8"};
  return {{"metric", metric_name(options.metric)},
          {"vectors", kStorage[static_cast<std::size_t>(options.storage)]},
          {"cells", cells},
          {"seed", options.seed}};
}

}  // namespace

IndexInfo build_cell_index(store::Store& store, const store::EmbeddingModel& model,
                           const CellBuildOptions& options,
                           const std::function<void(std::uint64_t)>& progress) {
  GenerationWriter writer{store, model, IndexKind::cells};
  NotedRemovals noted{store, model};
  fs::create_directories(store.directory() + "/indexes");
  remove_left_files(store);
  CellSource source;
  std::int64_t removed = 0;
  CellOwner owner{writer.generation(), store.tenant_id(), model.embedding_model_id, 0};
  std::vector<CellCalibration> calibrations;
  {
    const store::Snapshot snapshot{store.db()};
    removed = last_removed(store, model);
    owner.last_embedding_id = last_embedding(store, model);
    source.dims = static_cast<std::size_t>(model.dims);
    source.items =
        static_cast<std::size_t>(store::count_embeddings(store, model.embedding_model_id));
    source.visit = [&](const std::function<void(const VectorBlock&)>& visit) {
      for_each_row_block(store, model, 0, visit);
    };
    if (source.items == 0)
      throw Error{Fault::no_input, "there are no vectors of " + model.name + " to index"};
    calibrations = build_cell_file(
        source, options, owner, generation_file(store, IndexKind::cells, writer.generation()),
        progress);
  }
  const std::size_t cells =
      std::min(source.items, options.cells == 0 ? default_cells(source.items) : options.cells);
  IndexInfo info = writer.commit(static_cast<std::int64_t>(source.items),
                                 owner.last_embedding_id, parameters_json(options, cells));
  noted.end(removed);
  if (info.generation != owner.generation) return info;
  if (const CellCalibration* found = stated(calibrations)) {
    store_recall(store, info, four_digits(found->measured), four_digits(found->interval),
                 found->k, found->settings.rerank);
    info = find_index(store, model.embedding_model_id, IndexKind::cells).value_or(info);
  }
  return info;
}

}  // namespace hart::index
