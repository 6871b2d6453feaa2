#include "kernel_peaks.h"

#include <algorithm>
#include <chrono>

#include "core/cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace {

constexpr int kLoops = 200'000;
constexpr int kTries = 7;

/// 10⁹ operations a second of run(), which does `operations` of them.
template <typename Run> double best_rate(double operations, Run run) {
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    best = std::max(best, operations / seconds.count() / 1e9);
  }
  return best;
}

#if defined(__x86_64__)

// Chains enough to hide the latency; the empty statements keep the compiler from computing
// anything beforehand.
constexpr int kChains = 10;

[[gnu::target("avx2,fma")]] void int8_avx2() {
  __m256i sums[kChains], a = _mm256_set1_epi8(3), b = _mm256_set1_epi8(5);
  const __m256i ones = _mm256_set1_epi16(1);
  for (__m256i& sum : sums) sum = _mm256_setzero_si256();
  for (int i = 0; i < kLoops; ++i) {
    asm volatile("" : "+x"(a), "+x"(b));
#pragma GCC unroll 10
    for (int k = 0; k < kChains; ++k) {
      __m256i pairs = _mm256_maddubs_epi16(a, b);
      asm volatile("" : "+x"(pairs));
      sums[k] = _mm256_add_epi32(sums[k], _mm256_madd_epi16(pairs, ones));
    }
  }
  for (__m256i& sum : sums) asm volatile("" : "+x"(sum));
}

[[gnu::target("avx2,fma")]] void f32_avx2() {
  __m256 sums[kChains], a = _mm256_set1_ps(0.5f), b = _mm256_set1_ps(0.25f);
  for (__m256& sum : sums) sum = _mm256_setzero_ps();
  for (int i = 0; i < kLoops; ++i) {
    asm volatile("" : "+x"(a), "+x"(b));
#pragma GCC unroll 10
    for (int k = 0; k < kChains; ++k) sums[k] = _mm256_fmadd_ps(a, b, sums[k]);
  }
  for (__m256& sum : sums) asm volatile("" : "+x"(sum));
}

[[gnu::target("avx512f,avx512vnni")]] void int8_avx512() {
  __m512i sums[kChains], a = _mm512_set1_epi32(0x03030303), b = _mm512_set1_epi32(0x05050505);
  for (__m512i& sum : sums) sum = _mm512_setzero_si512();
  for (int i = 0; i < kLoops; ++i) {
    asm volatile("" : "+v"(a), "+v"(b));
#pragma GCC unroll 10
    for (int k = 0; k < kChains; ++k) sums[k] = _mm512_dpbusd_epi32(sums[k], a, b);
  }
  for (__m512i& sum : sums) asm volatile("" : "+v"(sum));
}

[[gnu::target("avx512f")]] void f32_avx512() {
  __m512 sums[kChains], a = _mm512_set1_ps(0.5f), b = _mm512_set1_ps(0.25f);
  for (__m512& sum : sums) sum = _mm512_setzero_ps();
  for (int i = 0; i < kLoops; ++i) {
    asm volatile("" : "+v"(a), "+v"(b));
#pragma GCC unroll 10
    for (int k = 0; k < kChains; ++k) sums[k] = _mm512_fmadd_ps(a, b, sums[k]);
  }
  for (__m512& sum : sums) asm volatile("" : "+v"(sum));
}

#endif

}  // namespace

Peaks measure_peaks() {
  Peaks peaks;
#if defined(__x86_64__)
  constexpr double kInstructions = 1.0 * kLoops * kChains;
  const hart::CpuFeatures& cpu = hart::cpu_features();
  if (cpu.avx2) {
    peaks.int8 = best_rate(kInstructions * 64, int8_avx2);
    peaks.f32 = best_rate(kInstructions * 16, f32_avx2);
  }
  if (cpu.avx512_vnni) peaks.int8 = best_rate(kInstructions * 128, int8_avx512);
  if (cpu.avx512) peaks.f32 = best_rate(kInstructions * 32, f32_avx512);
#endif
  return peaks;
}
