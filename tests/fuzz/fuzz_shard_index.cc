// Any text: the parser refuses it with Fault::data, or every file it names stays inside the
// folder and the index survives being written and read again.

#include <filesystem>

#include "core/bytes.h"
#include "core/error.h"
#include "formats/shard_index.h"
#include "fuzz_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hart::formats;
  ShardIndex index;
  try {
    index = parse_shard_index(hart::as_text({data, size}), "index");
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
    return 0;
  }
  for (const std::string& file : index.files()) {
    const std::filesystem::path path{file};
    HART_FUZZ_CHECK(path.is_relative());
    HART_FUZZ_CHECK(path.lexically_normal() == path);
    HART_FUZZ_CHECK(!file.starts_with('.'));
    HART_FUZZ_CHECK(file.find('\\') == file.npos);
  }
  const ShardIndex again = parse_shard_index(write_shard_index(index), "index");
  HART_FUZZ_CHECK(again.weight_map == index.weight_map);
  HART_FUZZ_CHECK(again.total_size == index.total_size);
  return 0;
}
