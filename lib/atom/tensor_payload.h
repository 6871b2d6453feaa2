#pragma once

#include <cstdint>
#include <future>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "atom/atomizer.h"
#include "atom/base_tensor.h"
#include "atom/model_digest.h"
#include "atom/model_view.h"
#include "store/extent_reader.h"
#include "store/interleaved_extent.h"
#include "tensor/weight_codec.h"

namespace hart::atom {

/// How a tensor's rows are interleaved: nothing unless it is a matrix that gains by it.
[[nodiscard]] std::optional<store::InterleavedForm> interleaved_form(
    tensor::DType dtype, std::span<const std::uint64_t> shape);

/// Stores the bytes of new tensors as extents. Float tensors are cut into segments and coded,
/// each alone or against a base, whichever a sample of it says is smaller; a segment of zeros
/// takes no extent. Other plain types are compressed where a sample of the tensor says it pays.
/// Quantised tensors stay whole, so that they run from the mapping: matrices of the types that
/// gain by it with their rows interleaved, the others raw. What the extents hold depends on the
/// input and the store alone, not on the number of threads.
///
/// Memory: a few segments of 2 MiB a thread and 8 MiB, whatever the tensor's size.
class TensorPayloadWriter {
 public:
  using Parts = std::vector<store::CatalogWriter::Part>;

  /// `sources` are the files that the tensors index into.
  TensorPayloadWriter(store::Store& store, store::CatalogWriter& writer,
                      std::span<const Source> sources, const AtomizeOptions& options);

  /// Takes a tensor with bytes into work. `tensor`, `digest` and `parts` must stay where they
  /// are until `finish`, which completes `parts`. `base` is a tensor of the same dtype and
  /// shape, or none.
  void store(const ModelTensor& tensor, const TensorDigest& digest,
             const std::optional<BaseTensor>& base, Parts& parts);
  void finish();

 private:
  /// A segment on its way: found in the store, or to be coded.
  struct Task {
    const ModelTensor* tensor = nullptr;
    std::uint64_t offset = 0;  ///< in the tensor
    ByteView bytes;
    Hash256 hash{};
    std::optional<store::LocatedExtent> base;
    std::uint64_t base_offset = 0;
    store::CatalogWriter::Part* part = nullptr;
    bool zstd = false;

    store::Codec codec = store::Codec::raw;
    ByteBuffer coded;  ///< empty when raw
  };
  struct Worker {
    tensor::WeightEncoder encoder;
    store::ExtentDecoder decoder;
    ByteBuffer base;
  };

  void store_whole(const ModelTensor& tensor, const TensorDigest& digest, Parts& parts);
  /// Appends an extent of all of a tensor, interleaved where that pays.
  [[nodiscard]] store::ExtentRecord put_whole(const ModelTensor& tensor,
                                              store::ExtentRecord what);
  /// The linked pack of a file, made when the first tensor of it is new.
  [[nodiscard]] std::optional<std::int64_t> linked_pack(std::size_t file);
  [[nodiscard]] bool compresses(const ModelTensor& tensor) const;
  void code(Worker& worker, Task& task) const;
  void code_weights(Worker& worker, Task& task) const;
  void code_all(std::vector<Task>& tasks);
  /// Hands the waiting tasks to the workers, and appends what those have done before.
  void flush();
  void append(Task& task);

  store::CatalogWriter& writer_;
  std::span<const Source> sources_;
  store::ExtentReader extents_;
  Compression compression_;
  bool link_;
  std::map<std::size_t, std::optional<std::int64_t>> linked_packs_;
  std::vector<Worker> workers_;
  std::vector<Task> tasks_;   ///< waiting
  std::vector<Task> coding_;  ///< in the workers' hands
  std::future<void> coded_;
};

}  // namespace hart::atom
