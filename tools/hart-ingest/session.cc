#include "session.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "atom/identity.h"
#include "common/share_directory.h"
#include "core/cpu.h"
#include "core/error.h"
#include "core/uuid.h"
#include "prov/receipt_draft.h"
#include "prov/receipt_writer.h"
#include "store/packs.h"

namespace hart::ingest {
namespace {

constexpr const char* kOperation = "ingest";
/// Raised when the same bytes may be taken apart otherwise.
constexpr const char* kEngineVersion = "1";
constexpr const char* kUnit = "byte";

/// As far as 64 bits go.
std::int64_t units_micros(std::uint64_t bytes) {
  constexpr std::uint64_t kMicros = 1'000'000;
  return static_cast<std::int64_t>(std::min<std::uint64_t>(bytes, INT64_MAX / kMicros) *
                                   kMicros);
}

/// What was set aside is what is charged at the most.
void require_within(std::uint64_t bytes, std::uint64_t set_aside) {
  if (bytes > set_aside)
    throw Error{Fault::data, "grew while it was added: " + std::to_string(bytes) +
                                 " bytes, where " + std::to_string(set_aside) +
                                 " had been set aside"};
}

}  // namespace

Allowance::Allowance(bill::MeterGate& gate, std::uint64_t bytes, bool tentative)
    : gate_{&gate},
      reservation_{gate.reserve({kOperation, units_micros(bytes), kUnit, tentative})} {}

Allowance::Allowance(Allowance&& other) noexcept
    : gate_{other.gate_}, reservation_{std::exchange(other.reservation_, std::nullopt)} {}

Allowance::~Allowance() {
  if (reservation_) gate_->release(*reservation_);
}

void Allowance::settle(const UsageRecord& record) {
  gate_->settle(reservation_.value(), record);
  reservation_.reset();
}

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

Batch::Batch(store::Store& store, PassageEmbedder* embedder, Allowance allowance)
    : store_{store},
      embedder_{embedder},
      allowance_{std::move(allowance)},
      transaction_{store},
      quota_{store},
      writer_{std::make_unique<store::CatalogWriter>(store)} {
  receipt_.started = store.now();
}

void Batch::take_passage(std::int64_t atom_id, std::string_view text) {
  if (!text_) text_.emplace(store_);
  text_->add(atom_id, text);
  if (embedder_ != nullptr) embedder_->add(atom_id, text);
}

template <typename Atomize>
atom::Atomized Batch::guarded(std::uint64_t set_aside, const Atomize& atomize) {
  quota_.require_room();
  store_.db().exec("SAVEPOINT object");
  const store::Packs::Mark before = store_.packs().mark();
  try {
    atom::Atomized added = atomize();
    if (!added.unchanged) {
      require_within(added.bytes, set_aside);
      quota_.add({added.totals.new_atoms, added.kind == "model" ? 1u : 0u, added.bytes});
    }
    store_.db().exec("RELEASE object");
    if (!added.unchanged) note(added);
    return added;
  } catch (...) {
    // A full disk may have ended the whole transaction.
    if (store_.db().in_transaction()) store_.db().exec("ROLLBACK TO object; RELEASE object");
    store_.packs().rewind(before);
    // What the writers remember of this object is gone.
    writer_ = std::make_unique<store::CatalogWriter>(store_);
    text_.reset();
    throw;
  }
}

void Batch::note(const atom::Atomized& added) {
  receipt_.subjects.push_back({added.atom, "content", added.bytes, added.name});
  if (added.structure)
    receipt_.subjects.push_back({*added.structure, "structure", added.bytes, added.name});
  bytes_ += added.bytes;
  mixed_ = mixed_ || (objects_ > 0 && modality_ != added.modality);
  modality_ = added.modality;
  ++objects_;
}

void Batch::write_receipt() {
  const CpuFeatures& cpu = cpu_features();
  receipt_.inference = make_uuid7(receipt_.started);
  receipt_.operation = kOperation;
  receipt_.engine = {kOperation, kEngineVersion,
                     cpu.avx512 ? "avx512"
                     : cpu.avx2 ? "avx2"
                                : "scalar",
                     "cpu"};
  receipt_.parameters = {{"embeds", embedder_ != nullptr}};
  if (embedder_ != nullptr && embedder_->model())
    receipt_.models = {{embedder_->model()->content, embedder_->model()->name}};
  GenerationEnd end;
  end.completed = store_.now();
  end.finish_reason = "added";
  end.usage = {{kOperation, kUnit, units_micros(bytes_)}};
  prov::PendingReceipt receipt =
      prov::ReceiptDraft{receipt_, store_.tenant_name(), store_.actor()}.finish(end);
  prov::ReceiptWriter{store_}.write({&receipt, 1});
}

UsageRecord Batch::usage() const {
  UsageRecord record;
  record.source = "hart-ingest";
  record.event_id = uuid_text(receipt_.inference);
  record.operation = kOperation;
  record.units_micros = units_micros(bytes_);
  record.unit = kUnit;
  record.time = receipt_.started;
  record.attributes = {{"objects", objects_}};
  if (!mixed_ && modality_) record.attributes["modality"] = store::modality_name(*modality_);
  return record;
}

std::string Batch::commit() {
  const bool is_new = !receipt_.subjects.empty();
  if (is_new) {
    write_receipt();
    allowance_.settle(usage());
  }
  allowance_.commit(transaction_);
  store_.renew_lease();
  return is_new ? uuid_text(receipt_.inference) : "";
}

atom::Atomized Batch::add(const MappedFile& file, const atom::AtomizeOptions& options,
                          std::uint64_t set_aside) {
  return guarded(set_aside, [&] {
    return atom::atomize(
        store_, *writer_, file, options,
        [&](std::int64_t atom_id, std::string_view text) { take_passage(atom_id, text); });
  });
}

atom::Atomized Batch::add(ByteView bytes, const atom::AtomizeOptions& options) {
  return guarded(bytes.size(), [&] {
    return atom::atomize(
        store_, *writer_, bytes, options,
        [&](std::int64_t atom_id, std::string_view text) { take_passage(atom_id, text); });
  });
}

atom::Atomized Batch::add_folder(const std::string& root, const atom::AtomizeOptions& options,
                                 std::uint64_t set_aside) {
  return guarded(set_aside,
                 [&] { return atom::atomize_folder(store_, *writer_, root, options); });
}

}  // namespace hart::ingest
