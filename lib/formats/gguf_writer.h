#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "formats/gguf.h"

namespace hart::formats {

/// Builds the header of a GGUF v3 file from metadata and tensor descriptions, in the order of
/// the calls. The caller then writes each tensor's bytes at data_offset + its offset and fills
/// the gaps, the last one included, with zeros; `file` does that in memory.
///
/// `general.alignment`, when added, places the tensors; 32 otherwise.
class GgufWriter {
 public:
  /// Any value, as the reader gives it: an entry of a parsed header can be added as it is.
  /// Throws Error(usage) when `value` does not hold what `type` says or does not fit it.
  void add(std::string_view key, GgufType type, const GgufValue& value);

  void add_u32(std::string_view key, std::uint32_t value);
  void add_f32(std::string_view key, float value);
  void add_bool(std::string_view key, bool value);
  void add_string(std::string_view key, std::string_view value);
  void add_strings(std::string_view key, std::span<const std::string_view> values);
  void add_floats(std::string_view key, std::span<const float> values);
  void add_i32s(std::string_view key, std::span<const std::int32_t> values);

  /// A tensor of `shape`, innermost dimension first. Throws as tensor::tensor_bytes does.
  void add_tensor(std::string_view name, tensor::DType dtype,
                  std::span<const std::uint64_t> shape);

  /// All bytes before the data section, padding included: a tensor at offset o of the parsed
  /// header lies at header().size() + o. Throws Error(data) as parse_gguf does when what was
  /// added makes no valid file: a key or name given twice, too long or not UTF-8, a bad
  /// alignment.
  [[nodiscard]] ByteBuffer header() const;

  /// The whole file. `data` holds the bytes of each tensor, in the order of add_tensor. Throws
  /// Error(usage) when their number or sizes differ from the descriptions.
  [[nodiscard]] ByteBuffer file(std::span<const ByteView> data) const;

 private:
  struct Tensor {
    std::string name;
    tensor::DType dtype;
    std::vector<std::uint64_t> shape;
    std::uint64_t bytes;
  };

  ByteBuffer metadata_;  ///< the entries, encoded
  std::uint64_t n_entries_ = 0;
  std::uint64_t alignment_ = 32;
  std::vector<Tensor> tensors_;
};

}  // namespace hart::formats
