#include <functional>

#include "core/error.h"
#include "crypto/merkle.h"
#include "prov/checkpoint_store.h"
#include "prov/receipt_signature.h"
#include "prov/stream.h"
#include "prov/transparency_log.h"
#include "prov/verify.h"

namespace hart::prov {
namespace {

/// Rebuilds the tree from its leaves and compares every tile above them.
class LogExamination {
 public:
  LogExamination(store::Store& store, std::span<const crypto::NoteVerifier> trusted)
      : store_{store}, log_{store}, trusted_{trusted} {}

  LogVerification run() {
    check_tiles();
    result_.size = builder_.size();
    result_.root = builder_.root();
    check_receipts();
    check_checkpoints();
    check_signatures();
    check_strays();
    return std::move(result_);
  }

 private:
  void problem(const std::string& what) { result_.problems.push_back("log: " + what); }

  /// Damaged data is a finding; whatever else goes wrong is not.
  void guarded(const std::string& about, const std::function<void()>& examine) {
    try {
      examine();
    } catch (const Error& error) {
      if (error.fault() != Fault::data) throw;
      problem(about + ": " + error.what());
    }
  }

  void check_tiles() {
    auto rows = store_.db().prepare(
        "SELECT level, tile_index, hashes FROM "
        "my_transparency_tile ORDER BY level, "
        "tile_index");
    while (rows.step()) {
      const auto level = static_cast<int>(rows.integer(0));
      while (level_ < level) end_level();
      check_tile(static_cast<std::uint64_t>(rows.integer(1)), rows.blob(2));
    }
    while (!expected_.empty() || !completed_.empty()) end_level();
  }

  void check_tile(std::uint64_t index, ByteView hashes) {
    const std::size_t width = hashes.size() / kHashBytes;
    const std::string name = tile_path({level_, index, kTileWidth});
    if (index * kTileWidth != seen_) {
      problem(name + " does not follow the hashes before it: of level " +
              std::to_string(level_) + " there are " + std::to_string(seen_));
      seen_ = index * kTileWidth;
    }
    if (width > kTileWidth || hashes.size() % kHashBytes != 0) {
      problem(name + " is no tile: " + std::to_string(hashes.size()) + " bytes");
      return;
    }
    if (level_ == 0)
      for (std::size_t i = 0; i < width; ++i) builder_.add_leaf_hash(tile_hash(hashes, i));
    else
      compare(name, hashes, width);
    if (width == kTileWidth) completed_.push_back(tile_root(hashes, 0, kTileWidth));
    seen_ += width;
  }

  /// Against the roots of the full tiles below.
  void compare(const std::string& name, ByteView hashes, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i)
      if (seen_ + i >= expected_.size() || tile_hash(hashes, i) != expected_[seen_ + i])
        problem(name + ": hash " + std::to_string(i) + " is not the root of what is below it");
  }

  void end_level() {
    if (level_ > 0 && seen_ < expected_.size())
      problem("level " + std::to_string(level_) + " has " + std::to_string(seen_) +
              " hashes, not " + std::to_string(expected_.size()));
    expected_ = std::move(completed_);
    completed_.clear();
    seen_ = 0;
    ++level_;
  }

  void check_receipts() {
    auto row = store_.db().prepare("SELECT count(*) FROM my_generation_stream");
    const auto receipts = row.step() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
    row.reset();
    if (receipts != result_.size)
      problem("there are " + std::to_string(receipts) + " receipts and " +
              std::to_string(result_.size) + " leaves");
    if (result_.size == 0) return;
    if (const auto newest = stream_at(store_, result_.size - 1))
      result_.head = newest->receipt_hash;
  }

  void check_checkpoints() {
    std::vector<bool> vouched(trusted_.size(), false);
    for_each_checkpoint(store_, [&](const KeptCheckpoint& kept) {
      ++result_.checkpoints;
      const std::string about =
          "checkpoint of " + kept.origin + " at " + std::to_string(kept.size);
      guarded(about, [&] {
        const crypto::SignedNote note = crypto::parse_note(kept.note);
        check_checkpoint(about, kept, note);
        for (std::size_t i = 0; i < trusted_.size(); ++i)
          if (crypto::is_signed_by(note, trusted_[i])) vouched[i] = true;
      });
    });
    for (std::size_t i = 0; i < trusted_.size(); ++i)
      if (!vouched[i]) problem("no checkpoint is signed by " + trusted_[i].text());
  }

  void check_checkpoint(const std::string& about, const KeptCheckpoint& kept,
                        const crypto::SignedNote& note) {
    const auto verifier = crypto::NoteVerifier::parse(kept.verifier);
    if (note.signatures.size() != 1 || !crypto::is_signed_by(note, verifier))
      problem(about + " is not signed by the key beside it");
    const Checkpoint checkpoint = parse_checkpoint(note.text);
    if (checkpoint.origin != kept.origin || checkpoint.size != kept.size)
      problem(about + " says something else than its note");
    if (checkpoint.size > result_.size)
      problem(about + ": the log has lost leaves");
    else if (log_.root(checkpoint.size) != checkpoint.root)
      problem(about + ": the log does not lead to it");
  }

  void check_signatures() {
    auto rows = store_.db().prepare(
        "SELECT s.leaf_index, s.verifier, s.signature, g.receipt_hash"
        " FROM my_receipt_signature AS s"
        " LEFT JOIN my_generation_stream AS g ON g.leaf_index = s.leaf_index"
        " ORDER BY s.leaf_index");
    while (rows.step()) {
      ++result_.signatures;
      const std::string about = "signature of receipt " + std::to_string(rows.integer(0));
      guarded(about, [&] {
        const auto verifier = crypto::NoteVerifier::parse(rows.text(1));
        if (rows.is_null(3) ||
            !crypto::verify_ed25519(verifier.key, as_bytes(receipt_note_text(rows.hash(3))),
                                    rows.blob(2)))
          problem(about + " is not of the receipt by the key beside it");
      });
    }
  }

  /// Rows that no receipt or no tenant has would be missing without a trace
  /// where they belong.
  void check_strays() {
    const auto count = [this](const std::string& sql) {
      auto row = store_.db().prepare(sql, store::Scope::owner);
      row.with(store_.tenant_id());
      return row.step() ? row.integer(0) : 0;
    };
    for (const std::string table : {"generation_stream_opening", "atom_provenance"})
      if (const auto strays =
              count("SELECT count(*) FROM " + table +
                    " AS t LEFT JOIN generation_stream AS g"
                    " ON g.generation_stream_id = t.generation_stream_id"
                    " WHERE t.tenant_id = ? AND g.generation_stream_id IS NULL"))
        problem(std::to_string(strays) + " rows of " + table + " belong to no receipt");
    for (const std::string table :
         {"generation_stream", "transparency_tile", "transparency_checkpoint",
          "receipt_signature", "generation_stream_opening", "atom_provenance"})
      if (const auto strays = count("SELECT count(*) FROM " + table +
                                    " WHERE tenant_id <> ? AND tenant_id NOT "
                                    "IN (SELECT tenant_id FROM tenant)"))
        problem(std::to_string(strays) + " rows of " + table + " belong to no tenant");
  }

  store::Store& store_;
  TransparencyLog log_;
  std::span<const crypto::NoteVerifier> trusted_;
  crypto::MerkleBuilder builder_;
  int level_ = 0;
  std::uint64_t seen_ = 0;          ///< hashes of this level
  std::vector<Hash256> expected_;   ///< the roots of the full tiles of the level below
  std::vector<Hash256> completed_;  ///< those of this level
  LogVerification result_;
};

}  // namespace

LogVerification verify_log(store::Store& store, std::span<const crypto::NoteVerifier> trusted) {
  return LogExamination{store, trusted}.run();
}

}  // namespace hart::prov
