#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "store/store.h"

namespace hart::store {

/// Something that is not as it must be.
struct Finding {
  std::string what;  ///< "its checksum differs", "counts 3 holders, but 2 objects contain it"
  std::string
      where;  ///< "extent 7 in pack 1 at offset 192", "catalog", "tenant default, atom …"
  bool repaired = false;
};

using FindingVisitor = std::function<void(const Finding&)>;

struct FsckOptions {
  bool repair = false;   ///< the store must be open for writing
  bool quick = false;    ///< no decoding and no digests, of indexes the structure alone
  unsigned threads = 1;  ///< that read extents
  /// Called with the stored bytes that were checked since the last call; may throw to stop.
  std::function<void(std::uint64_t bytes)> progress;
};

struct FsckTotals {
  std::uint64_t atoms = 0;
  std::uint64_t extents = 0;
  std::uint64_t bytes = 0;  ///< stored bytes of the extents
  std::uint64_t findings = 0;
  std::uint64_t repaired = 0;  ///< of the findings
  std::uint64_t leftovers =
      0;  ///< files of interrupted writers: no damage; `repair` removes them

  [[nodiscard]] bool clean() const noexcept { return findings == repaired; }
};

/// Checks all that the catalog says of itself and of the packs, in one read snapshot, so that
/// others may go on reading and writing: SQLite's own structure and references; packs and
/// extents (places, headers, checksums, decoding, digests, bases); holes; atoms (values and
/// payload sizes); holders; history; geometry; full text. What takes the identity of structures
/// to check is `atom::verify_structures`.
///
/// `repair` puts right what can be put right without losing anything: counts of holders, the
/// history's interval index, holes, damaged extents that nothing needs, leftovers.
/// Throws Error(data) when the catalog cannot be read at all, and what `visit` throws.
FsckTotals fsck(Store& store, const FsckOptions& options, const FindingVisitor& visit);

}  // namespace hart::store
