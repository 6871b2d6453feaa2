#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "core/bytes.h"
#include "prov/receipt.h"
#include "store/store.h"

namespace hart::prov {

/// The openings of a receipt that still exist, by the position of their segment. The store
/// keeps them in one row a receipt, apart from the receipt, so that they can be erased.
using Openings = std::map<std::uint32_t, Opening>;

/// The bytes of that row: for each opening, positions ascending, the position and the length of
/// its content as u32, the salt, the content. Source: hart-store(5).
[[nodiscard]] ByteBuffer encode_openings(std::span<const Opening> openings);
/// Throws Error(data) on bytes that `encode_openings` does not write.
[[nodiscard]] Openings decode_openings(ByteView bytes);

/// Throws Error(data) when the row is damaged.
[[nodiscard]] Openings load_openings(store::Store& store, std::int64_t generation_stream_id);

/// The same for many receipts: the statement is prepared once.
class OpeningsLookup {
 public:
  explicit OpeningsLookup(store::Store& store);
  [[nodiscard]] Openings find(std::int64_t generation_stream_id);

 private:
  store::Statement row_;
};

/// Erases the openings of these segments; the receipt verifies as before. Returns how many
/// there were. What atom_provenance repeats of evidence and subjects stays: that is the
/// caller's to forget. Call inside a WriteTransaction. Throws as `load_openings` does.
std::uint64_t erase_openings(store::Store& store, std::int64_t generation_stream_id,
                             std::span<const std::uint32_t> positions);

/// The content behind a commitment; nothing when its opening was erased or the receipt has no
/// such segment. Throws Error(data) when the opening does not match: it is not what the receipt
/// was written about.
[[nodiscard]] std::optional<ByteBuffer> open_commitment(const Committed& committed,
                                                        const Openings& openings);

}  // namespace hart::prov
