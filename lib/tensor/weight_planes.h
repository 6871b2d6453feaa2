#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/bytes.h"

struct ZSTD_CCtx_s;
struct ZSTD_DCtx_s;

namespace hart::tensor {

/// Codes elements as byte planes, the least significant byte of every element first, in one
/// zstd frame. With a base, the planes hold values XOR base. It wins where weights repeat.
class PlaneEncoder {
 public:
  PlaneEncoder();

  /// `base` is empty or as long as `values`; both hold whole elements. The result is valid
  /// until the next call.
  [[nodiscard]] ByteView encode(ByteView values, ByteView base, std::size_t element_bytes,
                                int level);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const noexcept;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  ByteBuffer planes_, frame_;
};

class PlaneDecoder {
 public:
  PlaneDecoder();

  /// Throws Error(data) when `frame` is no zstd frame of out.size() bytes.
  void decode(ByteView frame, ByteView base, std::size_t element_bytes,
              std::span<std::uint8_t> out);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const noexcept;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
  ByteBuffer planes_;
};

}  // namespace hart::tensor
