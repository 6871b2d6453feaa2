#include "atom/convert_model_tensor.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "atom/identity.h"
#include "atom/located_payload.h"
#include "atom/payload_reader.h"
#include "core/endian.h"
#include "core/error.h"
#include "formats/gguf_endian.h"
#include "formats/tensor_names.h"
#include "store/packs.h"
#include "tensor/convert.h"

namespace hart::atom {
namespace {

/// Elements converted at a time: whole blocks of every type.
constexpr std::uint64_t kRunElements = std::uint64_t{1} << 19;
constexpr std::size_t kRunsPerThread = 2;

/// Elements of what changes its place as one: a row of a matrix, an element of a vector.
std::uint64_t row_elements(const ConvertedTensor& tensor) noexcept {
  return tensor.shape.size() < 2 ? 1 : tensor.shape[0];
}

std::uint64_t head_elements(const ConvertedTensor& tensor) noexcept {
  return tensor.source->elements() / tensor.rope_heads;
}

void check_range(const ConvertedTensor& tensor, std::span<const float> values) {
  // Half of the last place beyond 65504, from where on rounding gives infinity.
  constexpr float kBeyondF16 = 65520;
  if (tensor.dtype != tensor::DType::f16) return;
  for (const float value : values)
    if (std::isfinite(value) && std::abs(value) >= kBeyondF16)
      throw Error{Fault::data, "tensor '" + tensor.name + "': " + std::to_string(value) +
                                   " is beyond the range of f16; bf16 and f32 hold it"};
}

ByteBuffer convert_values(const ConvertedTensor& tensor, ByteView bytes) {
  const tensor::DTypeInfo& from = tensor::dtype_info(tensor.source->dtype);
  std::vector<float> values(bytes.size() / from.block_bytes * from.block_elements);
  tensor::dequantize_row(from.dtype, bytes, values);
  if (tensor.adds_one)
    for (float& value : values) value += 1;
  check_range(tensor, values);
  ByteBuffer converted(run_bytes(tensor.dtype, values.size()));
  tensor::quantize_row(tensor.dtype, values, converted);
  return converted;
}

struct ConvertedRun {
  ByteBuffer source;
  ByteBuffer converted;
};

ConvertedRun convert_run(const LocatedPayload& payload, PayloadWorker& worker,
                         const ConvertedTensor& tensor, const TensorRun& run) {
  const tensor::DType from = tensor.source->dtype;
  const ByteView bytes = payload.read(worker.decoder, run_bytes(from, run.first),
                                      run_bytes(from, run.elements), worker.bytes);
  ConvertedRun result;
  result.source.assign(bytes.begin(), bytes.end());
  if (bytes.data() != worker.bytes.data()) store::Packs::release(bytes);
  result.converted = convert_elements(tensor, result.source);
  return result;
}

Hash256 write_changed(store::Store& store, const ConvertedTensor& tensor, unsigned threads,
                      const formats::ByteSink& sink,
                      const std::function<void(std::uint64_t)>& progress) {
  const LocatedPayload payload{store, tensor.source->atom_id};
  const std::vector<TensorRun> runs = cut_runs(tensor.source->elements(), run_elements(tensor));
  const std::size_t batch = std::max(1u, threads) * kRunsPerThread;
  BlockHasher read, written;
  for (std::size_t first = 0; first < runs.size(); first += batch) {
    std::vector<ConvertedRun> converted(std::min(batch, runs.size() - first));
    for_each_run(converted.size(), threads, [&](PayloadWorker& worker, std::size_t i) {
      converted[i] = convert_run(payload, worker, tensor, runs[first + i]);
    });
    for (const ConvertedRun& run : converted) {
      read.update(run.source);
      written.update(run.converted);
      sink(run.converted);
      progress(run.source.size());
    }
  }
  check_tensor_bytes(store, *tensor.source, read);
  return written.finish().root();
}

}  // namespace

void BlockHasher::update(ByteView piece) {
  if (!block_.empty()) {
    const std::size_t missing = std::min(crypto::kBlockBytes - block_.size(), piece.size());
    append(block_, piece.first(missing));
    piece = piece.subspan(missing);
    if (block_.size() < crypto::kBlockBytes) return;
    tree_.add_leaf_hash(crypto::leaf_hash(block_));
    block_.clear();
  }
  for (; piece.size() >= crypto::kBlockBytes; piece = piece.subspan(crypto::kBlockBytes))
    tree_.add_leaf_hash(crypto::leaf_hash(piece.first(crypto::kBlockBytes)));
  append(block_, piece);
}

const crypto::MerkleBuilder& BlockHasher::finish() {
  if (!block_.empty()) tree_.add_leaf_hash(crypto::leaf_hash(block_));
  block_.clear();
  return tree_;
}

void check_tensor_bytes(store::Store& store, const CatalogTensor& tensor, BlockHasher& hasher) {
  const auto atom = store::atom_by_id(store, tensor.atom_id);
  if (!atom) throw Error{Fault::no_input, "tensor '" + tensor.name + "': no longer held"};
  const Id found =
      structure_id(describe_tensor(tensor.dtype, tensor.shape, tensor.bytes, hasher.finish()));
  if (!(found == atom->id))
    throw Error{Fault::data, "tensor '" + tensor.name + "', " + atom->id.text() +
                                 ": the stored bytes do not have this digest"};
}

void read_tensor(store::Store& store, const CatalogTensor& tensor, unsigned threads,
                 const formats::ByteSink& sink) {
  BlockHasher hasher;
  read_payload(store, tensor.atom_id, {false, threads}, [&](ByteView window) {
    hasher.update(window);
    sink(window);
  });
  check_tensor_bytes(store, tensor, hasher);
}

Hash256 write_tensor(store::Store& store, const ConvertedTensor& tensor, unsigned threads,
                     const formats::ByteSink& sink,
                     const std::function<void(std::uint64_t bytes)>& progress) {
  if (tensor.source != nullptr && !tensor.is_unchanged())
    return write_changed(store, tensor, threads, sink, progress);
  BlockHasher hasher;
  if (tensor.source == nullptr) {
    hasher.update(tensor.constant);
    sink(tensor.constant);
    return hasher.finish().root();
  }
  read_payload(store, tensor.source->atom_id, {false, threads}, [&](ByteView window) {
    hasher.update(window);
    sink(window);
    progress(window.size());
  });
  check_tensor_bytes(store, *tensor.source, hasher);
  return hasher.finish().root();
}

std::uint64_t run_elements(const ConvertedTensor& tensor) noexcept {
  if (tensor.source == nullptr || tensor.rope_heads == 0) return kRunElements;
  const std::uint64_t head = std::max<std::uint64_t>(1, head_elements(tensor));
  return std::max<std::uint64_t>(1, kRunElements / head) * head;
}

ByteBuffer convert_elements(const ConvertedTensor& tensor, ByteBuffer bytes) {
  const tensor::DType from = tensor.source->dtype;
  if (tensor.swaps_bytes) formats::swap_byte_order(from, bytes);
  if (tensor.rope_heads != 0)
    bytes = formats::interleave_rope_rows(
        bytes, run_bytes(from, row_elements(tensor)),
        bytes.size() / std::max<std::uint64_t>(1, run_bytes(from, head_elements(tensor))));
  if (tensor.dtype == from && !tensor.adds_one) return bytes;
  return convert_values(tensor, bytes);
}

}  // namespace hart::atom
