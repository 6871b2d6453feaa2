#include "prov/receipt_signature.h"

namespace hart::prov {

std::string receipt_note_text(const Hash256& receipt_hash) {
  return "hart-receipt\nsha256:" + to_hex(receipt_hash) + "\n";
}

void sign_receipt(store::Store& store, std::uint64_t leaf_index, const Hash256& receipt_hash,
                  const crypto::NoteSigner& signer) {
  store.db()
      .prepare(
          "INSERT INTO receipt_signature (tenant_id, leaf_index, verifier, signature)"
          " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
          store::Scope::owner)
      .run(store.tenant_id(), leaf_index, signer.verifier().text(),
           ByteView{signer.sign(receipt_note_text(receipt_hash))});
}

std::vector<ReceiptSignature> receipt_signatures(store::Store& store,
                                                 std::uint64_t leaf_index) {
  auto rows = store.db().prepare(
      "SELECT verifier, signature FROM my_receipt_signature WHERE leaf_index = ?"
      " ORDER BY verifier");
  rows.with(leaf_index);
  std::vector<ReceiptSignature> signatures;
  while (rows.step()) {
    const ByteView bytes = rows.blob(1);
    signatures.push_back(
        {leaf_index, std::string{rows.text(0)}, ByteBuffer{bytes.begin(), bytes.end()}});
  }
  return signatures;
}

crypto::SignedNote receipt_note(store::Store& store, std::uint64_t leaf_index,
                                const Hash256& receipt_hash) {
  crypto::SignedNote note{receipt_note_text(receipt_hash), {}};
  for (ReceiptSignature& kept : receipt_signatures(store, leaf_index)) {
    const auto verifier = crypto::NoteVerifier::parse(kept.verifier);
    note.signatures.push_back({verifier.name, verifier.id(), std::move(kept.signature)});
  }
  return note;
}

}  // namespace hart::prov
