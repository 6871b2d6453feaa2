#include "tensor/weight_planes.h"

#include <zstd.h>

#include <new>

#include "core/error.h"

namespace hart::tensor {

PlaneEncoder::PlaneEncoder() : context_{ZSTD_createCCtx()} {
  if (context_ == nullptr) throw std::bad_alloc{};
}

void PlaneEncoder::Free::operator()(ZSTD_CCtx_s* context) const noexcept {
  ZSTD_freeCCtx(context);
}

ByteView PlaneEncoder::encode(ByteView values, ByteView base, std::size_t element_bytes,
                              int level) {
  const std::size_t n = values.size() / element_bytes;
  planes_.resize(values.size());
  for (std::size_t plane = 0; plane < element_bytes; ++plane) {
    std::uint8_t* to = planes_.data() + plane * n;
    const std::uint8_t* from = values.data() + plane;
    for (std::size_t i = 0; i < n; ++i) to[i] = from[i * element_bytes];
    if (base.empty()) continue;
    const std::uint8_t* less = base.data() + plane;
    for (std::size_t i = 0; i < n; ++i) to[i] ^= less[i * element_bytes];
  }
  frame_.resize(ZSTD_compressBound(planes_.size()));
  const std::size_t size = ZSTD_compressCCtx(context_.get(), frame_.data(), frame_.size(),
                                             planes_.data(), planes_.size(), level);
  if (ZSTD_isError(size) != 0)
    throw Error{Fault::internal, std::string{"zstd: "} + ZSTD_getErrorName(size)};
  return ByteView{frame_}.first(size);
}

PlaneDecoder::PlaneDecoder() : context_{ZSTD_createDCtx()} {
  if (context_ == nullptr) throw std::bad_alloc{};
}

void PlaneDecoder::Free::operator()(ZSTD_DCtx_s* context) const noexcept {
  ZSTD_freeDCtx(context);
}

void PlaneDecoder::decode(ByteView frame, ByteView base, std::size_t element_bytes,
                          std::span<std::uint8_t> out) {
  const std::size_t n = out.size() / element_bytes;
  planes_.resize(out.size());
  const std::size_t size = ZSTD_decompressDCtx(context_.get(), planes_.data(), planes_.size(),
                                               frame.data(), frame.size());
  if (ZSTD_isError(size) != 0 || size != out.size())
    throw Error{Fault::data, "coded weights: the byte planes of a block are damaged"};
  for (std::size_t plane = 0; plane < element_bytes; ++plane) {
    const std::uint8_t* from = planes_.data() + plane * n;
    std::uint8_t* to = out.data() + plane;
    for (std::size_t i = 0; i < n; ++i) to[i * element_bytes] = from[i];
  }
  for (std::size_t i = 0; i < base.size(); ++i) out[i] ^= base[i];
}

}  // namespace hart::tensor
