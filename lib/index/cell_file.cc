#include "index/cell_file.h"

#include <bit>
#include <cstring>
#include <limits>

#include "core/checked.h"
#include "core/endian.h"
#include "core/error.h"
#include "crypto/crc32c.h"
#include "index/cell_code.h"
#include "index/cell_file_header.h"

namespace hart::index {
namespace {

constexpr const char* kWhat = "cell index";

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error{Fault::data, path + ": " + why};
}

std::uint64_t times(std::uint64_t a, std::uint64_t b) {
  return checked_multiply(a, b, kWhat);
}

CellCalibration read_calibration(const std::uint8_t* bytes) {
  CellCalibration calibration;
  calibration.k = load_le<std::uint32_t>(bytes);
  calibration.target = load_le<float>(bytes + 4);
  calibration.measured = load_le<float>(bytes + 8);
  calibration.interval = load_le<float>(bytes + 12);
  calibration.settings = {load_le<std::uint32_t>(bytes + 16),
                          load_le<std::uint32_t>(bytes + 20), load_le<float>(bytes + 24)};
  return calibration;
}

}  // namespace

std::size_t stored_vector_bytes(VectorStorage storage, std::size_t dims) noexcept {
  switch (storage) {
    case VectorStorage::f32:
      return dims * sizeof(float);
    case VectorStorage::f16:
      return dims * sizeof(std::uint16_t);
    case VectorStorage::int8:
      return dims;
  }
  return 0;
}

CellFile::Offsets CellFile::offsets_of(const CellFileInfo& info) {
  const std::uint64_t block = code_block_bytes(RandomRotation::padded_length(info.dims));
  const std::uint64_t centroid_blocks = (info.cells + kCodesPerBlock - 1) / kCodesPerBlock;
  const std::uint64_t vector = stored_vector_bytes(info.storage, info.dims);
  const std::array<std::uint64_t, kSections> bytes{
      times(info.dims, sizeof(float)),
      times(times(info.cells, info.dims), sizeof(float)),
      times(centroid_blocks, block),
      times(info.cells + 1, sizeof(std::uint32_t)),
      times(info.cells + 1, sizeof(std::uint32_t)),
      times(info.blocks, block),
      times(info.items, vector),
      info.weighted ? times(info.items, sizeof(ScoreWeights)) : 0,
      times(info.items, sizeof(std::int64_t)),
      times(info.items, sizeof(std::int64_t)),
      times(info.items, sizeof(std::uint32_t)),
      times(info.items, sizeof(std::uint32_t)),
      kMaxCalibrations * kCalibrationBytes,
  };
  Offsets offsets{};
  std::uint64_t at = kHeaderBytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    offsets[i] = at;
    at = checked_align(checked_add(at, bytes[i], kWhat), 64, kWhat);
  }
  offsets[kSections] = at;
  return offsets;
}

CellFile::CellFile(const std::string& path) : path_{path}, file_{path} {
  const ByteView bytes = file_.bytes();
  if (bytes.size() < kHeaderBytes || std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0)
    refuse(path, "not a cell index");
  if (load_le<std::uint32_t>(bytes.data() + 8) != kVersion)
    refuse(path, "a cell index of another version");
  const ByteView checked = bytes.subspan(16, kHeaderBytes - 16);
  if (load_le<std::uint32_t>(bytes.data() + 12) != crypto::crc32c(checked))
    refuse(path, "the header is damaged");
  const std::uint32_t calibrations = read_header(bytes.data(), info_);
  if (info_.dims == 0 || info_.dims > kMaxDims || info_.cells == 0 || info_.items == 0 ||
      info_.items > std::numeric_limits<std::uint32_t>::max() ||
      info_.blocks > std::numeric_limits<std::uint32_t>::max() ||
      info_.cells > info_.blocks + info_.items || calibrations > kMaxCalibrations ||
      info_.metric > Metric::dot || info_.storage > VectorStorage::int8)
    refuse(path, "the header contradicts itself");
  offsets_ = offsets_of(info_);
  if (offsets_[kSections] != bytes.size())
    refuse(path, "has " + std::to_string(bytes.size()) + " bytes, expected " +
                     std::to_string(offsets_[kSections]));
  block_bytes_ = code_block_bytes(RandomRotation::padded_length(info_.dims));
  vector_bytes_ = stored_vector_bytes(info_.storage, info_.dims);
  for (std::uint32_t i = 0; i < calibrations; ++i)
    calibrations_.push_back(
        read_calibration(bytes.data() + offsets_[kCalibrations] + i * kCalibrationBytes));
  check_cells();
}

/// What the scan uses as an index must stay inside the file.
void CellFile::check_cells() const {
  const auto first = first_blocks();
  const auto home = first_positions();
  for (std::size_t c = 0; c < info_.cells; ++c)
    if (first[c] > first[c + 1] || home[c] > home[c + 1])
      refuse(path_, "the cells are out of order");
  if (first[0] != 0 || first[info_.cells] != info_.blocks || home[0] != 0 ||
      home[info_.cells] != info_.items)
    refuse(path_, "the cells do not cover the vectors");
}

template <typename T> std::span<const T> CellFile::section(Section which) const noexcept {
  const std::uint8_t* begin = file_.bytes().data() + offsets_[which];
  return {reinterpret_cast<const T*>(begin),
          (offsets_[which + 1] - offsets_[which]) / sizeof(T)};
}

std::span<const float> CellFile::mean() const noexcept {
  return section<float>(kMean).first(info_.dims);
}
std::span<const float> CellFile::centroids() const noexcept {
  return section<float>(kCentroids).first(info_.cells * info_.dims);
}
const std::uint8_t* CellFile::centroid_blocks() const noexcept {
  return section<std::uint8_t>(kCentroidBlocks).data();
}
std::span<const std::uint32_t> CellFile::first_blocks() const noexcept {
  return section<std::uint32_t>(kFirstBlocks).first(info_.cells + 1);
}
std::span<const std::uint32_t> CellFile::first_positions() const noexcept {
  return section<std::uint32_t>(kFirstPositions).first(info_.cells + 1);
}
const std::uint8_t* CellFile::code_block(std::size_t block) const noexcept {
  return section<std::uint8_t>(kCodeBlocks).data() + block * block_bytes_;
}
const std::uint8_t* CellFile::vector(std::size_t position) const noexcept {
  return section<std::uint8_t>(kVectors).data() + position * vector_bytes_;
}
ScoreWeights CellFile::weights(std::size_t position) const noexcept {
  return info_.weighted ? section<ScoreWeights>(kWeights)[position] : ScoreWeights{};
}
std::span<const std::int64_t> CellFile::embedding_ids() const noexcept {
  return section<std::int64_t>(kEmbeddingIds).first(info_.items);
}
std::span<const std::int64_t> CellFile::atom_ids() const noexcept {
  return section<std::int64_t>(kAtomIds).first(info_.items);
}
std::span<const std::uint32_t> CellFile::by_embedding() const noexcept {
  return section<std::uint32_t>(kByEmbedding).first(info_.items);
}
std::span<const std::uint32_t> CellFile::by_atom() const noexcept {
  return section<std::uint32_t>(kByAtom).first(info_.items);
}

void CellFile::verify() const {
  const ByteView bytes = file_.bytes();
  if (crypto::crc32c(bytes.subspan(kHeaderBytes)) !=
      load_le<std::uint32_t>(bytes.data() + kDataChecksumAt))
    refuse(path_, "the content is damaged");
  for (const std::uint32_t position : by_embedding())
    if (position >= info_.items) refuse(path_, "a position is out of range");
}

}  // namespace hart::index
