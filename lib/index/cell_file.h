#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/mapped_file.h"
#include "index/cell_index.h"
#include "index/metric.h"
#include "index/vector_block.h"

namespace hart::index {

/// How far to look, and what that was measured to find.
struct CellSettings {
  std::uint32_t cells = 1;    ///< to visit
  std::uint32_t rerank = 10;  ///< best estimates to keep
  float margin = 3;           ///< standard deviations that an estimate may be wrong by
};
struct CellCalibration {
  std::uint32_t k = 10;  ///< of recall@k
  float target = 0;      ///< the recall that was aimed at
  float measured = 0;    ///< with these settings, on the calibration's sample
  float interval = 0;    ///< half width of its 95 % confidence interval
  CellSettings settings;
};

/// What the file says of itself.
struct CellFileInfo {
  std::uint64_t dims = 0;
  std::uint64_t items = 0;
  std::uint64_t cells = 0;
  std::uint64_t blocks = 0;  ///< of codes
  std::uint64_t seed = 0;    ///< of the rotation
  std::int64_t generation = 0;
  std::int64_t tenant_id = 0;
  std::int64_t embedding_model_id = 0;
  std::int64_t last_embedding_id = 0;
  Metric metric = Metric::cosine;
  VectorStorage storage = VectorStorage::f32;
  bool unit = false;      ///< every vector has length 1
  bool weighted = false;  ///< a score is product × scale + offset, kept for each vector
};

/// What makes a vector's score of its product with the query.
struct ScoreWeights {
  float scale = 1;
  float offset = 0;
};

/// Bytes of a stored vector.
[[nodiscard]] std::size_t stored_vector_bytes(VectorStorage storage, std::size_t dims) noexcept;

/// A cell index in one file, mapped. Everything is little-endian and 64-byte aligned; the
/// layout is described in hart-store(5). Lengths and offsets are checked when it is opened;
/// that the content is as it was written, by `verify`.
class CellFile {
 public:
  /// Throws Error(no_input) when there is no such file, Error(data) when it is no cell index,
  /// is cut off or contradicts itself.
  explicit CellFile(const std::string& path);

  [[nodiscard]] const CellFileInfo& info() const noexcept { return info_; }
  [[nodiscard]] std::span<const CellCalibration> calibrations() const noexcept {
    return calibrations_;
  }

  [[nodiscard]] std::span<const float> mean() const noexcept;       ///< (dims)
  [[nodiscard]] std::span<const float> centroids() const noexcept;  ///< (cells, dims)
  /// Codes of the centroids, in blocks whose positions are the cells.
  [[nodiscard]] const std::uint8_t* centroid_blocks() const noexcept;
  /// Codes of cell c are in blocks [first_blocks()[c], first_blocks()[c + 1]).
  [[nodiscard]] std::span<const std::uint32_t> first_blocks() const noexcept;
  /// Vectors whose nearest cell is c have the positions [first_positions()[c],
  /// first_positions()[c + 1]).
  [[nodiscard]] std::span<const std::uint32_t> first_positions() const noexcept;
  [[nodiscard]] const std::uint8_t* code_block(std::size_t block) const noexcept;
  [[nodiscard]] std::size_t block_bytes() const noexcept { return block_bytes_; }

  /// The vector at `position`, as it is stored.
  [[nodiscard]] const std::uint8_t* vector(std::size_t position) const noexcept;
  [[nodiscard]] ScoreWeights weights(std::size_t position) const noexcept;
  [[nodiscard]] std::span<const std::int64_t> embedding_ids() const noexcept;  ///< by position
  [[nodiscard]] std::span<const std::int64_t> atom_ids() const noexcept;       ///< by position
  /// Positions in ascending order of embedding id, and of atom id.
  [[nodiscard]] std::span<const std::uint32_t> by_embedding() const noexcept;
  [[nodiscard]] std::span<const std::uint32_t> by_atom() const noexcept;

  /// Reads everything. Throws Error(data) when a byte is not as it was written.
  void verify() const;

 private:
  friend class CellFileWriter;
  enum Section {
    kMean,
    kCentroids,
    kCentroidBlocks,
    kFirstBlocks,
    kFirstPositions,
    kCodeBlocks,
    kVectors,
    kWeights,
    kEmbeddingIds,
    kAtomIds,
    kByEmbedding,
    kByAtom,
    kCalibrations,
    kSections,
  };
  using Offsets = std::array<std::uint64_t, kSections + 1>;
  [[nodiscard]] static Offsets offsets_of(const CellFileInfo& info);
  void check_cells() const;
  template <typename T> [[nodiscard]] std::span<const T> section(Section which) const noexcept;

  std::string path_;
  MappedFile file_;
  CellFileInfo info_;
  Offsets offsets_{};
  std::size_t block_bytes_ = 0;
  std::size_t vector_bytes_ = 0;
  std::vector<CellCalibration> calibrations_;
};

/// Makes a cell index file. It is complete and durable under its own name once `finish` has
/// returned, and gone when that was never called.
class CellFileWriter {
 public:
  /// Room on the disk is taken at once. Throws Error(io) when there is none.
  CellFileWriter(const std::string& path, const CellFileInfo& info);
  ~CellFileWriter();
  CellFileWriter(const CellFileWriter&) = delete;
  CellFileWriter& operator=(const CellFileWriter&) = delete;

  [[nodiscard]] std::span<float> mean() noexcept;
  [[nodiscard]] std::span<float> centroids() noexcept;
  [[nodiscard]] std::uint8_t* centroid_blocks() noexcept;
  [[nodiscard]] std::span<std::uint32_t> first_blocks() noexcept;
  [[nodiscard]] std::span<std::uint32_t> first_positions() noexcept;
  [[nodiscard]] std::uint8_t* code_block(std::size_t block) noexcept;
  [[nodiscard]] std::uint8_t* vector(std::size_t position) noexcept;
  void set_weights(std::size_t position, ScoreWeights weights) noexcept;
  [[nodiscard]] std::span<std::int64_t> embedding_ids() noexcept;
  [[nodiscard]] std::span<std::int64_t> atom_ids() noexcept;
  [[nodiscard]] std::span<std::uint32_t> by_embedding() noexcept;
  [[nodiscard]] std::span<std::uint32_t> by_atom() noexcept;

  /// The file as it is, for calibration: readable from then on, until `finish`.
  [[nodiscard]] std::string seal();
  void finish(std::span<const CellCalibration> calibrations);

 private:
  void write_checked_header(std::uint32_t calibrations);
  template <typename T> [[nodiscard]] std::span<T> section(CellFile::Section which) noexcept;

  std::string path_;
  std::string temporary_;
  CellFileInfo info_;
  CellFile::Offsets offsets_{};
  int descriptor_ = -1;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace hart::index
