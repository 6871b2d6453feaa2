#pragma once

#include <memory>
#include <optional>
#include <string>

#include "atom/atomize.h"
#include "bill/meter_gate.h"
#include "common/cli.h"
#include "core/events.h"
#include "index/projection_store.h"
#include "nn/word_vectors.h"
#include "store/embedding.h"
#include "store/tenant_quota.h"
#include "store/text_index.h"

namespace hart::ingest {

/// Turns new passages into vectors, where the shipped embedder is at hand.
class PassageEmbedder {
 public:
  /// Nothing when no embedder is installed.
  static std::unique_ptr<PassageEmbedder> open(store::Store& store);

  /// Inside the transaction that adds the passage.
  void add(std::int64_t atom_id, std::string_view text);
  /// The model whose vectors were kept; nothing while there are none.
  [[nodiscard]] const std::optional<store::EmbeddingModel>& model() const noexcept {
    return model_;
  }

 private:
  PassageEmbedder(store::Store& store, const std::string& path);

  store::Store& store_;
  std::string path_;
  nn::WordVectors vectors_;
  std::optional<store::EmbeddingModel> model_;
  std::optional<index::StoredProjection> projection_;
};

/// Bytes set aside for what is about to be taken in: given back with the object, unless they
/// were charged.
class Allowance {
 public:
  /// Throws Error(denied) when a quota says no: a violation, unless `tentative`. No
  /// WriteTransaction may be open. The gate must outlive it.
  Allowance(bill::MeterGate& gate, std::uint64_t bytes, bool tentative);
  Allowance(Allowance&& other) noexcept;
  ~Allowance();
  Allowance& operator=(Allowance&&) = delete;

  /// Charges `record` instead, with the gate's next commit.
  void settle(const UsageRecord& record);
  /// Commits a transaction, and what was settled in it.
  void commit(store::WriteTransaction& transaction) { gate_->commit(transaction); }

 private:
  bill::MeterGate* gate_;
  std::optional<UsageGate::Reservation> reservation_;
};

/// A batch of objects in one write transaction. An object that fails leaves no trace, and the
/// rest of the batch stands. What is new is charged by its bytes, once a batch.
class Batch {
 public:
  Batch(store::Store& store, PassageEmbedder* embedder, Allowance allowance);

  /// `set_aside`: the object's part of the allowance. Throws Error(data) when it has more bytes
  /// than that by now.
  atom::Atomized add(const MappedFile& file, const atom::AtomizeOptions& options,
                     std::uint64_t set_aside);
  atom::Atomized add(ByteView bytes, const atom::AtomizeOptions& options);
  /// A folder that is one model.
  atom::Atomized add_folder(const std::string& root, const atom::AtomizeOptions& options,
                            std::uint64_t set_aside);
  /// Makes everything that was added durable, with its entry in the ledger and a receipt, whose
  /// UUID is returned and names the entry as well; empty when all of it was there before. A
  /// command that goes on for long lets collections
  /// free what it has done with.
  std::string commit();

 private:
  /// Runs `atomize` so that a failure leaves no trace of the object; what is beyond the
  /// tenant's quota is one.
  template <typename Atomize>
  atom::Atomized guarded(std::uint64_t set_aside, const Atomize& atomize);
  /// What the receipt will say of an object that is new.
  void note(const atom::Atomized& added);
  void write_receipt();
  [[nodiscard]] UsageRecord usage() const;
  /// Indexes and embeds a new passage.
  void take_passage(std::int64_t atom_id, std::string_view text);

  store::Store& store_;
  PassageEmbedder* embedder_;
  Allowance allowance_;
  store::WriteTransaction transaction_;
  store::TenantQuota quota_;
  std::unique_ptr<store::CatalogWriter> writer_;
  std::optional<store::TextIndexWriter> text_;
  GenerationBegin receipt_;  ///< grows with each object
  std::uint64_t bytes_ = 0;  ///< of new objects
  std::uint64_t objects_ = 0;
  std::optional<store::Modality> modality_;  ///< of all of them, where they have one
  bool mixed_ = false;
};

}  // namespace hart::ingest
