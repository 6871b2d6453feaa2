// Any bytes as a coded segment: refused with Fault::data, or decoded, by every kernel alike.
// Any bytes as weights: they come back from the codec, whole and in part.

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/endian.h"
#include "core/error.h"
#include "fuzz_check.h"
#include "tensor/weight_codec.h"
#include "tensor/weight_kernels.h"

namespace {

using namespace hart;
using namespace hart::tensor;

constexpr DType kTypes[] = {DType::bf16, DType::f16, DType::f32};
constexpr std::size_t kMostBytes = 600'000;  // three blocks: larger segments only take longer

/// The base of every delta of the corpus: floats of a few exponents in any of the types.
ByteBuffer make_base(std::size_t size) {
  ByteBuffer base(size);
  for (std::size_t i = 0; i < size; ++i)
    base[i] = i % 2 == 0 ? std::uint8_t(i * 2654435761u >> 11) : std::uint8_t(0x38 + i / 2 % 5);
  return base;
}

/// What a stream decodes to; nothing when it is refused.
std::optional<ByteBuffer> decoded(const WeightKernels& kernels, ByteView coded, ByteView base,
                                  std::size_t size) {
  ByteBuffer out(size);
  try {
    WeightDecoder decoder{kernels};
    decoder.decode(coded, base, out);
  } catch (const Error& error) {
    HART_FUZZ_CHECK(error.fault() == Fault::data);
    return std::nullopt;
  }
  return out;
}

void check_stream(ByteView coded) {
  // The type, the flags and the number of elements stand in the first eight bytes.
  if (coded.size() < 8) return;
  const std::uint64_t size =
      std::uint64_t{load_le<std::uint32_t>(&coded[4])} * (coded[1] == 2 ? 4 : 2);
  if (size > kMostBytes) return;
  const ByteBuffer base = make_base((coded[2] & 1) != 0 ? std::size_t(size) : 0);
  const auto kernels = all_weight_kernels();
  const auto first = decoded(kernels.front(), coded, base, std::size_t(size));
  HART_FUZZ_CHECK(decoded(kernels.back(), coded, base, std::size_t(size)) == first);
  if (!first) return;
  WeightDecoder decoder;
  ByteBuffer part(std::size_t(size / 2));
  decoder.decode_range(coded, base, size / 3, part);
  HART_FUZZ_CHECK(
      std::equal(part.begin(), part.end(), first->begin() + std::ptrdiff_t(size / 3)));
}

void check_round_trip(DType dtype, bool with_base, ByteView bytes) {
  const std::size_t element = dtype_info(dtype).block_bytes;
  const std::size_t size =
      std::min(bytes.size() / (with_base ? 2 : 1), kMostBytes) / element * element;
  if (size == 0) return;
  const ByteView values = bytes.first(size);
  const ByteView base = with_base ? bytes.subspan(size, size) : ByteView{};
  WeightEncoder encoder;
  const ByteView coded =
      with_base ? encoder.encode_delta(dtype, values, base, WeightEffort::fast)
                : encoder.encode(dtype, values, bytes.size(), bytes[0], WeightEffort::best);
  if (coded.empty()) return;
  HART_FUZZ_CHECK(coded.size() <= size - size / 64);
  const auto back = decoded(all_weight_kernels().front(), coded, base, size);
  HART_FUZZ_CHECK(back && std::equal(back->begin(), back->end(), values.begin()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_stream({data, size});
  if (size > 1) check_round_trip(kTypes[data[0] % 3], (data[0] & 4) != 0, {data + 1, size - 1});
  return 0;
}
