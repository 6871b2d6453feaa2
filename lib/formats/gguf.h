#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/bytes.h"
#include "formats/byte_order.h"
#include "tensor/dtype.h"

namespace hart::formats {

/// Value types of GGUF metadata, by their ids in the file.
enum class GgufType : std::uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12,
};

[[nodiscard]] constexpr bool is_float(GgufType type) noexcept {
  return type == GgufType::f32 || type == GgufType::f64;
}

/// An array of the metadata, held as the columns a reader wants: integers and booleans widened
/// to 64 bits (unsigned values above 2^63 keep their bit pattern), floats to double (a NaN
/// keeps its payload), strings that view into the header's bytes, or nested arrays. Only the
/// column of `element` is filled.
struct GgufArray {
  GgufType element = GgufType::u8;
  std::vector<std::int64_t> integers;
  std::vector<double> floats;
  std::vector<std::string_view> strings;
  std::vector<GgufArray> arrays = {};

  [[nodiscard]] std::size_t size() const noexcept {
    return integers.size() + floats.size() + strings.size() + arrays.size();
  }
};

/// One metadata value. Integers are widened as in GgufArray; strings view into the file.
using GgufValue = std::variant<std::int64_t, double, bool, std::string_view, GgufArray>;

struct GgufEntry {
  std::string_view key;
  GgufType type;
  GgufValue value;
};

struct GgufTensor {
  std::string_view name;
  tensor::DType dtype;
  std::vector<std::uint64_t> shape;  ///< innermost dimension first
  std::uint64_t offset;              ///< from the start of the data section
  std::uint64_t bytes;
};

/// The header of a GGUF file: everything before the tensors' data. Views point into the bytes
/// that were parsed, which must outlive it. Source: the GGUF specification in ggml's
/// docs/gguf.md; ids and traps in `hart-store.5`.
struct GgufHeader {
  std::uint32_t version = 3;
  /// Of the whole file. The header's numbers are decoded; a big-endian file's tensors are not,
  /// see gguf_endian.h.
  ByteOrder byte_order = ByteOrder::little;
  std::uint64_t alignment = 32;
  std::vector<GgufEntry> metadata;
  std::vector<GgufTensor> tensors;
  std::uint64_t header_bytes = 0;  ///< up to the end of the tensor infos, padding excluded
  std::uint64_t data_offset = 0;   ///< first byte of the data section: header_bytes, aligned
  std::uint64_t data_bytes = 0;    ///< end of the last tensor's data, relative to data_offset

  /// The entry under `key`, or null.
  [[nodiscard]] const GgufEntry* find(std::string_view key) const noexcept;
  /// The tensor called `name`, or null.
  [[nodiscard]] const GgufTensor* find_tensor(std::string_view name) const noexcept;
  /// Typed access. Absent keys give `fallback`; a key of another type throws Error(data).
  [[nodiscard]] std::uint64_t get_uint(std::string_view key, std::uint64_t fallback) const;
  [[nodiscard]] double get_float(std::string_view key, double fallback) const;
  [[nodiscard]] bool get_bool(std::string_view key, bool fallback) const;
  [[nodiscard]] std::string_view get_string(std::string_view key,
                                            std::string_view fallback) const;
  /// Null when absent. Throws Error(data) when it is not an array.
  [[nodiscard]] const GgufArray* get_array(std::string_view key) const;
};

/// True when `bytes` begin as a GGUF file does.
[[nodiscard]] bool looks_like_gguf(ByteView bytes) noexcept;

/// Parses the header. `file_bytes` is the size of the whole file, of which `bytes` may be only
/// the beginning (at least the header): every tensor must lie inside it. Versions 1 to 3 in
/// either byte order, which a version that only makes sense byte-swapped gives away: the
/// specification introduces big-endian files with version 3, yet programs on big-endian
/// machines wrote the older versions so as well. Throws Error(data) naming the byte offset and
/// what was expected there.
[[nodiscard]] GgufHeader parse_gguf(ByteView bytes, std::uint64_t file_bytes);

/// For those who compute with the tensors as they lie in the file. Throws Error(data) that
/// tells how to convert when `header` is of a big-endian file.
void require_little_endian(const GgufHeader& header);

}  // namespace hart::formats
