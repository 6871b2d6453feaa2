#include <algorithm>
#include <filesystem>

#include "atom/convert_model.h"
#include "atom/export.h"
#include "atom/model_view.h"
#include "atom/output_file.h"
#include "core/error.h"
#include "core/mapped_file.h"
#include "core/parallel.h"
#include "formats/shard_writer.h"

namespace hart::atom {
namespace {

namespace fs = std::filesystem;

/// Bytes of a written file that are hashed before their pages are let go.
constexpr std::uint64_t kVerifyBytes = std::uint64_t{4} << 20;

/// Writes a file; returns the roots of its tensors' blocks.
std::vector<Hash256> write_payload(store::Store& store, const ConvertedFile& file,
                                   unsigned threads, const formats::ByteSink& sink,
                                   const ConversionProgress& progress) {
  formats::PayloadWriter writer{sink, file.header, file.payload};
  std::vector<Hash256> roots;
  for (const ConvertedTensor& tensor : file.tensors)
    roots.push_back(write_tensor(
        store, tensor, threads, [&](ByteView bytes) { writer.write(bytes); }, progress));
  writer.finish();
  return roots;
}

std::uint64_t file_bytes(const ConvertedFile& file) {
  std::uint64_t bytes = file.header.size();
  for (const formats::PayloadPart& part : file.payload) bytes += part.bytes + part.padding;
  return bytes;
}

void add_totals(const ConvertedFile& file, ConversionTotals& totals) {
  totals.bytes += file_bytes(file);
  totals.tensors += file.tensors.size();
  for (const ConvertedTensor& tensor : file.tensors)
    totals.changed_tensors += tensor.is_unchanged() ? 0u : 1u;
}

[[noreturn]] void fail_verification(const std::string& what) {
  throw Error{Fault::io, "what was written does not read back: " + what};
}

Hash256 root_of(const MappedFile& map, std::uint64_t offset, std::uint64_t bytes) {
  BlockHasher hasher;
  for (std::uint64_t at = 0; at < bytes; at += kVerifyBytes) {
    const std::uint64_t window = std::min(kVerifyBytes, bytes - at);
    hasher.update(map.bytes().subspan(offset + at, window));
    map.drop(offset + at, window);
  }
  return hasher.finish().root();
}

void verify_file(const std::string& path, formats::WeightFormat format,
                 const ConvertedFile& file, const std::vector<Hash256>& roots,
                 unsigned threads) {
  const MappedFile map{path, MappedFile::Access::sequential};
  if (map.bytes().size() != file_bytes(file)) fail_verification(path + ": its size");
  if (!std::equal(file.header.begin(), file.header.end(), map.bytes().begin()))
    fail_verification(path + ": its header");
  const auto as_file = format == formats::WeightFormat::gguf ? formats::FileFormat::gguf
                                                             : formats::FileFormat::safetensors;
  const ModelView view = view_model(as_file, map.bytes(), map.bytes().size());
  if (view.tensors.size() != file.tensors.size()) fail_verification(path + ": its tensors");
  parallel_for(roots.size(), 1, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const ModelTensor& found = view.tensors[i];
      const ConvertedTensor& meant = file.tensors[i];
      if (found.name != meant.name || found.dtype != meant.dtype ||
          found.shape != meant.shape || root_of(map, found.offset, found.bytes) != roots[i])
        fail_verification(path + ": tensor '" + meant.name + "'");
    }
  });
}

/// Everything of one file but its final name.
void write_verified(store::Store& store, const ModelConversion& conversion,
                    const ConvertedFile& file, TemporaryFile& target, unsigned threads,
                    const ConversionProgress& progress) {
  const std::vector<Hash256> roots = write_payload(
      store, file, threads, [&](ByteView bytes) { target.write(bytes); }, progress);
  verify_file(target.path(), conversion.format, file, roots, threads);
}

void copy_file(store::Store& store, const CatalogFile& from, const std::string& to) {
  const auto atom = store::AtomLookup{store}.find(from.id);
  if (!atom) throw Error{Fault::no_input, from.path + ": no longer held"};
  std::error_code error;
  fs::create_directories(fs::path{to}.parent_path(), error);
  if (error) throw_errno(Fault::cannot_create, to, error.value());
  TemporaryFile file{to};
  read_content(store, *atom, [&](ByteView part) { file.write(part); });
  file.complete(to);
}

ConversionTotals write_folder(store::Store& store, const ModelConversion& conversion,
                              const std::string& path, unsigned threads,
                              const ConversionProgress& progress) {
  TemporaryFolder folder{path};
  ConversionTotals totals;
  for (const ConvertedFile& file : conversion.files) {
    const std::string to = folder.path() + "/" + file.name;
    TemporaryFile target{to};
    write_verified(store, conversion, file, target, threads, progress);
    target.complete(to);
    add_totals(file, totals);
  }
  if (!conversion.index.empty()) {
    const std::string to = folder.path() + "/" + formats::kShardIndexName;
    TemporaryFile target{to};
    target.write(as_bytes(conversion.index));
    target.complete(to);
    totals.bytes += conversion.index.size();
  }
  for (const CatalogFile& file : conversion.copied) {
    check_relative(file.path);
    copy_file(store, file, folder.path() + "/" + file.path);
    totals.bytes += fs::file_size(folder.path() + "/" + file.path);
  }
  folder.complete();
  return totals;
}

}  // namespace

ConversionTotals stream_conversion(store::Store& store, const ModelConversion& conversion,
                                   unsigned threads, const formats::ByteSink& sink,
                                   const ConversionProgress& progress) {
  if (conversion.is_folder)
    throw Error{Fault::usage, "a folder of shards cannot be written to a stream"};
  const store::Snapshot snapshot{store.db()};
  ConversionTotals totals;
  static_cast<void>(write_payload(store, conversion.files.front(), threads, sink, progress));
  add_totals(conversion.files.front(), totals);
  return totals;
}

ConversionTotals write_conversion(store::Store& store, const ModelConversion& conversion,
                                  const std::string& path, unsigned threads,
                                  const ConversionProgress& progress) {
  const store::Snapshot snapshot{store.db()};
  if (conversion.is_folder) return write_folder(store, conversion, path, threads, progress);
  if (is_device(path)) {
    DeviceFile device{path};
    return stream_conversion(
        store, conversion, threads, [&](ByteView bytes) { device.write(bytes); }, progress);
  }
  TemporaryFile target{path};
  ConversionTotals totals;
  write_verified(store, conversion, conversion.files.front(), target, threads, progress);
  target.complete(path);
  add_totals(conversion.files.front(), totals);
  return totals;
}

}  // namespace hart::atom
