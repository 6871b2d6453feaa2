#include "models.h"

#include <algorithm>
#include <filesystem>

#include "common/share_directory.h"
#include "core/error.h"
#include "store/catalog.h"

namespace hart::search_tool {
namespace {

/// The newest of the tenant's models that `accepts` lets through.
template <typename Accepts>
std::optional<store::EmbeddingModel> newest_model(store::Store& store, const Accepts& accepts) {
  const auto models = store::embedding_models(store);
  const auto found = std::find_if(models.rbegin(), models.rend(), accepts);
  if (found == models.rend()) return std::nullopt;
  return *found;
}

/// Whether the store holds the model itself, under the name that its vectors carry.
bool holds_model(store::Store& store, const store::EmbeddingModel& model) {
  try {
    const store::Object object = store::resolve_object(store, model.name);
    return object.structure == model.content || object.atom == model.content;
  } catch (const Error& error) {
    if (error.fault() != Fault::no_input) throw;
    return false;
  }
}

std::string shipped_model_path() {
  try {
    return cli::share_directory() + "/models/wordnet-vectors.safetensors";
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

store::EmbeddingModel choose_model(store::Store& store, const std::string& name) {
  const auto model = newest_model(store, [&](const store::EmbeddingModel& candidate) {
    return name.empty() || candidate.name == name;
  });
  if (model) return *model;
  throw Error{Fault::no_input, name.empty() ? "the store holds no vectors yet"
                                            : "no such embedding model: " + name};
}

store::EmbeddingModel model_of_length(store::Store& store, std::size_t dims,
                                      const std::string& name) {
  const auto model = newest_model(store, [&](const store::EmbeddingModel& candidate) {
    return candidate.dims == static_cast<std::int64_t>(dims) &&
           (name.empty() || candidate.name == name);
  });
  if (model) return *model;
  throw Error{Fault::data, "the store holds no vectors of " + std::to_string(dims) +
                               " dimensions" + (name.empty() ? "" : " of " + name)};
}

const store::EmbeddingModel& ModelChoice::named(const std::string& name) {
  const auto known = known_.find(Key{0, name});
  if (known != known_.end()) return known->second;
  return known_.emplace(Key{0, name}, choose_model(store_, name)).first->second;
}

const store::EmbeddingModel& ModelChoice::of_length(std::size_t dims, const std::string& name) {
  const auto known = known_.find(Key{dims, name});
  if (known != known_.end()) return known->second;
  return known_.emplace(Key{dims, name}, model_of_length(store_, dims, name)).first->second;
}

std::optional<QueryEmbedder> QueryEmbedder::open(store::Store& store,
                                                 const std::string& reference,
                                                 unsigned threads) {
  if (!reference.empty()) {
    auto embedder = infer::Embedder::open(reference, &store, threads);
    const auto model = newest_model(store, [&](const store::EmbeddingModel& candidate) {
      return candidate.content == embedder->id();
    });
    if (!model) throw Error{Fault::no_input, "the store holds no vectors of " + reference};
    return QueryEmbedder{std::move(embedder), *model};
  }
  if (store::embedding_models(store).empty()) return std::nullopt;
  if (auto shipped = open_shipped(store, threads)) return shipped;
  return open_held(store, threads);
}

std::optional<QueryEmbedder> QueryEmbedder::open_shipped(store::Store& store,
                                                         unsigned threads) {
  const std::string path = shipped_model_path();
  if (path.empty() || !std::filesystem::exists(path)) return std::nullopt;
  auto embedder = infer::Embedder::open(path, nullptr, threads);
  // By name: hashing the file at every start would cost more than the query.
  const auto model = newest_model(store, [&](const store::EmbeddingModel& candidate) {
    return candidate.name == embedder->name() &&
           candidate.dims == static_cast<std::int64_t>(embedder->dims());
  });
  if (!model) return std::nullopt;
  return QueryEmbedder{std::move(embedder), *model};
}

std::optional<QueryEmbedder> QueryEmbedder::open_held(store::Store& store, unsigned threads) {
  const auto model = newest_model(store, [&](const store::EmbeddingModel& candidate) {
    return holds_model(store, candidate);
  });
  if (!model) return std::nullopt;
  return QueryEmbedder{infer::Embedder::open(model->name, &store, threads), *model};
}

}  // namespace hart::search_tool
