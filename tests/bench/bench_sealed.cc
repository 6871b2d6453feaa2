// Reading and writing sealed extents beside a plain copy, by the segment and by the window. The
// peer is OpenSSL's own loop:
//   openssl speed -bytes 65536 -evp aes-256-gcm -decrypt -aead -seconds 3

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "core/uuid.h"
#include "store/sealed_extent.h"

namespace {

using namespace hart;

/// The best of `repeats` runs, in MB (10^6 bytes) a second.
template <typename Body> double speed(std::uint64_t bytes, int repeats, const Body& body) {
  double best = 0;
  for (int i = 0; i < repeats; ++i) {
    const double start = steady_seconds();
    body();
    best = std::max(best, static_cast<double>(bytes) / 1e6 / (steady_seconds() - start));
  }
  return best;
}

void print(const char* what, std::uint64_t bytes, double mb_s) {
  std::printf("{\"type\":\"sealed\",\"what\":\"%s\",\"bytes\":%llu,\"mb_s\":%.0f}\n", what,
              static_cast<unsigned long long>(bytes), mb_s);
}

store::PayloadKey scratch_key() {
  std::string folder = (std::filesystem::temp_directory_path() / "hart-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) throw Error{Fault::cannot_create, folder};
  store::PayloadKey key = store::PayloadKey::create(folder + "/key");
  std::filesystem::remove_all(folder);
  return key;
}

/// Bytes of a piece, as a pack writes them.
constexpr std::size_t kPiece = std::size_t{8} << 20;

/// Gives what is sealed to `sink`, piece by piece, as a pack gets it.
template <typename Sink>
void seal(const store::PayloadKey& key, const store::ExtentRecord& extent, ByteView plain,
          const Sink& sink) {
  store::ExtentSealer sealer{key, extent, nullptr, [rest = plain]() mutable {
                               const ByteView piece = rest.first(std::min(rest.size(), kPiece));
                               rest = rest.subspan(piece.size());
                               return piece;
                             }};
  for (ByteView piece = sealer.next(); !piece.empty(); piece = sealer.next()) sink(piece);
}

ByteBuffer sealed_copy(const store::PayloadKey& key, const store::ExtentRecord& extent,
                       ByteView plain) {
  ByteBuffer sealed;
  seal(key, extent, plain,
       [&](ByteView piece) { sealed.insert(sealed.end(), piece.begin(), piece.end()); });
  return sealed;
}

void open_all(const store::PayloadKey& key, const store::ExtentRecord& extent, ByteView sealed,
              std::size_t window, ByteBuffer& out) {
  store::SealedExtent opened{key, extent, nullptr, sealed};
  for (std::uint64_t at = 0; at < opened.size(); at += window)
    opened.open(at, std::span{out}.first(std::min<std::uint64_t>(window, opened.size() - at)));
}

void run(std::uint64_t bytes, int repeats) {
  const store::PayloadKey key = scratch_key();
  ByteBuffer plain(bytes);
  random_bytes(plain.data(), std::min<std::size_t>(plain.size(), 1U << 20));
  store::ExtentRecord extent;
  extent.decoded_bytes = bytes;
  ByteBuffer out(std::min<std::uint64_t>(bytes, 2U << 20));
  print("copy", bytes, speed(bytes, repeats, [&] {
          for (std::uint64_t at = 0; at < bytes; at += out.size())
            std::memcpy(out.data(), plain.data() + at,
                        std::min<std::uint64_t>(out.size(), bytes - at));
        }));
  print("seal", bytes,
        speed(bytes, repeats, [&] { seal(key, extent, plain, [](ByteView) {}); }));
  const ByteBuffer sealed = sealed_copy(key, extent, plain);
  const auto print_opening = [&](const char* what, std::size_t window) {
    print(what, bytes,
          speed(bytes, repeats, [&] { open_all(key, extent, sealed, window, out); }));
  };
  print_opening("open windows of 2 MiB", std::size_t{2} << 20);
  print_opening("open segments", store::kSealSegmentBytes);
  // What a small chunk of text costs: its own key, and one segment.
  constexpr std::uint64_t kChunk = 4096;
  const std::uint64_t chunks = std::max<std::uint64_t>(bytes / (16 * kChunk), 1);
  extent.decoded_bytes = kChunk;
  const ByteBuffer chunk = sealed_copy(key, extent, ByteView{plain}.first(kChunk));
  print("open chunks of 4 KiB", chunks * kChunk, speed(chunks * kChunk, repeats, [&] {
          for (std::uint64_t i = 0; i < chunks; ++i) open_all(key, extent, chunk, kChunk, out);
        }));
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  try {
    run(smoke ? 1U << 20 : 256U << 20, smoke ? 1 : 3);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_sealed: %s\n", error.what());
    return 1;
  }
}
