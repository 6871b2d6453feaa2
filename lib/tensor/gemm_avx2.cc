#include "tensor/gemm_kernels.h"

#if defined(__x86_64__)

#include "tensor/gemm_floats_avx2.h"
#include "tensor/gemm_interleaved_body.h"
#include "tensor/gemm_quantize_avx2.h"
#include "tensor/gemm_simd_avx2.h"
#include "tensor/gemm_unpack_avx2.h"

namespace hart::tensor {

GemmKernels avx2_gemm_kernels() noexcept {
  return {"avx2", float_rows, quantize, rows<SimdAvx2>, multiply_interleaved_rows<SimdAvx2>};
}

}  // namespace hart::tensor

#endif
