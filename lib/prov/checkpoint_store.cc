#include "prov/checkpoint_store.h"

#include <array>

#include "core/error.h"
#include "prov/transparency_log.h"

namespace hart::prov {
namespace {

KeptCheckpoint read_checkpoint(const store::Statement& row) {
  return {std::string{row.text(0)}, static_cast<std::uint64_t>(row.integer(1)),
          std::string{row.text(2)}, std::string{row.text(3)}};
}

/// The last that was kept, of this origin or of any.
std::optional<KeptCheckpoint> last_kept(store::Store& store,
                                        const std::optional<std::string>& origin) {
  auto row = store.db().prepare(
      "SELECT origin, size, verifier, note FROM my_transparency_checkpoint"
      " WHERE ?1 IS NULL OR origin = ?1 ORDER BY size DESC, origin LIMIT 1");
  row.bind(1, origin);
  if (!row.step()) return std::nullopt;
  return read_checkpoint(row);
}

/// A log that was rewritten must not be vouched for.
void check_history(store::Store& store, TransparencyLog& log, const std::string& origin) {
  const auto kept = last_kept(store, origin);
  if (!kept) return;
  const Checkpoint before = parse_checkpoint(crypto::parse_note(kept->note).text);
  if (before.size > log.size() || log.root(before.size) != before.root)
    throw Error{Fault::data, "transparency log: no longer leads to the checkpoint of " +
                                 std::to_string(before.size) + " leaves that was signed as " +
                                 origin + "; nothing was signed"};
}

}  // namespace

std::string default_origin(const store::Store& store, const crypto::NoteVerifier& verifier) {
  if (store.tenant_name() == "default") return verifier.name;
  return verifier.name + "/" + store.tenant_name();
}

crypto::SignedNote sign_checkpoint(store::Store& store, const crypto::NoteSigner& signer,
                                   const std::string& origin,
                                   std::optional<std::uint64_t> size) {
  store::WriteTransaction transaction{store};
  TransparencyLog log{store};
  check_history(store, log, origin);
  Checkpoint checkpoint{origin, size.value_or(log.size()), {}, {}};
  checkpoint.root = log.root(checkpoint.size);
  const std::array<const crypto::NoteSigner*, 1> signers{&signer};
  crypto::SignedNote note = crypto::sign_note(checkpoint_text(checkpoint), signers);
  store.db()
      .prepare(
          "INSERT INTO transparency_checkpoint (tenant_id, origin, size, verifier, note)"
          " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
          store::Scope::owner)
      .run(store.tenant_id(), origin, checkpoint.size, signer.verifier().text(),
           crypto::format_note(note));
  transaction.commit();
  return note;
}

void for_each_checkpoint(store::Store& store,
                         const std::function<void(const KeptCheckpoint&)>& visit) {
  auto rows = store.db().prepare(
      "SELECT origin, size, verifier, note FROM my_transparency_checkpoint"
      " ORDER BY origin, size, verifier");
  while (rows.step()) visit(read_checkpoint(rows));
}

std::optional<crypto::SignedNote> newest_checkpoint(store::Store& store,
                                                    const std::optional<std::string>& origin) {
  const auto newest = last_kept(store, origin);
  if (!newest) return std::nullopt;
  auto rows = store.db().prepare(
      "SELECT note FROM my_transparency_checkpoint WHERE origin = ? AND size = ?"
      " ORDER BY verifier");
  rows.with(newest->origin, newest->size);
  std::optional<crypto::SignedNote> merged;
  while (rows.step()) {
    crypto::SignedNote note = crypto::parse_note(rows.text(0));
    if (!merged) {
      merged = std::move(note);
    } else if (note.text != merged->text) {
      throw Error{Fault::data, "transparency log: two checkpoints of " + newest->origin +
                                   " at " + std::to_string(newest->size) + " leaves differ"};
    } else {
      for (crypto::NoteSignature& signature : note.signatures)
        merged->signatures.push_back(std::move(signature));
    }
  }
  return merged;
}

}  // namespace hart::prov
