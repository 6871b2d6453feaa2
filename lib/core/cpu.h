#pragma once

namespace hart {

/// What the processor that runs this process can do; asked once.
struct CpuFeatures {
  bool avx2 = false;         ///< AVX2, FMA and F16C
  bool avx512 = false;       ///< AVX-512 F, BW, DQ, VL
  bool avx512_vnni = false;  ///< with AVX-512 VNNI
  bool avx512_bf16 = false;  ///< with AVX-512 BF16
  bool sse42 = false;        ///< SSE4.2, for CRC-32C
};

/// The environment variable HART_CPU=scalar switches every fast path off, HART_CPU=avx2 those
/// above AVX2: for tests and for comparing machines.
[[nodiscard]] const CpuFeatures& cpu_features() noexcept;

}  // namespace hart
