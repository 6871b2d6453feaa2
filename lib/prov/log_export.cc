#include "prov/log_export.h"

#include <algorithm>
#include <filesystem>

#include "core/endian.h"
#include "core/error.h"
#include "core/mapped_file.h"
#include "prov/checkpoint_store.h"
#include "prov/transparency_log.h"
#include "store/file_io.h"

namespace hart::prov {
namespace {

namespace fs = std::filesystem;

void make_parent_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(fs::path{path}.parent_path(), error);
  if (error) throw_errno(Fault::cannot_create, path, error.value());
}

void write_exported(const std::string& path, ByteView bytes, bool durable) {
  const auto file = store::file_io().open(path, store::FileIo::Mode::create);
  file->write_at(0, bytes);
  if (durable) file->sync();
}

class LogExporter {
 public:
  LogExporter(store::Store& store, std::string directory)
      : store_{store}, log_{store}, directory_{std::move(directory)} {}

  LogExport run(const std::optional<std::string>& origin) {
    const auto note = newest_checkpoint(store_, origin);
    if (!note)
      throw Error{Fault::no_input,
                  "transparency log: no checkpoint was signed; one is needed to export it"};
    const Checkpoint checkpoint = parse_checkpoint(note->text);
    check(checkpoint, "the checkpoint that was kept");
    done_.origin = checkpoint.origin;
    done_.size = checkpoint.size;
    const std::uint64_t before = exported_before(checkpoint);
    write_tiles(before);
    write_bundles(before);
    write_checkpoint(crypto::format_note(*note));
    return done_;
  }

 private:
  void check(const Checkpoint& checkpoint, const std::string& which) {
    if (checkpoint.size > log_.size() || log_.root(checkpoint.size) != checkpoint.root)
      throw Error{Fault::data, "transparency log: does not lead to " + which + ", of " +
                                   std::to_string(checkpoint.size) + " leaves"};
  }

  /// How many leaves the folder holds already: those of its checkpoint, which was written last.
  std::uint64_t exported_before(const Checkpoint& newest) {
    const std::string path = directory_ + "/checkpoint";
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return 0;
    const MappedFile file{path};
    const Checkpoint before = parse_checkpoint(crypto::parse_note(as_text(file.bytes())).text);
    if (before.origin != newest.origin)
      throw Error{Fault::data, path + ": of another log, " + before.origin};
    check(before, path);
    return std::min(before.size, newest.size);
  }

  void write_tiles(std::uint64_t before) {
    for (int level = 0; tile_hashes(level, done_.size) > 0; ++level)
      for_each_tile(level, done_.size, tile_hashes(level, before) / kTileWidth,
                    [&](const TileId& tile) {
                      const std::string path = directory_ + "/" + tile_path(tile);
                      make_parent_folder(path);
                      write_exported(path, log_.read_tile(tile), false);
                      ++done_.tiles;
                    });
  }

  void write_bundles(std::uint64_t before) {
    auto rows = store_.db().prepare(
        "SELECT leaf_index, receipt_hash FROM my_generation_stream WHERE leaf_index >= ?"
        " ORDER BY leaf_index");
    rows.with(before / kTileWidth * kTileWidth);
    for_each_tile(0, done_.size, before / kTileWidth, [&](const TileId& tile) {
      const ByteBuffer leaves = log_.read_tile(tile);
      ByteBuffer bundle;
      for (unsigned i = 0; i < tile.width; ++i) {
        if (!rows.step() || crypto::leaf_hash(rows.blob(1)) != tile_hash(leaves, i))
          throw Error{Fault::data, "transparency log: the receipt of leaf " +
                                       std::to_string(tile.index * kTileWidth + i) +
                                       " is missing or another"};
        // Big-endian length, as the specification has it.
        bundle.insert(bundle.end(), {0, kHashBytes});
        append(bundle, rows.blob(1));
      }
      const std::string path = directory_ + "/" + entry_bundle_path(tile);
      make_parent_folder(path);
      write_exported(path, bundle, false);
      ++done_.bundles;
    });
  }

  void write_checkpoint(const std::string& note) {
    const std::string path = directory_ + "/checkpoint";
    make_parent_folder(path);
    write_exported(path + ".partial", as_bytes(note), true);
    store::file_io().rename(path + ".partial", path);
    store::file_io().sync_directory(directory_);
  }

  store::Store& store_;
  TransparencyLog log_;
  std::string directory_;
  LogExport done_;
};

}  // namespace

LogExport export_log(store::Store& store, const std::string& directory,
                     const std::optional<std::string>& origin) {
  return LogExporter{store, directory}.run(origin);
}

}  // namespace hart::prov
