#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/catalog.h"
#include "store/packs.h"
#include "store/store.h"
#include "store/tenant.h"

namespace hart::store {

[[nodiscard]] std::string_view codec_name(Codec codec) noexcept;

/// Distinct extents: their number, what they hold and what they take.
struct ExtentTotals {
  std::uint64_t extents = 0;
  std::uint64_t decoded_bytes = 0;
  std::uint64_t stored_bytes = 0;
};

/// The acting tenant's objects of one modality, and the extents of their files.
struct ModalityStorage {
  Modality modality = Modality::text;
  std::uint64_t object_bytes = 0;  ///< of the files, each object's counted
  ExtentTotals extents;
};
[[nodiscard]] std::vector<ModalityStorage> storage_by_modality(Store& store);

/// All that the acting tenant reaches, by how it is stored.
struct CodecStorage {
  Codec codec = Codec::raw;
  ExtentTotals extents;
};
[[nodiscard]] std::vector<CodecStorage> storage_by_codec(Store& store);

/// All that the acting tenant reaches.
struct TenantStorage {
  std::int64_t objects = 0;
  std::uint64_t object_bytes = 0;
  ExtentTotals extents;
  std::uint64_t chunks = 0;  ///< of the extents: content cut by its content, no tensors
  Dedup dedup = Dedup::shared;
};
[[nodiscard]] TenantStorage tenant_storage(Store& store);

/// The store as a whole: for its owner.
struct StoreStorage {
  std::int64_t tenants = 0;
  std::int64_t objects = 0;
  std::uint64_t object_bytes = 0;  ///< of all tenants' objects
  std::int64_t atoms = 0;
  ExtentTotals extents;
  std::uint64_t bytes_free = 0;     ///< holes that were given back to the file system
  std::uint64_t bytes_waiting = 0;  ///< holes that `gc` has still to give back
};
[[nodiscard]] StoreStorage store_storage(Store& store);

}  // namespace hart::store
