#include "index/cell_build.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "core/error.h"
#include "core/parallel.h"
#include "index/cell_calibrate.h"
#include "index/cell_code.h"
#include "index/cell_pack.h"
#include "index/code_assigner.h"
#include "index/kmeans.h"
#include "tensor/convert.h"
#include "tensor/vector.h"

namespace hart::index {
namespace {

/// Rows that are assigned and coded at a time.
constexpr std::size_t kBatchRows = 8192;
/// Rows a cell is fitted to.
constexpr std::size_t kSampleRowsPerCell = 32;
/// What the length of a vector may differ from 1 by and count as 1.
constexpr double kUnitTolerance = 1e-5;
constexpr std::size_t kRowsPerThread = 256;

/// From so many cells on a row's cell is found by codes.
constexpr std::size_t kCodedCells = 2048;

/// What the first pass finds.
struct Survey {
  std::vector<float> mean;
  std::vector<float> sample;  ///< (rows, dims)
  bool unit = true;
  std::int64_t last_embedding_id = 0;
};

/// Builds one file; its members are what the passes share.
class Builder {
 public:
  Builder(const CellSource& source, const CellBuildOptions& options, const CellOwner& owner,
          const std::function<void(std::uint64_t)>& progress)
      : source_{source},
        options_{options},
        owner_{owner},
        progress_{progress},
        cells_{std::min(options.cells == 0 ? default_cells(source.items) : options.cells,
                        source.items)},
        rotation_{source.dims, options.seed} {}

  std::vector<CellCalibration> build(const std::string& path) {
    if (source_.items == 0) throw Error{Fault::no_input, "there are no vectors to index"};
    if (source_.items >= std::numeric_limits<std::uint32_t>::max())
      throw Error{Fault::data, "more vectors than one cell index holds"};
    survey();
    fit_cells();
    code_rows();
    CellFileWriter writer{path, file_info()};
    write_cells(writer);
    write_vectors(writer);
    const CellFile file{writer.seal()};
    const auto calibrations = calibrate(file, options_.seed, options_.threads);
    writer.finish(calibrations);
    return calibrations;
  }

 private:
  /// The rows as they are compared: directions under the cosine.
  void compared_rows(const VectorBlock& block, std::vector<float>& rows) const {
    rows.assign(block.values.begin(), block.values.end());
    if (options_.metric != Metric::cosine) return;
    for (std::size_t i = 0; i < block.size(); ++i)
      tensor::normalize({rows.data() + i * source_.dims, source_.dims});
  }

  void survey() {
    const std::size_t dims = source_.dims;
    const std::size_t wanted = std::min(source_.items, cells_ * kSampleRowsPerCell);
    std::mt19937_64 random{options_.seed};
    std::vector<double> sum(dims);
    std::vector<float> rows;
    std::uint64_t seen = 0;
    source_.visit([&](const VectorBlock& block) {
      compared_rows(block, rows);
      for (std::size_t i = 0; i < block.size(); ++i) {
        const std::span<const float> row{rows.data() + i * dims, dims};
        const double length = tensor::norm(block.row(i));
        if (!std::isfinite(length))
          throw Error{Fault::data, "the vector of embedding " +
                                       std::to_string(block.embedding_ids[i]) +
                                       " is not finite"};
        survey_.unit = survey_.unit && std::fabs(length - 1) <= kUnitTolerance;
        for (std::size_t j = 0; j < dims; ++j) sum[j] += static_cast<double>(row[j]);
        const std::uint64_t slot = ++seen <= wanted ? seen - 1 : random() % seen;
        if (slot >= wanted) continue;
        survey_.sample.resize(std::max(survey_.sample.size(), (slot + 1) * dims));
        std::copy(row.begin(), row.end(),
                  survey_.sample.begin() + static_cast<std::ptrdiff_t>(slot * dims));
      }
      survey_.last_embedding_id = block.embedding_ids.back();
    });
    if (seen != source_.items) changed();
    for (const double total : sum)
      survey_.mean.push_back(static_cast<float>(total / static_cast<double>(seen)));
  }

  void fit_cells() {
    KmeansOptions options;
    options.cells = cells_;
    options.spherical = options_.metric == Metric::cosine;
    options.coded = coded();
    options.seed = options_.seed;
    options.threads = options_.threads;
    centroids_ =
        kmeans(survey_.sample, survey_.sample.size() / source_.dims, source_.dims, options);
    survey_.sample = {};
  }

  [[nodiscard]] bool coded() const {
    if (options_.assignment == CellAssignment::automatic) return cells_ >= kCodedCells;
    return options_.assignment == CellAssignment::coded;
  }

  void assign(const std::vector<float>& rows, std::size_t n, std::uint32_t* cells,
              std::uint32_t* second) const {
    std::vector<float> scores(n);
    const unsigned threads = options_.threads;
    if (coded())
      CodeAssigner{centroids_, source_.dims}.assign(rows.data(), n, threads, cells,
                                                    scores.data(), second);
    else
      Assigner{centroids_, source_.dims}.assign(rows.data(), n, threads, cells, scores.data(),
                                                second);
  }

  void code_rows() {
    first_cells_.reserve(source_.items);
    VectorBlock batch;
    batch.dim = source_.dims;
    source_.visit([&](const VectorBlock& block) {
      for (std::size_t i = 0; i < block.size(); ++i)
        batch.push_back(block.embedding_ids[i], block.atom_ids[i], block.row(i));
      if (batch.size() >= kBatchRows) code_batch(batch);
    });
    code_batch(batch);
    if (first_cells_.size() != source_.items) changed();
  }

  void code_batch(VectorBlock& batch) {
    const std::size_t n = batch.size();
    const std::size_t before = first_cells_.size();
    if (before + n > source_.items) changed();
    std::vector<float> rows;
    compared_rows(batch, rows);
    first_cells_.resize(before + n);
    second_cells_.resize(before + n);
    codes_.resize(before + n);
    bits_.resize((before + n) * packed_bytes());
    embedding_ids_.insert(embedding_ids_.end(), batch.embedding_ids.begin(),
                          batch.embedding_ids.end());
    atom_ids_.insert(atom_ids_.end(), batch.atom_ids.begin(), batch.atom_ids.end());
    assign(rows, n, first_cells_.data() + before, second_cells_.data() + before);
    parallel_for(n, kRowsPerThread, options_.threads, [&](std::size_t begin, std::size_t end) {
      CodeMaker maker{rotation_, survey_.mean};
      std::vector<std::uint8_t> segments(rotation_.padded() / kDimsPerSegment);
      for (std::size_t i = begin; i < end; ++i) {
        const std::span<const float> row{rows.data() + i * source_.dims, source_.dims};
        codes_[before + i] = maker.make(row, offset_of(row), segments);
        pack_segments(segments, bits_.data() + (before + i) * packed_bytes());
      }
    });
    batch.clear();
    if (progress_) progress_(first_cells_.size());
  }

  [[nodiscard]] float offset_of(std::span<const float> row) const {
    return options_.metric == Metric::l2 ? -tensor::dot(row, row) / 2 : 0;
  }
  [[nodiscard]] std::size_t packed_bytes() const { return rotation_.padded() / 8; }

  [[nodiscard]] CellFileInfo file_info() {
    members_.assign(cells_, {});
    for (std::uint32_t i = 0; i < source_.items; ++i) members_[first_cells_[i]].push_back(i);
    positions_.resize(source_.items);
    std::uint32_t next = 0;
    for (const auto& cell : members_) {
      first_positions_.push_back(next);
      for (const std::uint32_t row : cell) positions_[row] = next++;
    }
    first_positions_.push_back(next);
    for (std::uint32_t i = 0; i < source_.items; ++i)
      if (second_cells_[i] != first_cells_[i]) members_[second_cells_[i]].push_back(i);
    CellFileInfo info;
    info.dims = source_.dims;
    info.items = source_.items;
    info.cells = cells_;
    for (const auto& cell : members_)
      info.blocks += (cell.size() + kCodesPerBlock - 1) / kCodesPerBlock;
    info.seed = options_.seed;
    info.generation = owner_.generation;
    info.tenant_id = owner_.tenant_id;
    info.embedding_model_id = owner_.embedding_model_id;
    info.last_embedding_id = owner_.last_embedding_id;
    info.metric = options_.metric;
    info.storage = options_.storage;
    info.unit = survey_.unit;
    // Unit vectors in f32 under the cosine or the product: the product is the score.
    info.weighted = options_.storage == VectorStorage::int8 || options_.metric == Metric::l2 ||
                    (options_.metric == Metric::cosine && !survey_.unit &&
                     options_.storage == VectorStorage::f32) ||
                    (options_.metric == Metric::dot && options_.storage == VectorStorage::f16);
    return info;
  }

  void write_cells(CellFileWriter& writer) {
    std::copy(survey_.mean.begin(), survey_.mean.end(), writer.mean().begin());
    std::copy(centroids_.begin(), centroids_.end(), writer.centroids().begin());
    std::copy(first_positions_.begin(), first_positions_.end(),
              writer.first_positions().begin());
    write_centroid_codes(writer);
    std::vector<std::uint8_t> segments(rotation_.padded() / kDimsPerSegment);
    std::uint32_t block = 0;
    for (std::size_t c = 0; c < cells_; ++c) {
      writer.first_blocks()[c] = block;
      const auto& cell = members_[c];
      for (std::size_t i = 0; i < cell.size(); ++i) {
        unpack_segments(bits_.data() + cell[i] * packed_bytes(), segments);
        put_code(writer.code_block(block + i / kCodesPerBlock), i % kCodesPerBlock,
                 codes_[cell[i]], positions_[cell[i]], segments);
      }
      block += static_cast<std::uint32_t>((cell.size() + kCodesPerBlock - 1) / kCodesPerBlock);
      if (cell.size() % kCodesPerBlock != 0)
        close_block(writer.code_block(block - 1), cell.size() % kCodesPerBlock);
    }
    writer.first_blocks()[cells_] = block;
    bits_ = {};
    codes_ = {};
    write_ids(writer);
  }

  void write_centroid_codes(CellFileWriter& writer) {
    CodeMaker maker{rotation_, survey_.mean};
    std::vector<std::uint8_t> segments(rotation_.padded() / kDimsPerSegment);
    const std::size_t bytes = code_block_bytes(rotation_.padded());
    for (std::size_t c = 0; c < cells_; ++c) {
      const std::span<const float> centroid{centroids_.data() + c * source_.dims, source_.dims};
      put_code(writer.centroid_blocks() + c / kCodesPerBlock * bytes, c % kCodesPerBlock,
               maker.make(centroid, offset_of(centroid), segments),
               static_cast<std::uint32_t>(c), segments);
    }
  }

  void write_ids(CellFileWriter& writer) {
    for (std::size_t i = 0; i < source_.items; ++i) {
      writer.embedding_ids()[positions_[i]] = embedding_ids_[i];
      writer.atom_ids()[positions_[i]] = atom_ids_[i];
      writer.by_embedding()[i] = positions_[i];
    }
    auto by_atom = writer.by_atom();
    std::vector<std::uint32_t> order(source_.items);
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return atom_ids_[a] < atom_ids_[b]; });
    for (std::size_t i = 0; i < order.size(); ++i) by_atom[i] = positions_[order[i]];
    embedding_ids_ = {};
    atom_ids_ = {};
  }

  void write_vectors(CellFileWriter& writer) {
    std::size_t row = 0;
    source_.visit([&](const VectorBlock& block) {
      for (std::size_t i = 0; i < block.size(); ++i, ++row) {
        if (row >= source_.items) changed();
        const std::uint32_t position = positions_[row];
        writer.set_weights(position, pack_vector(block.row(i), options_.metric,
                                                 options_.storage, writer.vector(position)));
      }
    });
    if (row != source_.items) changed();
  }

  [[noreturn]] static void changed() {
    throw Error{Fault::internal, "the vectors changed while they were indexed"};
  }

  const CellSource& source_;
  const CellBuildOptions& options_;
  const CellOwner& owner_;
  const std::function<void(std::uint64_t)>& progress_;
  std::size_t cells_;
  RandomRotation rotation_;
  Survey survey_;
  std::vector<float> centroids_;                     ///< (cells, dims)
  std::vector<std::uint32_t> first_cells_;           ///< by row
  std::vector<std::uint32_t> second_cells_;          ///< by row
  std::vector<VectorCode> codes_;                    ///< by row
  std::vector<std::uint8_t> bits_;                   ///< (rows, packed bytes)
  std::vector<std::int64_t> embedding_ids_;          ///< by row
  std::vector<std::int64_t> atom_ids_;               ///< by row
  std::vector<std::uint32_t> first_positions_;       ///< by cell
  std::vector<std::uint32_t> positions_;             ///< by row
  std::vector<std::vector<std::uint32_t>> members_;  ///< rows of a cell, those at home first
};

}  // namespace

std::size_t default_cells(std::size_t items) noexcept {
  const auto root = static_cast<std::size_t>(std::sqrt(static_cast<double>(items)));
  const std::size_t wanted = std::clamp(items / 100, 4 * root, 16 * root);
  return std::max<std::size_t>(1, std::min(wanted, items / 32));
}

std::vector<CellCalibration> build_cell_file(
    const CellSource& source, const CellBuildOptions& options, const CellOwner& owner,
    const std::string& path, const std::function<void(std::uint64_t)>& progress) {
  return Builder{source, options, owner, progress}.build(path);
}

}  // namespace hart::index
