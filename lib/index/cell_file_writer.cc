#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/endian.h"
#include "core/error.h"
#include "crypto/crc32c.h"
#include "index/cell_code.h"
#include "index/cell_file.h"
#include "index/cell_file_header.h"

namespace hart::index {
namespace {

[[noreturn]] void refuse(const std::string& path, int error) {
  throw Error{Fault::io, path + ": " + std::strerror(error)};
}

void write_calibration(std::uint8_t* bytes, const CellCalibration& calibration) {
  store_le(bytes, calibration.k);
  store_le(bytes + 4, calibration.target);
  store_le(bytes + 8, calibration.measured);
  store_le(bytes + 12, calibration.interval);
  store_le(bytes + 16, calibration.settings.cells);
  store_le(bytes + 20, calibration.settings.rerank);
  store_le(bytes + 24, calibration.settings.margin);
}

void sync_directory_of(const std::string& path) {
  const std::string directory = std::filesystem::path{path}.parent_path().string();
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) refuse(directory, errno);
  const int failed = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (failed != 0) refuse(directory, failed);
}

}  // namespace

std::uint32_t read_header(const std::uint8_t* header, CellFileInfo& info) noexcept {
  info.dims = load_le<std::uint64_t>(header + 16);
  info.items = load_le<std::uint64_t>(header + 24);
  info.cells = load_le<std::uint64_t>(header + 32);
  info.blocks = load_le<std::uint64_t>(header + 40);
  info.seed = load_le<std::uint64_t>(header + 48);
  info.generation = load_le<std::int64_t>(header + 56);
  info.tenant_id = load_le<std::int64_t>(header + 64);
  info.embedding_model_id = load_le<std::int64_t>(header + 72);
  info.last_embedding_id = load_le<std::int64_t>(header + 80);
  info.metric = static_cast<Metric>(load_le<std::uint32_t>(header + 88));
  info.storage = static_cast<VectorStorage>(load_le<std::uint32_t>(header + 92));
  const auto flags = load_le<std::uint32_t>(header + 96);
  info.unit = (flags & 1U) != 0;
  info.weighted = (flags & 2U) != 0;
  return load_le<std::uint32_t>(header + 100);
}

void write_header(std::uint8_t* header, const CellFileInfo& info,
                  std::uint32_t calibrations) noexcept {
  std::memcpy(header, kMagic, sizeof kMagic);
  store_le(header + 8, kVersion);
  store_le(header + 16, info.dims);
  store_le(header + 24, info.items);
  store_le(header + 32, info.cells);
  store_le(header + 40, info.blocks);
  store_le(header + 48, info.seed);
  store_le(header + 56, info.generation);
  store_le(header + 64, info.tenant_id);
  store_le(header + 72, info.embedding_model_id);
  store_le(header + 80, info.last_embedding_id);
  store_le(header + 88, static_cast<std::uint32_t>(info.metric));
  store_le(header + 92, static_cast<std::uint32_t>(info.storage));
  store_le(header + 96, static_cast<std::uint32_t>(info.unit) |
                            static_cast<std::uint32_t>(info.weighted) << 1);
  store_le(header + 100, calibrations);
}

CellFileWriter::CellFileWriter(const std::string& path, const CellFileInfo& info)
    : path_{path},
      temporary_{path + ".part"},
      info_{info},
      offsets_{CellFile::offsets_of(info)},
      size_{offsets_[CellFile::kSections]} {
  descriptor_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) refuse(temporary_, errno);
  // A page of a mapping that the disk has no room for would kill the process.
  const int full = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(size_));
  void* data = full != 0
                   ? MAP_FAILED
                   : ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
  if (data == MAP_FAILED) {
    const int error = full != 0 ? full : errno;
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
    refuse(path, error);
  }
  data_ = static_cast<std::uint8_t*>(data);
}

CellFileWriter::~CellFileWriter() {
  if (data_ != nullptr) ::munmap(data_, size_);
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

template <typename T> std::span<T> CellFileWriter::section(CellFile::Section which) noexcept {
  return {reinterpret_cast<T*>(data_ + offsets_[which]),
          (offsets_[which + 1] - offsets_[which]) / sizeof(T)};
}

std::span<float> CellFileWriter::mean() noexcept {
  return section<float>(CellFile::kMean).first(info_.dims);
}
std::span<float> CellFileWriter::centroids() noexcept {
  return section<float>(CellFile::kCentroids).first(info_.cells * info_.dims);
}
std::uint8_t* CellFileWriter::centroid_blocks() noexcept {
  return section<std::uint8_t>(CellFile::kCentroidBlocks).data();
}
std::span<std::uint32_t> CellFileWriter::first_blocks() noexcept {
  return section<std::uint32_t>(CellFile::kFirstBlocks).first(info_.cells + 1);
}
std::span<std::uint32_t> CellFileWriter::first_positions() noexcept {
  return section<std::uint32_t>(CellFile::kFirstPositions).first(info_.cells + 1);
}
std::uint8_t* CellFileWriter::code_block(std::size_t block) noexcept {
  const std::size_t bytes = code_block_bytes(RandomRotation::padded_length(info_.dims));
  return section<std::uint8_t>(CellFile::kCodeBlocks).data() + block * bytes;
}
std::uint8_t* CellFileWriter::vector(std::size_t position) noexcept {
  return section<std::uint8_t>(CellFile::kVectors).data() +
         position * stored_vector_bytes(info_.storage, info_.dims);
}
void CellFileWriter::set_weights(std::size_t position, ScoreWeights weights) noexcept {
  if (info_.weighted) section<ScoreWeights>(CellFile::kWeights)[position] = weights;
}
std::span<std::int64_t> CellFileWriter::embedding_ids() noexcept {
  return section<std::int64_t>(CellFile::kEmbeddingIds).first(info_.items);
}
std::span<std::int64_t> CellFileWriter::atom_ids() noexcept {
  return section<std::int64_t>(CellFile::kAtomIds).first(info_.items);
}
std::span<std::uint32_t> CellFileWriter::by_embedding() noexcept {
  return section<std::uint32_t>(CellFile::kByEmbedding).first(info_.items);
}
std::span<std::uint32_t> CellFileWriter::by_atom() noexcept {
  return section<std::uint32_t>(CellFile::kByAtom).first(info_.items);
}

std::string CellFileWriter::seal() {
  write_checked_header(0);
  return temporary_;
}

void CellFileWriter::write_checked_header(std::uint32_t calibrations) {
  write_header(data_, info_, calibrations);
  const ByteView checked{data_ + 16, kHeaderBytes - 16};
  store_le(data_ + 12, crypto::crc32c(checked));
}

void CellFileWriter::finish(std::span<const CellCalibration> calibrations) {
  if (calibrations.size() > kMaxCalibrations)
    throw Error{Fault::internal, "more calibrations than a cell index holds"};
  std::uint8_t* into = data_ + offsets_[CellFile::kCalibrations];
  for (std::size_t i = 0; i < calibrations.size(); ++i)
    write_calibration(into + i * kCalibrationBytes, calibrations[i]);
  store_le(data_ + kDataChecksumAt,
           crypto::crc32c({data_ + kHeaderBytes, size_ - kHeaderBytes}));
  write_checked_header(static_cast<std::uint32_t>(calibrations.size()));
  if (::msync(data_, size_, MS_SYNC) != 0 || ::fsync(descriptor_) != 0)
    refuse(temporary_, errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) refuse(path_, errno);
  temporary_.clear();
  sync_directory_of(path_);
}

}  // namespace hart::index
