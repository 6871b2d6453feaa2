#include <algorithm>
#include <bit>
#include <vector>

#include "core/checked.h"
#include "formats/gguf.h"
#include "formats/gguf_cursor.h"
#include "formats/gguf_values.h"
#include "formats/utf8.h"

namespace hart::formats {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kNewestVersion = 3;
// ggml's limits: GGML_MAX_DIMS, and GGML_MAX_NAME with its terminator; keys as in docs/gguf.md.
constexpr std::uint32_t kMaxDims = 4;
constexpr std::size_t kMaxNameBytes = 63;
constexpr std::size_t kMaxKeyBytes = 65535;
// Counts are checked against the file before, so this only bounds what is reserved ahead.
constexpr std::uint64_t kMaxReserve = 65536;

/// A key or a name: UTF-8 of at most `most` bytes.
std::string_view read_identifier(GgufCursor& cursor, const char* what, std::size_t most) {
  const std::uint64_t at = cursor.offset();
  const std::uint64_t size = cursor.read_length(what);
  if (size > most)
    fail_gguf(at, std::string{"expected "} + what + " of at most " + std::to_string(most) +
                      " bytes, found a length of " + std::to_string(size));
  const std::uint64_t text_at = cursor.offset();
  const std::string_view text = as_text(cursor.take(size, what));
  if (!is_utf8(text)) fail_gguf(text_at, std::string{"expected "} + what + " in UTF-8");
  return text;
}

/// Sorting keeps this O(n log n) for any input; a hash table would not under chosen collisions.
void refuse_duplicates(const GgufCursor& cursor, std::vector<std::string_view> names,
                       const char* what) {
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return;
  const std::uint64_t at = std::max(cursor.offset_of(twice[0]), cursor.offset_of(twice[1]));
  fail_gguf(at, std::string{"expected each "} + what + " once, found '" + std::string{*twice} +
                    "' again");
}

std::uint64_t read_count(GgufCursor& cursor, const char* what, std::uint64_t least_bytes) {
  const std::uint64_t at = cursor.offset();
  const std::uint64_t count = cursor.read_length(what);
  if (count > cursor.remaining() / least_bytes)
    fail_gguf(at, std::string{"expected "} + what + " that fits the remaining " +
                      std::to_string(cursor.remaining()) + " bytes, found " +
                      std::to_string(count));
  return count;
}

void read_metadata(GgufCursor& cursor, std::uint64_t count, GgufHeader& header) {
  header.metadata.reserve(std::min(count, kMaxReserve));
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view key = read_identifier(cursor, "a key", kMaxKeyBytes);
    const GgufType type = read_gguf_type(cursor);
    header.metadata.push_back({key, type, read_gguf_value(cursor, type)});
  }
  std::vector<std::string_view> keys;
  keys.reserve(header.metadata.size());
  for (const GgufEntry& entry : header.metadata) keys.push_back(entry.key);
  refuse_duplicates(cursor, std::move(keys), "key");
}

std::uint64_t find_alignment(const GgufCursor& cursor, const GgufHeader& header) {
  const GgufEntry* entry = header.find("general.alignment");
  if (entry == nullptr) return header.alignment;
  const std::uint64_t at = cursor.offset_of(entry->key);
  if (entry->type != GgufType::u32)
    fail_gguf(at, "expected general.alignment of type u32 (4), found type " +
                      std::to_string(static_cast<std::uint32_t>(entry->type)));
  const auto alignment = static_cast<std::uint64_t>(std::get<std::int64_t>(entry->value));
  if (!std::has_single_bit(alignment))
    fail_gguf(at, "expected general.alignment to be a power of two, found " +
                      std::to_string(alignment));
  return alignment;
}

tensor::DType read_dtype(GgufCursor& cursor) {
  const std::uint64_t at = cursor.offset();
  const auto id = cursor.read<std::uint32_t>("a tensor type");
  if (const auto dtype = tensor::find_dtype(id)) return *dtype;
  fail_gguf(at, "expected a tensor type of the GGUF specification: " +
                    tensor::describe_unknown_dtype(id));
}

GgufTensor read_tensor(GgufCursor& cursor) {
  GgufTensor tensor{};
  tensor.name = read_identifier(cursor, "a tensor name", kMaxNameBytes);
  const std::uint64_t dims_at = cursor.offset();
  const auto dims = cursor.read<std::uint32_t>("a number of dimensions");
  if (dims > kMaxDims)
    fail_gguf(dims_at, "expected at most 4 dimensions, found " + std::to_string(dims));
  const std::uint64_t shape_at = cursor.offset();
  for (std::uint32_t i = 0; i < dims; ++i) {
    const std::uint64_t at = cursor.offset();
    tensor.shape.push_back(cursor.read_length("a dimension"));
    if (tensor.shape.back() == 0) fail_gguf(at, "expected a dimension of at least 1, found 0");
  }
  tensor.dtype = read_dtype(cursor);
  tensor.offset = cursor.read<std::uint64_t>("a tensor offset");
  try {
    tensor.bytes = tensor::tensor_bytes(tensor.dtype, tensor.shape);
  } catch (const Error& error) {
    fail_gguf(shape_at, "expected a possible shape of tensor '" + std::string{tensor.name} +
                            "', found " + error.what());
  }
  return tensor;
}

/// Offsets are not free: each must be the end of the tensor before, padded.
void check_offset(const GgufCursor& cursor, const GgufTensor& tensor, std::uint64_t expected) {
  if (tensor.offset == expected) return;
  fail_gguf(cursor.offset_of(tensor.name), "expected tensor '" + std::string{tensor.name} +
                                               "' at data offset " + std::to_string(expected) +
                                               ", found " + std::to_string(tensor.offset));
}

void read_tensors(GgufCursor& cursor, std::uint64_t count, GgufHeader& header) {
  header.tensors.reserve(std::min(count, kMaxReserve));
  std::vector<std::string_view> names;
  std::uint64_t end = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const GgufTensor& tensor = header.tensors.emplace_back(read_tensor(cursor));
    names.push_back(tensor.name);
    check_offset(cursor, tensor, end);
    header.data_bytes = checked_add(tensor.offset, tensor.bytes, "GGUF data section");
    end = checked_align(header.data_bytes, header.alignment, "GGUF data section");
  }
  refuse_duplicates(cursor, std::move(names), "tensor name");
}

/// The data section ends padded: ggml writes the last tensor's padding and refuses files
/// without.
void check_data(GgufHeader& header, std::uint64_t file_bytes) {
  constexpr const char* kSection = "GGUF data section";
  header.data_offset = checked_align(header.header_bytes, header.alignment, "GGUF header");
  if (header.tensors.empty()) {
    // Nothing follows the header, so its padding may be missing.
    header.data_offset = std::min(header.data_offset, file_bytes);
    return;
  }
  const std::uint64_t padded = checked_align(header.data_bytes, header.alignment, kSection);
  const std::uint64_t end = checked_add(header.data_offset, padded, kSection);
  if (end > file_bytes)
    fail_gguf(file_bytes, "expected padded tensor data up to byte " + std::to_string(end) +
                              ", found the end of the file");
}

/// Reads the version and sets the cursor to the byte order in which it makes sense.
void read_version(GgufCursor& cursor, GgufHeader& header) {
  const std::uint64_t at = cursor.offset();
  const auto version = cursor.read<std::uint32_t>("a version");
  // The bytes that hold a small number in one order hold a multiple of 65536 in the other.
  if (version != 0 && (version & 0xFFFF) == 0) header.byte_order = ByteOrder::big;
  header.version = header.byte_order == ByteOrder::little ? version : byte_swapped(version);
  if (header.version < 1 || header.version > kNewestVersion)
    fail_gguf(at, "expected version 1, 2 or 3, found " + std::to_string(header.version) + ", " +
                      std::string{byte_order_name(header.byte_order)});
  cursor.set_version(header.version);
  cursor.set_order(header.byte_order);
}

}  // namespace

bool looks_like_gguf(ByteView bytes) noexcept {
  return as_text(bytes).starts_with(kMagic);
}

GgufHeader parse_gguf(ByteView bytes, std::uint64_t file_bytes) {
  GgufCursor cursor{bytes};
  if (as_text(cursor.take(kMagic.size(), "the magic 'GGUF'")) != kMagic)
    fail_gguf(0, "expected the magic 'GGUF'");
  GgufHeader header;
  read_version(cursor, header);
  // A tensor takes at least a name's length, dimensions, type and offset; an entry a key's
  // length, a type and one byte.
  const std::uint64_t length = cursor.length_bytes();
  const std::uint64_t n_tensors = read_count(cursor, "a number of tensors", length + 16);
  const std::uint64_t n_entries = read_count(cursor, "a number of entries", length + 5);
  read_metadata(cursor, n_entries, header);
  header.alignment = find_alignment(cursor, header);
  read_tensors(cursor, n_tensors, header);
  header.header_bytes = cursor.offset();
  check_data(header, file_bytes);
  return header;
}

}  // namespace hart::formats
