#include "atom/located_payload.h"

#include <algorithm>
#include <atomic>
#include <string>

#include "core/error.h"
#include "core/parallel.h"
#include "store/packs.h"

namespace hart::atom {
LocatedPayload::LocatedPayload(store::Store& store, std::int64_t atom_id) {
  store::ExtentReader extents{store};
  store::Statement rows =
      store.db().prepare(std::string{"SELECT extent_offset, bytes, "} + store::kExtentColumns +
                         " FROM my_atom_payload WHERE atom_id = ? ORDER BY position");
  rows.with(atom_id);
  while (rows.step()) {
    Part part;
    part.start = size_;
    part.offset = static_cast<std::uint64_t>(rows.integer(0));
    part.bytes = static_cast<std::uint64_t>(rows.integer(1));
    size_ += part.bytes;
    if (!rows.is_null(2)) {
      part.located = extents.locate(store::read_extent(rows, 2));
      const std::uint64_t decoded = part.located->extent.decoded_bytes;
      if (part.offset > decoded || part.bytes > decoded - part.offset)
        throw Error{Fault::data, "the store is damaged: a payload beyond its extent"};
      if (store::is_in_place(*part.located) && part.located->stored.size() != decoded)
        throw Error{Fault::data, "the store is damaged: a raw extent has two sizes"};
    }
    parts_.push_back(std::move(part));
  }
}

ByteView LocatedPayload::read(store::ExtentDecoder& decoder, std::uint64_t offset,
                              std::uint64_t size, ByteBuffer& buffer) const {
  if (offset > size_ || size > size_ - offset)
    throw Error{Fault::data, "the store is damaged: a payload shorter than its tensor"};
  auto part = std::partition_point(parts_.begin(), parts_.end(), [&](const Part& candidate) {
    return candidate.start + candidate.bytes <= offset;
  });
  if (size > 0 && part->located && store::is_in_place(*part->located) &&
      size <= part->start + part->bytes - offset)
    return part->located->stored.subspan(part->offset + offset - part->start, size);
  buffer.resize(size);
  std::span<std::uint8_t> out{buffer};
  for (; !out.empty(); ++part) {
    const std::uint64_t within = offset - part->start;
    const std::uint64_t count = std::min<std::uint64_t>(part->bytes - within, out.size());
    if (part->located) {
      decoder.decode_range(*part->located, part->offset + within, out.first(count));
      store::Packs::release(store::stored_range(*part->located, part->offset + within, count));
      store::Packs::release(part->located->base_stored);
    } else {
      std::fill_n(out.begin(), count, std::uint8_t{0});
    }
    out = out.subspan(count);
    offset += count;
  }
  return buffer;
}

std::uint64_t run_bytes(tensor::DType dtype, std::uint64_t elements) {
  const tensor::DTypeInfo& layout = tensor::dtype_info(dtype);
  return elements / layout.block_elements * layout.block_bytes;
}

std::vector<TensorRun> cut_runs(std::uint64_t elements, std::uint64_t run_elements) {
  std::vector<TensorRun> runs;
  for (std::uint64_t first = 0; first < elements; first += run_elements)
    runs.push_back({first, std::min(run_elements, elements - first)});
  return runs;
}

void for_each_run(std::size_t count, unsigned threads,
                  const std::function<void(PayloadWorker& worker, std::size_t i)>& body) {
  const auto workers =
      static_cast<unsigned>(std::clamp<std::size_t>(count, 1, std::max(1u, threads)));
  std::atomic<std::size_t> next{0};
  parallel_for(workers, 1, workers, [&](std::size_t begin, std::size_t end) {
    for (; begin < end; ++begin) {
      PayloadWorker worker;
      for (std::size_t i = next++; i < count; i = next++) body(worker, i);
    }
  });
}

}  // namespace hart::atom
