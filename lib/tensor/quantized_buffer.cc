#include "tensor/quantized_buffer.h"

#include <algorithm>

namespace hart::tensor {
namespace {

template <typename T> T* grow(std::vector<T>& room, std::size_t size) {
  if (room.size() < size) room.resize(std::max(size, 2 * room.size()));
  return room.data();
}

}  // namespace

void QuantizedBuffer::resize(std::size_t n, std::size_t columns) {
  const std::size_t padded = (columns + kChunk - 1) / kChunk * kChunk;
  const std::size_t blocks = n * padded / 32;
  // Scales, scaled sums of 32 and of 16 in one piece; the sums in another.
  float* floats = grow(floats_, 4 * blocks);
  std::int32_t* sums = grow(sums_, 3 * blocks);
  view_ = {n,
           padded,
           grow(values_, n * padded),
           floats,
           sums,
           sums + 2 * blocks,
           floats + 2 * blocks,
           floats + blocks};
}

}  // namespace hart::tensor
