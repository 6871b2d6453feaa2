#include "tensor/weight_kernels_body.h"

#if defined(__x86_64__)

#include <immintrin.h>

namespace hart::tensor {
namespace {

// For each mask of eight lanes: which lanes are set, packed to the front (`pack`) or to the
// back
// (`pack_back`), and which packed item each set lane gets (`spread`); the rest is 0x80, for
// which a shuffle gives 0.
struct LaneOrders {
  alignas(64) std::uint8_t pack[256][8];
  alignas(64) std::uint8_t pack_back[256][8];
  alignas(64) std::uint8_t spread[256][8];
};

constexpr LaneOrders make_lane_orders() noexcept {
  LaneOrders orders{};
  for (unsigned mask = 0; mask < 256; ++mask) {
    unsigned count = 0;
    for (unsigned lane = 0; lane < 8; ++lane) {
      orders.pack[mask][lane] = orders.pack_back[mask][lane] = orders.spread[mask][lane] = 0x80;
      if ((mask >> lane & 1) == 0) continue;
      orders.pack[mask][count] = std::uint8_t(lane);
      orders.spread[mask][lane] = std::uint8_t(count++);
    }
    for (unsigned i = 0; i < count; ++i)
      orders.pack_back[mask][8 - count + i] = orders.pack[mask][i];
  }
  return orders;
}
constexpr LaneOrders kOrders = make_lane_orders();

__m128i order_bytes(const std::uint8_t* order) noexcept {
  return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(order));
}
/// Shuffle control for 16-bit lanes; 0x80 stays above 0x7f in both bytes.
__m128i order_words(const std::uint8_t* order) noexcept {
  const __m128i lanes = order_bytes(order);
  const __m128i both = _mm_unpacklo_epi8(lanes, lanes);
  const __m128i doubled = _mm_add_epi8(_mm_and_si128(both, _mm_set1_epi8(0x7f)),
                                       _mm_and_si128(both, _mm_set1_epi8(0x7f)));
  return _mm_or_si128(_mm_add_epi8(doubled, _mm_set1_epi16(0x0100)),
                      _mm_and_si128(both, _mm_set1_epi8(char(0x80))));
}

__m128i load_128(const void* at) noexcept {
  return _mm_loadu_si128(static_cast<const __m128i*>(at));
}
__m256i load_256(const void* at) noexcept {
  return _mm256_loadu_si256(static_cast<const __m256i*>(at));
}
void save_128(void* at, __m128i x) noexcept {
  _mm_storeu_si128(static_cast<__m128i*>(at), x);
}
void save_256(void* at, __m256i x) noexcept {
  _mm256_storeu_si256(static_cast<__m256i*>(at), x);
}

/// Eight contexts in the order `pack`; eight bytes are written.
void pack_contexts(const std::uint8_t* from, unsigned mask, std::uint8_t* to) noexcept {
  const __m128i packed = _mm_shuffle_epi8(order_bytes(from), order_bytes(kOrders.pack[mask]));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), packed);
}

void save_flags(std::uint8_t* flags, unsigned mask) noexcept {
  flags[0] = mask & 15;
  flags[1] = std::uint8_t(mask >> 4);
}

unsigned load_flags(const std::uint8_t* flags) noexcept {
  return unsigned(flags[0] & 15) | unsigned(flags[1] & 15) << 4;
}

/// The last elements, fewer than eight, as the portable loop does them.
template <typename T>
std::size_t gather_tail(T* z, std::uint8_t* ctx, std::size_t from, std::size_t n,
                        std::uint8_t* flags, std::size_t kept) noexcept {
  std::size_t more = gather<T>(z + from, ctx + from, n - from, flags + from / 4);
  for (std::size_t i = 0; i < more; ++i) {
    z[kept + i] = z[from + i];
    ctx[kept + i] = ctx[from + i];
  }
  return kept + more;
}

std::size_t gather_half(std::uint16_t* z, std::uint8_t* ctx, std::size_t n,
                        std::uint8_t* flags) noexcept {
  std::size_t kept = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m128i v = load_128(z + i);
    const __m128i zero = _mm_cmpeq_epi16(v, _mm_setzero_si128());
    const unsigned mask =
        ~unsigned(_mm_movemask_epi8(_mm_packs_epi16(zero, _mm_setzero_si128()))) & 0xff;
    const __m128i less = _mm_sub_epi16(v, _mm_set1_epi16(1));
    save_128(z + kept, _mm_shuffle_epi8(less, order_words(kOrders.pack[mask])));
    pack_contexts(ctx + i, mask, ctx + kept);
    save_flags(flags + i / 4, mask);
    kept += unsigned(_mm_popcnt_u32(mask));
  }
  return i < n ? gather_tail(z, ctx, i, n, flags, kept) : kept;
}

std::size_t gather_single(std::uint32_t* z, std::uint8_t* ctx, std::size_t n,
                          std::uint8_t* flags) noexcept {
  std::size_t kept = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256i v = load_256(z + i);
    const __m256i zero = _mm256_cmpeq_epi32(v, _mm256_setzero_si256());
    const unsigned mask = ~unsigned(_mm256_movemask_ps(_mm256_castsi256_ps(zero))) & 0xff;
    const __m256i less = _mm256_sub_epi32(v, _mm256_set1_epi32(1));
    const __m256i order = _mm256_cvtepu8_epi32(order_bytes(kOrders.pack[mask]));
    save_256(z + kept, _mm256_permutevar8x32_epi32(less, order));
    pack_contexts(ctx + i, mask, ctx + kept);
    save_flags(flags + i / 4, mask);
    kept += unsigned(_mm_popcnt_u32(mask));
  }
  return i < n ? gather_tail(z, ctx, i, n, flags, kept) : kept;
}

std::size_t scatter_half(const std::uint8_t* flags, const std::uint16_t* nonzero, std::size_t n,
                         std::uint16_t* out) noexcept {
  std::size_t used = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    const unsigned mask = load_flags(flags + i / 4);
    const __m128i more = _mm_add_epi16(load_128(nonzero + used), _mm_set1_epi16(1));
    save_128(out + i, _mm_shuffle_epi8(more, order_words(kOrders.spread[mask])));
    used += unsigned(_mm_popcnt_u32(mask));
  }
  return used + scatter<std::uint16_t>(flags + i / 4, nonzero + used, n - i, out + i);
}

std::size_t scatter_single(const std::uint8_t* flags, const std::uint32_t* nonzero,
                           std::size_t n, std::uint32_t* out) noexcept {
  std::size_t used = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    const unsigned mask = load_flags(flags + i / 4);
    const __m256i more = _mm256_add_epi32(load_256(nonzero + used), _mm256_set1_epi32(1));
    // Sign-extended, 0x80 is a negative lane; permutation ignores that, so it is masked here.
    const __m256i order = _mm256_cvtepi8_epi32(order_bytes(kOrders.spread[mask]));
    const __m256i unset = _mm256_srai_epi32(order, 31);
    save_256(out + i, _mm256_andnot_si256(unset, _mm256_permutevar8x32_epi32(more, order)));
    used += unsigned(_mm_popcnt_u32(mask));
  }
  return used + scatter<std::uint32_t>(flags + i / 4, nonzero + used, n - i, out + i);
}

std::size_t gather_contexts_avx2(const std::uint8_t* flags, const std::uint8_t* ctx,
                                 std::size_t n, std::uint8_t* packed) noexcept {
  std::size_t kept = 0, i = 0;
  for (; i + 8 <= n; i += 8) {
    const unsigned mask = load_flags(flags + i / 4);
    pack_contexts(ctx + i, mask, packed + kept);
    kept += unsigned(_mm_popcnt_u32(mask));
  }
  return kept + gather_contexts(flags + i / 4, ctx + i, n - i, packed + kept);
}

void to_symbols_half(const std::uint16_t* z, std::size_t n, std::uint8_t* symbols,
                     BitWriter& bits) noexcept {
  const __m256i direct = _mm256_set1_epi16(kDirectSymbols - 1);
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256i v = load_256(z + i);
    const __m256i over = _mm256_subs_epu16(v, direct);
    const __m256i small = _mm256_min_epu16(v, direct);
    const __m256i bytes =
        _mm256_permute4x64_epi64(_mm256_packus_epi16(small, small), 0b11'01'10'00);
    save_128(symbols + i, _mm256_castsi256_si128(bytes));
    if (_mm256_testz_si256(over, over)) continue;
    to_symbols<std::uint16_t>(z + i, 16, symbols + i, bits);
  }
  to_symbols<std::uint16_t>(z + i, n - i, symbols + i, bits);
}

bool from_symbols_half(const std::uint8_t* symbols, std::size_t n, std::uint16_t* z,
                       BitReader& bits) noexcept {
  const __m128i direct = _mm_set1_epi8(kDirectSymbols - 1);
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m128i s = load_128(symbols + i);
    save_256(z + i, _mm256_cvtepu8_epi16(s));
    const __m128i over = _mm_subs_epu8(s, direct);
    if (_mm_testz_si128(over, over)) continue;
    if (!from_symbols<std::uint16_t>(symbols + i, 16, z + i, bits)) return false;
  }
  return from_symbols<std::uint16_t>(symbols + i, n - i, z + i, bits);
}

void contexts_half(const std::uint8_t* base, std::size_t n, const ExponentRange& range,
                   std::uint8_t* out) noexcept {
  const __m256i mask = _mm256_set1_epi16(range.exponent_mask);
  const __m256i top = _mm256_set1_epi16(short(range.top));
  const __m256i last = _mm256_set1_epi16(range.last);
  const __m128i shift = _mm_cvtsi32_si128(range.mantissa_bits);
  const auto below = [&](const std::uint8_t* at) {
    const __m256i exponent = _mm256_and_si256(_mm256_srl_epi16(load_256(at), shift), mask);
    return _mm256_min_epu16(_mm256_subs_epu16(top, exponent), last);
  };
  std::size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    const __m256i both = _mm256_packus_epi16(below(base + 2 * i), below(base + 2 * i + 32));
    save_256(out + i, _mm256_permute4x64_epi64(both, 0b11'01'10'00));
  }
  contexts<std::uint16_t>(base + 2 * i, n - i, range, out + i);
}

/// Unsigned 32-bit lanes as floats, rounded to nearest twice at most: within 2^-23 of them.
__m256 to_float(__m256i x) noexcept {
  const __m256 high = _mm256_cvtepi32_ps(_mm256_srli_epi32(x, 16));
  const __m256 low = _mm256_cvtepi32_ps(_mm256_and_si256(x, _mm256_set1_epi32(0xffff)));
  return _mm256_fmadd_ps(high, _mm256_set1_ps(65536), low);
}

/// One step of eight states, given frequency << 16 | sum of those before it. Words of the
/// states that are too high go below `next`, of which 16 bytes may be written.
__m256i encode_eight(__m256i x, __m256i symbol, std::uint8_t*& next) noexcept {
  const __m256i f = _mm256_srli_epi32(symbol, 16);
  const __m256i limit = _mm256_slli_epi32(f, 32 - kRansBits);
  const __m256i high = _mm256_cmpeq_epi32(_mm256_max_epu32(x, limit), x);
  const auto mask = unsigned(_mm256_movemask_ps(_mm256_castsi256_ps(high)));
  const __m256i low = _mm256_and_si256(x, _mm256_set1_epi32(0xffff));
  const __m128i words =
      _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
  save_128(next - 16, _mm_shuffle_epi8(words, order_words(kOrders.pack_back[mask])));
  next -= 2 * unsigned(_mm_popcnt_u32(mask));
  x = _mm256_blendv_epi8(x, _mm256_srli_epi32(x, 16), high);

  // x / f is below 2^20, so the quotient of the floats is at most one off.
  const __m256 ratio = _mm256_div_ps(to_float(x), _mm256_cvtepi32_ps(f));
  __m256i q = _mm256_cvttps_epi32(ratio);
  __m256i rest = _mm256_sub_epi32(x, _mm256_mullo_epi32(q, f));
  const __m256i negative = _mm256_srai_epi32(rest, 31);
  q = _mm256_add_epi32(q, negative);
  rest = _mm256_add_epi32(rest, _mm256_and_si256(negative, f));
  const __m256i fits = _mm256_cmpgt_epi32(f, rest);
  q = _mm256_add_epi32(q, _mm256_andnot_si256(fits, _mm256_set1_epi32(1)));
  rest = _mm256_sub_epi32(rest, _mm256_andnot_si256(fits, f));
  const __m256i start = _mm256_and_si256(symbol, _mm256_set1_epi32(0xffff));
  return _mm256_add_epi32(_mm256_slli_epi32(q, kRansBits), _mm256_add_epi32(rest, start));
}

/// The table's entries of eight symbols.
__m256i symbols_of(const RansSymbol* table, const std::uint8_t* contexts,
                   const std::uint8_t* symbols) noexcept {
  const __m256i context = _mm256_cvtepu8_epi32(order_bytes(contexts));
  const __m256i symbol = _mm256_cvtepu8_epi32(order_bytes(symbols));
  const __m256i at = _mm256_or_si256(_mm256_slli_epi32(context, 8), symbol);
  static_assert(sizeof(RansSymbol) == 16 && offsetof(RansSymbol, packed) == 8);
  const auto* first = reinterpret_cast<const int*>(&table->packed);
  return _mm256_i32gather_epi32(first, _mm256_slli_epi32(at, 2), 4);
}

void rans_encode_avx2(const RansSymbol* table, const std::uint8_t* contexts,
                      const std::uint8_t* symbols, std::size_t n, RansWriter& writer) noexcept {
  static_assert(kRansLanes == 32);
  const std::size_t whole = n / kRansLanes * kRansLanes;
  rans_encode(table, contexts + whole, symbols + whole, n - whole, writer);
  __m256i x[4];
  for (int v = 0; v < 4; ++v) x[v] = load_256(writer.states + 8 * v);
  std::uint8_t* next = writer.next;
  for (std::size_t i = whole; i > 0;) {
    i -= kRansLanes;
#pragma GCC unroll 4
    for (int v = 3; v >= 0; --v) {
      const __m256i symbol = symbols_of(table, contexts + i + 8 * v, symbols + i + 8 * v);
      x[v] = encode_eight(x[v], symbol, next);
    }
  }
  for (int v = 0; v < 4; ++v) save_256(writer.states + 8 * v, x[v]);
  writer.next = next;
}

/// Eight states: looks the symbols up and returns the table's entries.
__m256i decode_eight(const std::uint32_t* table, const std::uint8_t* contexts,
                     __m256i& x) noexcept {
  const __m256i context = _mm256_cvtepu8_epi32(order_bytes(contexts));
  const __m256i slot = _mm256_and_si256(x, _mm256_set1_epi32(kRansTotal - 1));
  const __m256i at = _mm256_or_si256(_mm256_slli_epi32(context, kRansBits), slot);
  const __m256i entry = _mm256_i32gather_epi32(reinterpret_cast<const int*>(table), at, 4);
  const __m256i f = _mm256_and_si256(_mm256_srli_epi32(entry, 8), _mm256_set1_epi32(0xfff));
  x = _mm256_add_epi32(_mm256_mullo_epi32(f, _mm256_srli_epi32(x, kRansBits)),
                       _mm256_srli_epi32(entry, 20));
  return entry;
}

/// Gives the low states the next words, lowest lane first; 16 bytes at `next` are read.
void refill_eight(__m256i& x, const std::uint8_t*& next) noexcept {
  const __m256i low = _mm256_cmpeq_epi32(_mm256_srli_epi32(x, 16), _mm256_setzero_si256());
  const auto mask = unsigned(_mm256_movemask_ps(_mm256_castsi256_ps(low)));
  const __m256i words = _mm256_cvtepu16_epi32(load_128(next));
  const __m256i order = _mm256_cvtepu8_epi32(order_bytes(kOrders.spread[mask]));
  const __m256i mine = _mm256_permutevar8x32_epi32(words, order);
  x = _mm256_blendv_epi8(x, _mm256_or_si256(_mm256_slli_epi32(x, 16), mine), low);
  next += 2 * unsigned(_mm_popcnt_u32(mask));
}

/// The low bytes of 4 × 8 entries, in order.
void save_symbols(std::uint8_t* symbols, const __m256i* entry) noexcept {
  const __m256i byte = _mm256_set1_epi32(0xff);
  const __m256i ab =
      _mm256_packus_epi32(_mm256_and_si256(entry[0], byte), _mm256_and_si256(entry[1], byte));
  const __m256i cd =
      _mm256_packus_epi32(_mm256_and_si256(entry[2], byte), _mm256_and_si256(entry[3], byte));
  const __m256i all = _mm256_packus_epi16(ab, cd);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  save_256(symbols, _mm256_permutevar8x32_epi32(all, order));
}

bool rans_decode_avx2(const std::uint32_t* table, const std::uint8_t* contexts,
                      std::uint8_t* symbols, std::size_t n, RansReader& reader) noexcept {
  static_assert(kRansLanes == 32);
  __m256i x[4], entry[4];
  for (int v = 0; v < 4; ++v) x[v] = load_256(reader.states + 8 * v);
  const std::uint8_t* next = reader.next;
  std::size_t i = 0;
  for (; i + 32 <= n && reader.end - next >= 64; i += 32) {
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) entry[v] = decode_eight(table, contexts + i + 8 * v, x[v]);
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) refill_eight(x[v], next);
    save_symbols(symbols + i, entry);
  }
  for (int v = 0; v < 4; ++v) save_256(reader.states + 8 * v, x[v]);
  reader.next = next;
  return rans_decode_tail(table, contexts, symbols, n, i, reader);
}

}  // namespace

WeightKernels avx2_weight_kernels() noexcept {
  WeightKernels kernels = portable_kernels();
  kernels.name = "avx2";
  kernels.half.gather = gather_half;
  kernels.half.scatter = scatter_half;
  kernels.half.to_symbols = to_symbols_half;
  kernels.half.from_symbols = from_symbols_half;
  kernels.single.gather = gather_single;
  kernels.single.scatter = scatter_single;
  kernels.gather_contexts = gather_contexts_avx2;
  kernels.half.contexts = contexts_half;
  kernels.rans_encode = rans_encode_avx2;
  kernels.rans_decode = rans_decode_avx2;
  return kernels;
}

}  // namespace hart::tensor

#endif
