#pragma once

#include <cstdint>

#include "core/checked.h"
#include "store/packs.h"

namespace hart::store {

/// Bytes [offset, offset + bytes) of a pack.
struct PackRange {
  std::int64_t pack_id = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;

  [[nodiscard]] std::uint64_t end() const noexcept { return offset + bytes; }
};

/// What an extent takes of its pack: header, stored bytes and padding; in a linked file the
/// stored bytes alone. Throws Error(data) when it begins before the pack's first place.
[[nodiscard]] inline PackRange extent_range(std::int64_t pack_id, std::uint64_t pack_offset,
                                            std::uint64_t stored_bytes) {
  if (pack_id >= kFirstLinkedPack) return {pack_id, pack_offset, stored_bytes};
  if (pack_offset < kPackHeaderBytes + kExtentHeaderBytes)
    throw Error{Fault::data, "the store is damaged: an extent at offset " +
                                 std::to_string(pack_offset) + " of a pack"};
  const std::uint64_t first = pack_offset - kExtentHeaderBytes;
  const std::uint64_t end = checked_align(checked_add(pack_offset, stored_bytes, "extent"),
                                          kExtentAlignment, "extent");
  return {pack_id, first, end - first};
}

}  // namespace hart::store
