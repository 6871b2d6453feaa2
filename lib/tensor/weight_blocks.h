#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

#include "core/bytes.h"
#include "tensor/rans.h"
#include "tensor/weight_counter.h"
#include "tensor/weight_format.h"
#include "tensor/weight_kernels.h"

namespace hart::tensor {

// Encoding of the blocks that use frequency tables. `plan` looks at all blocks of a segment
// that have the method and makes their common tables; `write` then appends the payload of one.

/// A block of the segment at hand.
struct BlockPlan {
  BlockMethod method = BlockMethod::raw;
  std::size_t begin = 0;    ///< first element
  std::size_t size = 0;     ///< elements
  bool try_planes = false;  ///< byte planes may turn out shorter
};

/// The buffer's memory, at least `n` items of it.
template <typename T> T* room(std::vector<T>& buffer, std::size_t n) {
  if (buffer.size() < n) buffer.resize(n);
  return buffer.data();
}

/// Encodes sequences of symbols and appends states and words. Keeps its buffer.
class RansOutput {
 public:
  explicit RansOutput(const WeightKernels& kernels) : kernels_{&kernels} {}

  /// Begins a payload of at most `symbols` symbols.
  void start(std::size_t symbols);
  /// The sequence that is decoded last comes first.
  void encode(const RansSymbol* table, const std::uint8_t* contexts,
              const std::uint8_t* symbols, std::size_t n) noexcept;
  void finish(ByteBuffer& out) const { rans_finish(writer_, end_, out); }

 private:
  const WeightKernels* kernels_;
  RansWriter writer_{};
  const std::uint8_t* end_ = nullptr;
  std::vector<std::uint8_t> words_;
};

/// Dense and sparse blocks.
class DifferenceEncoder {
 public:
  explicit DifferenceEncoder(const WeightKernels& kernels)
      : kernels_{&kernels}, rans_{kernels} {}

  /// `moved` is about how many differences are going to be coded.
  DifferenceParameters plan(const WeightFormat& format, ByteView values, ByteView base,
                            std::span<const BlockPlan> plans, std::uint64_t moved);
  [[nodiscard]] const RansTables& tables() const noexcept { return tables_; }
  void write(std::size_t block, const BlockPlan& plan, ByteBuffer& out);

 private:
  struct Block {
    std::size_t coded = 0;  ///< differences
    std::size_t bits_begin = 0, bits_end = 0;
  };

  template <typename T>
  void plan_blocks(ByteView values, ByteView base, std::span<const BlockPlan> plans,
                   const ExponentRange& range, const DifferenceKernels<T>& kernels);
  template <typename T>
  void plan_piece(const BlockPlan& plan, Block& block, const std::uint8_t* values,
                  const std::uint8_t* base, std::size_t at, const ExponentRange& range,
                  const DifferenceKernels<T>& kernels, BitWriter& bits);

  const WeightKernels* kernels_;
  RansOutput rans_;
  SymbolCounter counter_;
  RansTables tables_;
  const RansSymbol* encoder_ = nullptr;
  std::uint8_t flag_context_ = 0;
  std::vector<Block> blocks_;
  std::tuple<std::vector<std::uint16_t>, std::vector<std::uint32_t>> z_;
  // Symbols and contexts of a block begin at its first element, flags at a fourth of that.
  std::vector<std::uint8_t> symbols_, contexts_, flags_, flag_contexts_, bits_;
};

/// Plain blocks.
class PlainEncoder {
 public:
  explicit PlainEncoder(const WeightKernels& kernels) : kernels_{&kernels}, rans_{kernels} {}

  PlainParameters plan(const WeightFormat& format, ByteView values,
                       std::span<const BlockPlan> plans, const RowPieces& pieces);
  [[nodiscard]] const RansTables& tables() const noexcept { return tables_; }
  void write(std::size_t block, const BlockPlan& plan, ByteBuffer& out);

 private:
  struct Block {
    std::size_t first_piece = 0, end_piece = 0;
    std::uint16_t lower_any = 0;  ///< OR of the lower halves
  };
  struct Piece {
    std::size_t begin, end;
  };

  void load_upper(const WeightFormat& format, ByteView values, const BlockPlan& plan,
                  Block& block);
  void choose_split(std::span<const BlockPlan> plans);
  void split_block(const BlockPlan& plan, Block& block, const RowPieces& pieces);
  std::size_t count_classes();
  void write_low(const BlockPlan& plan, ByteBuffer& out) const;
  void write_lower(const BlockPlan& plan, const Block& block, ByteBuffer& out) const;

  const WeightKernels* kernels_;
  RansOutput rans_;
  SymbolCounter counter_;
  RansTables tables_;
  const RansSymbol* encoder_ = nullptr;
  PlainSplit split_;
  bool has_lower_ = false;
  std::vector<Block> blocks_;
  std::vector<Piece> pieces_;
  std::vector<std::uint32_t> means_;
  std::vector<std::uint8_t> classes_;
  // By element of the segment.
  std::vector<std::uint16_t> upper_, lower_;
  std::vector<std::uint8_t> symbols_, low_, contexts_;
};

}  // namespace hart::tensor
