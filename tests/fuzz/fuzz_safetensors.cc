// Any bytes: the parser refuses them with Fault::data, or the tensors cover the data exactly
// and the header survives being written and read again.

#include "core/error.h"
#include "formats/safetensors.h"
#include "fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hart::formats;
  SafetensorsHeader header;
  try {
    header = parse_safetensors({data, size}, size);
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
    return 0;
  }
  HART_FUZZ_CHECK(looks_like_safetensors({data, size}, size));
  std::uint64_t end = 0;
  for (const SafetensorsTensor& tensor : header.tensors) {
    HART_FUZZ_CHECK(tensor.offset == end);
    end += tensor.bytes;
  }
  HART_FUZZ_CHECK(header.data_offset + end == size);

  const hart::ByteBuffer bytes = write_safetensors_header(header.tensors, header.metadata);
  const SafetensorsHeader again = parse_safetensors(bytes, bytes.size() + end);
  HART_FUZZ_CHECK(again.metadata == header.metadata);
  HART_FUZZ_CHECK(again.tensors.size() == header.tensors.size());
  for (std::size_t i = 0; i < again.tensors.size(); ++i) {
    HART_FUZZ_CHECK(again.tensors[i].name == header.tensors[i].name);
    HART_FUZZ_CHECK(again.tensors[i].shape == header.tensors[i].shape);
    HART_FUZZ_CHECK(again.tensors[i].offset == header.tensors[i].offset);
  }
  return 0;
}
