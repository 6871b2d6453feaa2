#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/bytes.h"
#include "store/extent_reader.h"
#include "store/store.h"
#include "tensor/dtype.h"

namespace hart::atom {

/// The payload of an atom whose extents have been found: any number of threads may read from
/// it, in any order. It takes about 300 bytes an extent, of which a coded tensor has one every
/// 2 MiB. Valid as long as the store's Packs.
class LocatedPayload {
 public:
  /// Asks the catalog, on the store's thread. Throws Error(data) when the store is damaged.
  LocatedPayload(store::Store& store, std::int64_t atom_id);

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Bytes [offset, offset + size): a view into the mapping where they lie in place in one
  /// extent, else decoded into `buffer`, the pages of what was coded let go. Each thread brings
  /// its own `decoder` and `buffer`. Throws Error(data) when the payload is shorter or damaged.
  [[nodiscard]] ByteView read(store::ExtentDecoder& decoder, std::uint64_t offset,
                              std::uint64_t size, ByteBuffer& buffer) const;

 private:
  struct Part {
    std::optional<store::LocatedExtent> located;  ///< none: zeros
    std::uint64_t start = 0;                      ///< in the payload
    std::uint64_t offset = 0;                     ///< in the extent's decoded bytes
    std::uint64_t bytes = 0;
  };

  std::vector<Part> parts_;
  std::uint64_t size_ = 0;
};

/// What whole blocks of `elements` elements take.
[[nodiscard]] std::uint64_t run_bytes(tensor::DType dtype, std::uint64_t elements);

/// A run of a tensor's elements.
struct TensorRun {
  std::uint64_t first = 0;  ///< index of the first element
  std::uint64_t elements = 0;
};

/// Cuts [0, elements) into runs of `run_elements`, the last one shorter.
[[nodiscard]] std::vector<TensorRun> cut_runs(std::uint64_t elements,
                                              std::uint64_t run_elements);

/// What a thread needs to read payloads: one a worker.
struct PayloadWorker {
  store::ExtentDecoder decoder;
  ByteBuffer bytes;
  ByteBuffer other_bytes;
};

/// Calls body(worker, i) for every i in [0, count), each once, on at most `threads` threads,
/// each with a worker of its own. Results must not depend on which worker it was.
void for_each_run(std::size_t count, unsigned threads,
                  const std::function<void(PayloadWorker& worker, std::size_t i)>& body);

}  // namespace hart::atom
