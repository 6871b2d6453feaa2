#pragma once

/// What one core computes when nothing but registers is involved, in 10⁹ operations a second; a
/// multiplication and an addition count as two. Zero where the instructions are missing.
struct Peaks {
  /// Sums in 32 bits of products of 8 bits: VPDPBUSD where there is VNNI, else the three
  /// instructions that take its place in AVX2 (VPMADDUBSW, VPMADDWD, VPADDD).
  double int8 = 0;
  double f32 = 0;  ///< fused multiply-adds
};

/// Measures for some milliseconds on the calling thread.
Peaks measure_peaks();
