#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "atom/identity.h"
#include "commands.h"
#include "common/line_stream.h"
#include "common/share_directory.h"
#include "core/clock.h"
#include "core/cpu.h"
#include "core/error.h"
#include "core/events.h"
#include "core/uuid.h"
#include "index/projection_store.h"
#include "infer/embedder.h"
#include "prov/receipt_draft.h"
#include "prov/receipt_writer.h"
#include "store/catalog.h"
#include "store/embedding.h"

namespace hart::infer_tool {
namespace {

/// Raised when the same text and model may give other numbers.
constexpr const char* kEngineVersion = "1";

struct EmbedOptions {
  std::optional<std::string> text;
  std::string model;
  bool no_store = false;
};

/// Embeds texts and atoms, and keeps the vectors of what the tenant holds.
class Embedding {
 public:
  Embedding(const EmbedOptions& options, cli::Context& context) : context_{context} {
    open_store(options);
    embedder_ = infer::Embedder::open(
        options.model.empty() ? cli::share_directory() + "/models/wordnet-vectors.safetensors"
                              : options.model,
        store_ ? &*store_ : nullptr, context.common.threads);
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
    const TimeUs started = now_us();
    const auto vector = embedder_->embed(text);
    if (!vector) throw Error{Fault::data, "the embedding model knows no word of the text"};
    const bool stored = atom && store_->writable();
    const std::string receipt = stored ? keep(*atom, text.size(), *vector, started) : "";
    Json line{{"type", "embedding"},
              {"atom", id.text()},
              {"model", embedder_->name()},
              {"dims", vector->values.size()},
              {"stored", stored}};
    if (stored) line["receipt"] = receipt;
    if (vector->is_truncated) line["truncated"] = true;
    line["vector"] = vector->values;
    context_.out.write(line);
  }

  /// Stores the vector, its place where the model's vectors have a projection, and the receipt,
  /// whose UUID is returned: all of it or nothing.
  std::string keep(const store::Atom& atom, std::size_t bytes, const infer::TextVector& vector,
                   TimeUs started) {
    store::WriteTransaction transaction{*store_};
    const store::EmbeddingModel model =
        store::ensure_embedding_model(*store_, embedder_->name(), embedder_->id(),
                                      static_cast<std::int64_t>(vector.values.size()));
    const std::int64_t embedding =
        store::put_embedding(*store_, model, atom.atom_id, vector.values);
    if (const auto projection = index::current_projection(*store_, model))
      index::place_embedding(*store_, embedding, projection->projection, vector.values, 0);
    const GenerationBegin begin = receipt_begin(atom, bytes, vector, started);
    write_receipt(begin);
    transaction.commit();
    return uuid_text(begin.inference);
  }

  /// What the receipt names: the model and the atom, whose text stands in the store alone.
  GenerationBegin receipt_begin(const store::Atom& atom, std::size_t bytes,
                                const infer::TextVector& vector, TimeUs started) {
    const CpuFeatures& cpu = cpu_features();
    GenerationBegin begin;
    begin.inference = make_uuid7(started);
    begin.started = started;
    begin.operation = "embed_text";
    begin.engine = {"embedding", kEngineVersion,
                    cpu.avx512 ? "avx512"
                    : cpu.avx2 ? "avx2"
                               : "scalar",
                    "cpu"};
    begin.models = {{embedder_->id(), embedder_->name()}};
    begin.subjects = {{atom.id, "input", bytes, ""}};
    begin.parameters = {{"dims", vector.values.size()}, {"truncated", vector.is_truncated}};
    return begin;
  }

  void write_receipt(const GenerationBegin& begin) {
    GenerationEnd end;
    end.completed = now_us();
    end.finish_reason = "embedded";
    prov::PendingReceipt receipt =
        prov::ReceiptDraft{begin, store_->tenant_name(), store_->actor()}.finish(end);
    if (!receipts_) receipts_.emplace(*store_);
    receipts_->write({&receipt, 1});
  }

  cli::Context& context_;
  std::optional<store::Store> store_;
  std::unique_ptr<infer::Embedder> embedder_;
  std::optional<prov::ReceiptWriter> receipts_;  ///< from the first vector that is kept on
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
                 "a file, a folder or a name in the store: word vectors, an encoder, or a\n"
                 "language model whose states are pooled (default: the shipped word vectors)");
  command.flag("--no-store", options.no_store, "keep no vectors");
  command.action([&options](cli::Context& context) { return embed(options, context); });
}

}  // namespace hart::infer_tool
