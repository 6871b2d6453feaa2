#include "models.h"

#include <algorithm>
#include <filesystem>

#include "atom/identity.h"
#include "common/share_directory.h"
#include "core/error.h"
#include "core/mapped_file.h"

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

std::optional<QueryEmbedder> QueryEmbedder::open(store::Store& store, const std::string& file) {
  if (!file.empty()) {
    const Id content = atom::content_id(MappedFile{file}.bytes());
    auto vectors = std::make_unique<nn::WordVectors>(file);
    const auto model = newest_model(store, [&](const store::EmbeddingModel& candidate) {
      return candidate.content == content;
    });
    if (!model) throw Error{Fault::no_input, "the store holds no vectors of " + file};
    return QueryEmbedder{std::move(vectors), *model};
  }
  if (store::embedding_models(store).empty()) return std::nullopt;
  const std::string shipped = shipped_model_path();
  if (shipped.empty() || !std::filesystem::exists(shipped)) return std::nullopt;
  auto vectors = std::make_unique<nn::WordVectors>(shipped);
  // By name: hashing the file at every start would cost more than the query.
  const auto model = newest_model(store, [&](const store::EmbeddingModel& candidate) {
    return candidate.name == vectors->name() &&
           candidate.dims == static_cast<std::int64_t>(vectors->dims());
  });
  if (!model) return std::nullopt;
  return QueryEmbedder{std::move(vectors), *model};
}

}  // namespace hart::search_tool
