#include "atom/tensor_payload.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "crypto/crc32c.h"

namespace hart::atom {
namespace {

/// Segments that wait for a worker, a thread: enough to keep all of them busy.
constexpr std::size_t kTasksPerWorker = 8;
/// What is looked at to see whether zstd pays for a tensor of plain integers.
constexpr std::size_t kTrialBytes = std::size_t{256} << 10;
static_assert(kSegmentBytes == tensor::kWeightSegmentBytes);

bool all_zeros(ByteView bytes) {
  return bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

/// Runs `body`; false when a damaged extent keeps it from its end. What would be coded against
/// such a base is coded alone.
template <typename Body> bool is_sound(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    if (error.fault() != Fault::data) throw;
    return false;
  }
  return true;
}

std::uint64_t row_elements(const ModelTensor& tensor) {
  return tensor.shape.size() < 2 ? 0 : tensor.shape.front();
}

}  // namespace

std::optional<store::InterleavedForm> interleaved_form(tensor::DType dtype,
                                                       std::span<const std::uint64_t> shape) {
  if (shape.size() < 2 || !tensor::has_interleaved(dtype)) return std::nullopt;
  const store::InterleavedForm form{dtype, tensor::tensor_bytes(dtype, shape.first(1))};
  if (!store::is_interleavable(form, tensor::tensor_bytes(dtype, shape))) return std::nullopt;
  return form;
}

TensorPayloadWriter::TensorPayloadWriter(store::Store& store, store::CatalogWriter& writer,
                                         std::span<const Source> sources,
                                         const AtomizeOptions& options)
    : writer_{writer},
      sources_{sources},
      extents_{store},
      compression_{options.compression},
      link_{options.link},
      workers_(std::max(1u, options.threads)) {}

bool TensorPayloadWriter::compresses(const ModelTensor& tensor) const {
  if (compression_ == Compression::none || link_) return false;
  if (tensor::has_weight_codec(tensor.dtype)) return true;
  if (tensor::dtype_info(tensor.dtype).block_elements > 1) return false;
  const ByteView trial = sources_[tensor.file].bytes().subspan(
      tensor.offset, std::min<std::uint64_t>(tensor.bytes, kTrialBytes));
  return !store::compress_if_smaller(trial, compression_level(Compression::fast)).empty();
}

std::optional<std::int64_t> TensorPayloadWriter::linked_pack(std::size_t file) {
  constexpr std::uint64_t kSmallestPack = 64;
  const auto [found, fresh] = linked_packs_.try_emplace(file);
  const Source& source = sources_[file];
  if (fresh && !source.path().empty() && source.size() >= kSmallestPack)
    found->second = writer_.link_file(source.path(), source.size());
  return found->second;
}

void TensorPayloadWriter::store_whole(const ModelTensor& tensor, const TensorDigest& digest,
                                      Parts& parts) {
  store::ExtentRecord what;
  what.hash = digest.blocks.root();
  what.hash_kind = store::HashKind::blocks;
  what.decoded_bytes = tensor.bytes;
  const Source& source = sources_[tensor.file];
  if (link_ && !writer_.find_extent(what.hash, what.hash_kind)) {
    if (const auto pack = linked_pack(tensor.file)) {
      what.pack_id = *pack;
      what.pack_offset = tensor.offset;
      source.windows(tensor.offset, tensor.bytes, [&](ByteView window) {
        what.checksum = crypto::crc32c(window, what.checksum);
      });
      parts.push_back({writer_.put_linked_extent(what), 0, tensor.bytes});
      return;
    }
  }
  parts.push_back({put_whole(tensor, what), 0, tensor.bytes});
}

store::ExtentRecord TensorPayloadWriter::put_whole(const ModelTensor& tensor,
                                                   store::ExtentRecord what) {
  const Source& source = sources_[tensor.file];
  const ByteView bytes = source.bytes().subspan(tensor.offset, tensor.bytes);
  const auto used = [&](std::uint64_t at, std::uint64_t size) {
    source.drop(tensor.offset + at, size);
  };
  const auto form = interleaved_form(tensor.dtype, tensor.shape);
  if (!form || compression_ == Compression::none || link_)
    return writer_.put_coded_extent(what, bytes, used);
  what.codec = store::Codec::interleaved;
  store::InterleavedPieces pieces{*form, bytes, static_cast<unsigned>(workers_.size()), used};
  return writer_.put_coded_extent(what, [&] { return pieces.next(); });
}

void TensorPayloadWriter::store(const ModelTensor& tensor, const TensorDigest& digest,
                                const std::optional<BaseTensor>& base, Parts& parts) {
  if (!compresses(tensor)) return store_whole(tensor, digest, parts);
  const bool weights = tensor::has_weight_codec(tensor.dtype);
  parts.resize(digest.segments.size());
  for (std::size_t i = 0; i < digest.segments.size(); ++i) {
    Task task;
    task.tensor = &tensor;
    task.offset = i * kSegmentBytes;
    const std::uint64_t size =
        std::min<std::uint64_t>(kSegmentBytes, tensor.bytes - task.offset);
    task.bytes = sources_[tensor.file].bytes().subspan(tensor.offset + task.offset, size);
    parts[i] = {{}, 0, size};
    if (all_zeros(task.bytes)) continue;
    parts[i].extent = writer_.find_extent(digest.segments[i], store::HashKind::blocks);
    if (parts[i].extent) continue;
    task.hash = digest.segments[i];
    task.part = &parts[i];
    task.zstd = !weights;
    const auto range = base && weights ? base->find(task.offset, size) : std::nullopt;
    if (range && is_sound([&] { task.base = extents_.locate(range->extent); }))
      task.base_offset = range->offset;
    tasks_.push_back(std::move(task));
    if (tasks_.size() >= kTasksPerWorker * workers_.size()) flush();
  }
}

void TensorPayloadWriter::finish() {
  // The first hands over what waits, the second appends it.
  flush();
  flush();
}

void TensorPayloadWriter::code_weights(Worker& worker, Task& task) const {
  const tensor::DType dtype = task.tensor->dtype;
  const auto effort = compression_ == Compression::best ? tensor::WeightEffort::best
                                                        : tensor::WeightEffort::fast;
  ByteView coded;
  worker.base.resize(task.base ? task.bytes.size() : 0);
  const bool has_base =
      task.base &&
      is_sound([&] { worker.decoder.decode_range(*task.base, task.base_offset, worker.base); });
  if (has_base) {
    if (worker.encoder.estimate(dtype, task.bytes, worker.base) <
        worker.encoder.estimate(dtype, task.bytes, {})) {
      coded = worker.encoder.encode_delta(dtype, task.bytes, worker.base, effort);
      task.codec = store::Codec::weight_delta;
    }
  }
  if (coded.empty()) {
    const std::uint64_t first = task.offset / tensor::dtype_info(dtype).block_bytes;
    coded = worker.encoder.encode(dtype, task.bytes, first, row_elements(*task.tensor), effort);
    task.codec = store::Codec::weights;
  }
  task.coded.assign(coded.begin(), coded.end());
}

void TensorPayloadWriter::code(Worker& worker, Task& task) const {
  if (task.zstd) {
    task.coded = store::compress_if_smaller(task.bytes, compression_level(compression_));
    task.codec = store::Codec::zstd;
  } else {
    code_weights(worker, task);
  }
  if (task.coded.empty()) task.codec = store::Codec::raw;
}

void TensorPayloadWriter::append(Task& task) {
  store::ExtentRecord what;
  what.hash = task.hash;
  what.hash_kind = store::HashKind::blocks;
  what.decoded_bytes = task.bytes.size();
  what.codec = task.codec;
  if (task.codec == store::Codec::weight_delta) {
    what.base_extent_id = task.base->extent.extent_id;
    what.base_offset = task.base_offset;
  }
  const bool raw = task.codec == store::Codec::raw;
  task.part->extent = writer_.put_coded_extent(what, raw ? task.bytes : task.coded);
  sources_[task.tensor->file].drop(task.tensor->offset + task.offset, task.bytes.size());
  if (task.base) store::Packs::release(task.base->stored);
}

void TensorPayloadWriter::code_all(std::vector<Task>& tasks) {
  std::atomic<std::size_t> next{0};
  parallel_for(workers_.size(), 1, static_cast<unsigned>(workers_.size()),
               [&](std::size_t begin, std::size_t end) {
                 for (std::size_t worker = begin; worker < end; ++worker)
                   for (std::size_t i = next++; i < tasks.size(); i = next++)
                     code(workers_[worker], tasks[i]);
               });
}

void TensorPayloadWriter::flush() {
  if (coded_.valid()) coded_.get();
  std::vector<Task> done = std::exchange(coding_, std::exchange(tasks_, {}));
  if (!coding_.empty()) coded_ = std::async(std::launch::async, [this] { code_all(coding_); });
  for (Task& task : done) append(task);
}

}  // namespace hart::atom
