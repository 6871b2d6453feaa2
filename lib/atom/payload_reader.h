#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/bytes.h"
#include "store/interleaved_extent.h"
#include "store/packs.h"
#include "store/store.h"

namespace hart::atom {

struct PayloadOptions {
  /// Compare every extent's digest with its decoded bytes, for atoms whose own id is no digest
  /// of their bytes.
  bool verify = false;
  unsigned threads = 1;  ///< that decode; the sink runs on the caller's
};

/// Gives the payload of an atom that the acting tenant holds to `sink`, in order, in windows of
/// at most 2 MiB. Extents are decoded a few ahead of the sink. Throws Error(data) when a pack
/// is damaged, whatever the sink throws, and returns the number of bytes that it gave.
///
/// Memory: about 8 MiB a thread; mapped pages are let go as they have been given.
std::uint64_t read_payload(store::Store& store, std::int64_t atom_id,
                           const PayloadOptions& options,
                           const std::function<void(ByteView)>& sink);

/// The payload of a tensor in one piece: mapped when it lies in place in one extent, else
/// decoded into memory. `bytes` is its size, 0 gives an empty view. Throws Error(data).
[[nodiscard]] store::ExtentBytes load_payload(store::Store& store, std::int64_t atom_id,
                                              std::uint64_t bytes, unsigned threads);

/// The payload of a matrix as its rows lie interleaved in the pack, mapped, or opened into
/// memory where it is sealed; nothing where they
/// lie otherwise, or as another matrix's. Throws Error(data).
[[nodiscard]] std::optional<store::ExtentBytes> interleaved_payload(
    store::Store& store, std::int64_t atom_id, const store::InterleavedForm& form,
    std::uint64_t bytes, unsigned threads);

/// Bytes [offset, offset + out.size()) of an atom's payload, decoding no more than needed: at
/// most one block of 256 KiB at each end beyond what is asked. Throws Error(data) when the
/// payload is shorter.
void read_payload_range(store::Store& store, std::int64_t atom_id, std::uint64_t offset,
                        std::span<std::uint8_t> out);

}  // namespace hart::atom
