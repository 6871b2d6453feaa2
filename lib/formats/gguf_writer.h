#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "formats/gguf.h"
#include "formats/payload_writer.h"

namespace hart::formats {

/// Whether GGUF has an id for `dtype`: it has none for SafeTensors' own types.
[[nodiscard]] bool is_gguf_dtype(tensor::DType dtype) noexcept;

/// Builds the header of a GGUF v3 file from metadata and tensor descriptions, in the order of
/// the calls. The tensors' bytes follow it, each padded with zeros to the alignment: a
/// PayloadWriter over `payload()` writes them as they come, `file` puts them together in
/// memory.
///
/// `general.alignment`, when added, places the tensors; 32 otherwise.
class GgufWriter {
 public:
  /// `order` is that of every number in the header. The tensors' bytes must come in it as well:
  /// see gguf_endian.h.
  explicit GgufWriter(ByteOrder order = ByteOrder::little) : order_{order} {}

  /// Any value, as the reader gives it: an entry of a parsed header can be added as it is.
  /// Throws Error(usage) when `value` does not hold what `type` says or does not fit it.
  void add(std::string_view key, GgufType type, const GgufValue& value);

  /// Every entry of `header`, in its order.
  void add_metadata(const GgufHeader& header);

  void add_u32(std::string_view key, std::uint32_t value);
  void add_f32(std::string_view key, float value);
  void add_bool(std::string_view key, bool value);
  void add_string(std::string_view key, std::string_view value);
  void add_strings(std::string_view key, std::span<const std::string_view> values);
  void add_floats(std::string_view key, std::span<const float> values);
  void add_i32s(std::string_view key, std::span<const std::int32_t> values);

  /// A tensor of `shape`, innermost dimension first. Throws Error(data) when GGUF has no id for
  /// `dtype`, and as tensor::tensor_bytes does.
  void add_tensor(std::string_view name, tensor::DType dtype,
                  std::span<const std::uint64_t> shape);

  /// All bytes before the data section, padding included: a tensor at offset o of the parsed
  /// header lies at header().size() + o. Throws Error(data) as parse_gguf does when what was
  /// added makes no valid file: a key or name given twice, too long or not UTF-8, a bad
  /// alignment.
  [[nodiscard]] ByteBuffer header() const;

  /// What follows the header: each tensor's bytes and the padding after them.
  [[nodiscard]] std::vector<PayloadPart> payload() const;

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

  ByteOrder order_;
  ByteBuffer metadata_;  ///< the entries, encoded
  std::uint64_t n_entries_ = 0;
  std::uint64_t alignment_ = 32;
  std::vector<Tensor> tensors_;
};

}  // namespace hart::formats
