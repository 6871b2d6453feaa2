#include "session.h"

#include <filesystem>

#include "atom/identity.h"
#include "common/share_directory.h"
#include "core/error.h"

namespace hart::ingest {

std::unique_ptr<PassageEmbedder> PassageEmbedder::open(store::Store& store) {
  std::string path;
  try {
    path = cli::share_directory() + "/models/wordnet-vectors.safetensors";
  } catch (const Error&) {
    return nullptr;
  }
  if (!std::filesystem::exists(path)) return nullptr;
  return std::unique_ptr<PassageEmbedder>{new PassageEmbedder{store, path}};
}

PassageEmbedder::PassageEmbedder(store::Store& store, const std::string& path)
    : store_{store}, path_{path}, vectors_{path} {}

void PassageEmbedder::add(std::int64_t atom_id, std::string_view text) {
  const auto vector = vectors_.embed(text);
  if (!vector) return;
  if (!model_) {
    // Another file is another space, so the model is known by its content.
    const MappedFile file{path_};
    model_ =
        store::ensure_embedding_model(store_, vectors_.name(), atom::content_id(file.bytes()),
                                      static_cast<std::int64_t>(vectors_.dims()));
    projection_ = index::current_projection(store_, *model_);
  }
  const std::int64_t embedding_id = store::put_embedding(store_, *model_, atom_id, *vector);
  if (projection_)
    index::place_embedding(store_, embedding_id, projection_->projection, *vector, 0);
}

Batch::Batch(store::Store& store, PassageEmbedder* embedder)
    : store_{store},
      embedder_{embedder},
      transaction_{store},
      writer_{std::make_unique<store::CatalogWriter>(store)} {}

void Batch::take_passage(std::int64_t atom_id, std::string_view text) {
  if (!text_) text_.emplace(store_);
  text_->add(atom_id, text);
  if (embedder_ != nullptr) embedder_->add(atom_id, text);
}

template <typename Atomize> atom::Atomized Batch::guarded(const Atomize& atomize) {
  store_.db().exec("SAVEPOINT object");
  try {
    atom::Atomized added = atomize();
    store_.db().exec("RELEASE object");
    return added;
  } catch (...) {
    // A full disk may have ended the whole transaction.
    if (store_.db().in_transaction()) store_.db().exec("ROLLBACK TO object; RELEASE object");
    // What the writers remember of this object is gone.
    writer_ = std::make_unique<store::CatalogWriter>(store_);
    text_.reset();
    throw;
  }
}

atom::Atomized Batch::add(const MappedFile& file, const atom::AtomizeOptions& options) {
  return guarded([&] {
    return atom::atomize(
        store_, *writer_, file, options,
        [&](std::int64_t atom_id, std::string_view text) { take_passage(atom_id, text); });
  });
}

atom::Atomized Batch::add(ByteView bytes, const atom::AtomizeOptions& options) {
  return guarded([&] {
    return atom::atomize(
        store_, *writer_, bytes, options,
        [&](std::int64_t atom_id, std::string_view text) { take_passage(atom_id, text); });
  });
}

atom::Atomized Batch::add_folder(const std::string& root, const atom::AtomizeOptions& options) {
  return guarded([&] { return atom::atomize_folder(store_, *writer_, root, options); });
}

}  // namespace hart::ingest
