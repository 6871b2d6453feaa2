#include "infer/prefix_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "core/endian.h"
#include "core/error.h"
#include "crypto/sha256.h"
#include "store/file_io.h"

namespace hart::infer {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kMagic = "HARTKV\0\0"sv;
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kDescribedBytes = 64;
constexpr std::size_t kHeaderBytes = kDescribedBytes + sizeof(Hash256);

ByteBuffer describe(const Hash256& key, std::uint32_t positions, ByteView state) {
  ByteBuffer header;
  append(header, as_bytes(kMagic));
  append_le(header, kVersion);
  append_le(header, positions);
  append_le(header, std::uint64_t{state.size()});
  append_le(header, std::uint64_t{0});
  append(header, key);
  return header;
}

}  // namespace

ByteView PrefixState::state() const noexcept {
  return file.bytes().subspan(kHeaderBytes);
}

std::uint64_t prefix_file_bytes(std::uint64_t state_bytes) noexcept {
  return kHeaderBytes + state_bytes;
}

void write_prefix_file(const std::string& path, const Hash256& key, std::uint32_t positions,
                       ByteView state) {
  ByteBuffer header = describe(key, positions, state);
  append(header, crypto::sha256_concat({header, state}));
  const auto file = store::file_io().open(path, store::FileIo::Mode::create);
  // Before there is anything in it: prompts are nobody else's business.
  if (::chmod(path.c_str(), 0600) != 0) throw_errno(Fault::io, path, errno);
  file->write_at(0, header);
  file->write_at(header.size(), state);
}

std::optional<PrefixState> read_prefix_file(const std::string& path, const Hash256& key) {
  try {
    PrefixState prefix;
    prefix.file = MappedFile{path, MappedFile::Access::sequential};
    const ByteView bytes = prefix.file.bytes();
    if (bytes.size() < kHeaderBytes) return std::nullopt;
    prefix.positions = load_le<std::uint32_t>(bytes.data() + 12);
    const ByteView described = bytes.first(kDescribedBytes);
    const ByteView state = prefix.state();
    const Hash256 checksum = crypto::sha256_concat({described, state});
    const bool is_whole =
        std::ranges::equal(described, describe(key, prefix.positions, state)) &&
        std::ranges::equal(bytes.subspan(kDescribedBytes, checksum.size()), checksum);
    if (!is_whole) return std::nullopt;
    return prefix;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace hart::infer
