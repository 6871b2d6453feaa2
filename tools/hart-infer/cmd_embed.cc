#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "atom/export.h"
#include "atom/identity.h"
#include "commands.h"
#include "common/line_stream.h"
#include "common/share_directory.h"
#include "core/endian.h"
#include "core/error.h"
#include "nn/word_vectors.h"
#include "store/catalog.h"
#include "store/embedding.h"

namespace hart::infer_tool {
namespace {

struct EmbedOptions {
  std::optional<std::string> text;
  std::string model;
  bool no_store = false;
};

/// A word-vector model: the shipped one, a file, or one that the store holds.
struct Embedder {
  ByteBuffer stored;  ///< the file's bytes when it came out of the store
  MappedFile file;
  std::unique_ptr<nn::WordVectors> vectors;
  Id content;

  static Embedder open(const std::string& reference, std::optional<store::Store>& store);
};

Embedder Embedder::open(const std::string& reference, std::optional<store::Store>& store) {
  Embedder embedder;
  const bool names_file = reference.empty() || reference.find('/') != std::string::npos ||
                          std::filesystem::exists(reference);
  if (!names_file && store) {
    const store::Object object = store::resolve_object(*store, reference);
    atom::read_content(*store, *store::atom_by_id(*store, object.atom_id),
                       [&](ByteView part) { append(embedder.stored, part); });
    embedder.vectors = std::make_unique<nn::WordVectors>(ByteView{embedder.stored});
    embedder.content = object.atom;
    return embedder;
  }
  const std::string path = reference.empty()
                               ? cli::share_directory() + "/models/wordnet-vectors.safetensors"
                               : reference;
  embedder.file = MappedFile{path};
  embedder.vectors = std::make_unique<nn::WordVectors>(embedder.file.bytes());
  embedder.content = atom::content_id(embedder.file.bytes());
  return embedder;
}

/// Embeds texts and atoms, and keeps the vectors of what the tenant holds.
class Embedding {
 public:
  Embedding(const EmbedOptions& options, cli::Context& context) : context_{context} {
    open_store(options);
    embedder_ = Embedder::open(options.model, store_);
  }

  void answer_text(const std::string& text) {
    const Id id = atom::content_id(as_bytes(text));
    std::optional<store::Atom> atom;
    if (store_) atom = store::find_atom(*store_, id);
    answer(id, atom, text);
  }

  void answer_atom(const std::string& reference) {
    if (!store_) throw Error{Fault::no_input, "no store holds the atom " + reference};
    const store::Atom atom = store::resolve_atom(*store_, reference);
    answer(atom.id, atom, store::atom_text(*store_, atom.atom_id));
  }

 private:
  void open_store(const EmbedOptions& options) {
    try {
      store_ = context_.open_store(!options.no_store);
    } catch (const Error& error) {
      // Text alone needs no store, unless one was asked for.
      if (error.fault() != Fault::no_input || !context_.common.store.empty()) throw;
    }
  }

  void answer(const Id& id, const std::optional<store::Atom>& atom, const std::string& text) {
    const auto vector = embedder_.vectors->embed(text);
    if (!vector) throw Error{Fault::data, "the embedding model knows no word of the text"};
    const bool stored = atom && store_->writable();
    if (stored) keep(*atom, *vector);
    context_.out.write({{"type", "embedding"},
                        {"atom", id.text()},
                        {"model", embedder_.vectors->name()},
                        {"dims", vector->size()},
                        {"stored", stored},
                        {"vector", *vector}});
  }

  void keep(const store::Atom& atom, const std::vector<float>& vector) {
    store::WriteTransaction transaction{*store_};
    const store::EmbeddingModel model =
        store::ensure_embedding_model(*store_, embedder_.vectors->name(), embedder_.content,
                                      static_cast<std::int64_t>(vector.size()));
    store::put_embedding(*store_, model, atom.atom_id, vector);
    transaction.commit();
  }

  cli::Context& context_;
  std::optional<store::Store> store_;
  Embedder embedder_;
};

int embed(const EmbedOptions& options, cli::Context& context) {
  Embedding embedding{options, context};
  if (options.text && *options.text != "-") {
    embedding.answer_text(*options.text);
    return 0;
  }
  return cli::for_each_line(context, [&](const cli::InputLine& line) {
    if (const auto text = cli::optional_string(line.value, "text"))
      return embedding.answer_text(*text);
    embedding.answer_atom(cli::required_string(line.value, "atom"));
  });
}

}  // namespace

void add_embed(cli::Command& tool) {
  cli::Command& command = tool.subcommand("embed", "Texts or atoms to vectors");
  auto& options = command.options<EmbedOptions>();
  command.positional("TEXT", options.text,
                     "without one, or with -: JSON lines {\"text\"} or {\"atom\"}");
  command.option("-m,--model", "MODEL", options.model,
                 "a word-vector file or a name in the store (default: the shipped one)");
  command.flag("--no-store", options.no_store, "keep no vectors");
  command.action([&options](cli::Context& context) { return embed(options, context); });
}

}  // namespace hart::infer_tool
