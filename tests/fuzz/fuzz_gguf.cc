// Any bytes: the parser refuses them with Fault::data, or what it returns is consistent and
// survives being written and read again.

#include "core/error.h"
#include "formats/gguf.h"
#include "formats/gguf_writer.h"
#include "fuzz_check.h"

namespace {

using hart::formats::ByteOrder;
using hart::formats::GgufHeader;

void check_header(const GgufHeader& header, std::size_t file_bytes) {
  for (const auto& tensor : header.tensors) {
    HART_FUZZ_CHECK(tensor.offset % header.alignment == 0);
    HART_FUZZ_CHECK(tensor.bytes > 0);
    HART_FUZZ_CHECK(header.data_offset + tensor.offset + tensor.bytes <= file_bytes);
    HART_FUZZ_CHECK(header.find_tensor(tensor.name) == &tensor);
  }
  for (const auto& entry : header.metadata) HART_FUZZ_CHECK(header.find(entry.key) == &entry);
  HART_FUZZ_CHECK(header.header_bytes <= file_bytes);
}

hart::ByteBuffer written(const GgufHeader& header, ByteOrder order) {
  hart::formats::GgufWriter writer{order};
  writer.add_metadata(header);
  for (const auto& tensor : header.tensors)
    writer.add_tensor(tensor.name, tensor.dtype, tensor.shape);
  return writer.header();
}

/// Writing and reading keeps everything, in the same byte order and by way of the other.
void check_round_trip(const GgufHeader& header) {
  const hart::ByteBuffer bytes = written(header, header.byte_order);
  const std::uint64_t file_bytes = bytes.size() + header.data_bytes + header.alignment;
  const GgufHeader again = hart::formats::parse_gguf(bytes, file_bytes);
  HART_FUZZ_CHECK(again.byte_order == header.byte_order);
  HART_FUZZ_CHECK(again.metadata.size() == header.metadata.size());
  HART_FUZZ_CHECK(again.tensors.size() == header.tensors.size());
  HART_FUZZ_CHECK(again.data_bytes == header.data_bytes);
  for (std::size_t i = 0; i < header.tensors.size(); ++i)
    HART_FUZZ_CHECK(again.tensors[i].offset == header.tensors[i].offset);
  const bool is_little = header.byte_order == ByteOrder::little;
  const hart::ByteBuffer turned =
      written(header, is_little ? ByteOrder::big : ByteOrder::little);
  HART_FUZZ_CHECK(written(hart::formats::parse_gguf(turned, file_bytes), header.byte_order) ==
                  bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  GgufHeader header;
  try {
    header = hart::formats::parse_gguf({data, size}, size);
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
    return 0;
  }
  check_header(header, size);
  // Padding a header to a huge alignment is legal and only slow.
  if (header.alignment <= 65536) check_round_trip(header);
  return 0;
}
