#include "core/cpu.h"

#include <cstdlib>
#include <string_view>

namespace hart {
namespace {

CpuFeatures detect() noexcept {
  CpuFeatures features;
#if defined(__x86_64__)
  const char* asked = std::getenv("HART_CPU");
  const std::string_view limit = asked == nullptr ? "" : asked;
  if (limit == "scalar") return features;
  __builtin_cpu_init();
  features.sse42 = __builtin_cpu_supports("sse4.2");
  features.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("f16c");
  if (limit == "avx2") return features;
  features.avx512 = features.avx2 && __builtin_cpu_supports("avx512f") &&
                    __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
  features.avx512_vnni = features.avx512 && __builtin_cpu_supports("avx512vnni");
  features.avx512_bf16 = features.avx512 && __builtin_cpu_supports("avx512bf16");
#endif
  return features;
}

}  // namespace

const CpuFeatures& cpu_features() noexcept {
  static const CpuFeatures features = detect();
  return features;
}

}  // namespace hart
