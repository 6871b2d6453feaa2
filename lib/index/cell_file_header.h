#pragma once

#include <cstddef>
#include <cstdint>

#include "index/cell_file.h"

namespace hart::index {

// The header of a cell index file: 4096 bytes, of which the checksum at 12 covers those from 16
// on. The checksum of everything after the header stands at `kDataChecksumAt`.

inline constexpr char kMagic[8] = {'H', 'A', 'R', 'T', 'C', 'E', 'L', 'L'};
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kHeaderBytes = 4096;
inline constexpr std::size_t kDataChecksumAt = 128;
inline constexpr std::size_t kMaxCalibrations = 64;
inline constexpr std::size_t kCalibrationBytes = 32;
inline constexpr std::uint64_t kMaxDims = std::uint64_t{1} << 20;

/// Fills what the header says; returns the number of calibrations.
std::uint32_t read_header(const std::uint8_t* header, CellFileInfo& info) noexcept;
/// The inverse, with magic and version and without the checksums.
void write_header(std::uint8_t* header, const CellFileInfo& info,
                  std::uint32_t calibrations) noexcept;

}  // namespace hart::index
