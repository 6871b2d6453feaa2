#include <algorithm>
#include <array>

#include "core/parallel.h"
#include "nn/linear.h"
#include "nn/transformer_state.h"

namespace hart::nn {
namespace {

/// Multiply-adds of attention below which another thread costs more than it saves.
constexpr std::size_t kAttentionGrain = std::size_t{1} << 20;
/// Rows whose queries pass over a tile of keys while it is in the caches.
constexpr std::size_t kRowChunk = 16;

}  // namespace

void TransformerSession::State::turn(const Angles& angles, std::size_t row, float* x,
                                     std::uint32_t n_heads) const {
  const std::size_t pairs = p.rope.dims / 2;
  rotate_pairs(p.rope_pairing, x, n_heads, p.head_dim, pairs,
               angles.cosines.data() + row * pairs, angles.sines.data() + row * pairs);
}

void TransformerSession::State::project(const TransformerBlock& block, const float* input,
                                        std::size_t rows, std::size_t first) {
  const std::size_t count = rows - first;
  float* queries = query.data() + first * p.q_dim();
  apply(block.attn_k, input, rows, key.data(), threads);
  apply(block.attn_v, input, rows, value.data(), threads);
  apply(block.attn_q, input + first * p.n_embd, count, queries, threads);
  norm_rows(block.k_norm, key.data(), rows * p.n_kv_heads, p.head_dim, key.data());
  norm_rows(block.q_norm, queries, count * p.n_heads, p.head_dim, queries);
}

void TransformerSession::State::attention_block(const TransformerBlock& block,
                                                std::uint32_t layer, std::size_t rows,
                                                std::size_t first) {
  const float* input = input_rows(block.attn_norm, 0, rows);
  show_input(layer, {"attn_q", "attn_k", "attn_v"}, input, rows, p.n_embd);
  project(block, input, rows, first);
  const bool has_own_angles = p.is_windowed(layer) && window_angles_.table != nullptr;
  const Angles& angles = has_own_angles ? window_angles_ : angles_;
  for (std::size_t row = 0; row < rows; ++row) {
    float* row_key = key.data() + row * p.kv_dim();
    if (angles.table != nullptr) {
      turn(angles, row, row_key, p.n_kv_heads);
      if (row >= first) turn(angles, row, query.data() + row * p.q_dim(), p.n_heads);
    }
    cache.store(layer, position + static_cast<std::uint32_t>(row), row_key,
                value.data() + row * p.kv_dim());
  }
  attend(layer, rows, first);
  const float* output = mixed.data() + first * p.q_dim();
  show_input(layer, {"attn_output"}, output, rows - first, p.q_dim());
  apply(block.attn_output, output, rows - first, normed.data(), threads);
  add_output(block.post_attn_norm, first, rows - first);
}

/// Attention of the query heads that share `kv_head`, for rows [first, last) of `rows`.
void TransformerSession::State::attend_rows(std::uint32_t layer, std::uint32_t kv_head,
                                            std::size_t first, std::size_t last,
                                            std::size_t rows) noexcept {
  const cpu::AttentionShape shape{p.head_dim, p.attention_scale, p.attention_softcap};
  const std::uint32_t group = p.n_heads / p.n_kv_heads;
  const std::size_t window = p.is_windowed(layer) ? p.window : context_length;
  const auto seen = [&](std::size_t row) {
    return architecture.is_causal ? position + row + 1 : position + rows;
  };
  const auto begin_of = [&](std::size_t row) {
    return seen(row) > window && architecture.is_causal ? seen(row) - window : 0;
  };
  std::array<float, 2 * cpu::kTile> scratch;
  for (std::size_t tile = begin_of(first) / cpu::kTile * cpu::kTile; tile < seen(last - 1);
       tile += cpu::kTile) {
    const cpu::KvBlocks blocks = cache.blocks(layer, kv_head, tile);
    for (std::size_t row = first; row < last; ++row) {
      const std::size_t begin = std::max(begin_of(row), tile);
      const std::size_t end = std::min(seen(row), tile + cpu::kTile);
      if (begin >= end) continue;
      for (std::uint32_t head = kv_head * group; head < (kv_head + 1) * group; ++head) {
        const std::size_t at = row * p.q_dim() + std::size_t{head} * p.head_dim;
        cpu::ops().attend_tile(shape, query.data() + at, blocks, begin - tile, end - tile,
                               scratch.data(), softmax_[row * p.n_heads + head],
                               mixed.data() + at);
      }
    }
  }
  for (std::size_t row = first; row < last; ++row)
    for (std::uint32_t head = kv_head * group; head < (kv_head + 1) * group; ++head)
      cpu::finish_attention(softmax_[row * p.n_heads + head], p.head_dim,
                            mixed.data() + row * p.q_dim() + std::size_t{head} * p.head_dim);
}

void TransformerSession::State::attend(std::uint32_t layer, std::size_t rows,
                                       std::size_t first) {
  const std::size_t chunks = (rows - first + kRowChunk - 1) / kRowChunk;
  const std::size_t units = chunks * p.n_kv_heads;
  std::fill_n(mixed.data() + first * p.q_dim(), (rows - first) * p.q_dim(), 0.0f);
  softmax_.assign(rows * p.n_heads, {});
  const auto attend_units = [&](std::size_t begin, std::size_t end) {
    for (std::size_t unit = begin; unit < end; ++unit) {
      const std::size_t from = first + unit % chunks * kRowChunk;
      attend_rows(layer, static_cast<std::uint32_t>(unit / chunks), from,
                  std::min(from + kRowChunk, rows), rows);
    }
  };
  const std::size_t work =
      2 * (rows - first) * (position + rows) * p.head_dim * p.n_heads / units;
  const std::size_t grain = std::max<std::size_t>(1, kAttentionGrain / (work + 1));
  if (threads <= 1 || grain >= units) return attend_units(0, units);
  parallel_for(units, grain, threads, attend_units);
}

}  // namespace hart::nn
