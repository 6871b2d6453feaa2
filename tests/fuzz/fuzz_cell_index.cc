// A cell index file with any bytes changed, its header's checksum made right again: it is
// refused with Fault::data, or searching it stays inside the file and returns vectors that it
// holds.

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <string>

#include "core/endian.h"
#include "core/error.h"
#include "crypto/crc32c.h"
#include "fuzz_check.h"
#include "index/cell_build.h"
#include "index/cell_file.h"
#include "index/cell_scan.h"

namespace {

using namespace hart::index;

constexpr std::size_t kDims = 8;
constexpr std::size_t kItems = 150;
constexpr std::size_t kHeader = 4096;

hart::ByteBuffer make_file() {
  CellSource source;
  source.dims = kDims;
  source.items = kItems;
  source.visit = [](const std::function<void(const VectorBlock&)>& visit) {
    VectorBlock block;
    block.dim = kDims;
    for (std::size_t i = 0; i < kItems; ++i) {
      std::vector<float> row(kDims);
      for (std::size_t j = 0; j < kDims; ++j)
        row[j] = std::sin(static_cast<float>(i * kDims + j * j));
      block.push_back(static_cast<std::int64_t>(i + 1), static_cast<std::int64_t>(i + 1), row);
    }
    visit(block);
  };
  CellBuildOptions options;
  options.metric = Metric::l2;
  const std::string path = "/tmp/hart-fuzz-cells-" + std::to_string(::getpid());
  build_cell_file(source, options, {}, path, {});
  std::ifstream file{path, std::ios::binary};
  hart::ByteBuffer bytes{std::istreambuf_iterator<char>{file}, {}};
  ::unlink(path.c_str());
  return bytes;
}

void search(const std::string& path) {
  const CellFile file{path};
  CellScanner scanner{file};
  ScanCounts counts;
  const std::vector<float> query(file.info().dims, 0.5F);
  const CellSettings settings{static_cast<std::uint32_t>(file.info().cells), 20, 3};
  for (const ScoredPosition& found : scanner.search(query, 5, settings, {}, counts))
    HART_FUZZ_CHECK(found.position < file.info().items);
}

}  // namespace

/// Five bytes each: where, and what to put there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const hart::ByteBuffer good = make_file();
  static const int descriptor = ::memfd_create("cells", 0);
  hart::ByteBuffer bytes = good;
  for (std::size_t at = 0; at + 5 <= size; at += 5) {
    const auto where = hart::load_le<std::uint32_t>(data + at);
    // Half of the changes go to the fields of the header.
    const std::size_t span = (where & 1U) != 0 ? 136 : bytes.size();
    bytes[(where >> 1U) % span] = data[at + 4];
  }
  const hart::ByteView checked{bytes.data() + 16, kHeader - 16};
  hart::store_le(bytes.data() + 12, hart::crypto::crc32c(checked));
  HART_FUZZ_CHECK(::ftruncate(descriptor, 0) == 0);
  HART_FUZZ_CHECK(::pwrite(descriptor, bytes.data(), bytes.size(), 0) ==
                  static_cast<ssize_t>(bytes.size()));
  try {
    search("/proc/self/fd/" + std::to_string(descriptor));
  } catch (const hart::Error& error) {
    HART_FUZZ_CHECK(error.fault() == hart::Fault::data);
  }
  return 0;
}
