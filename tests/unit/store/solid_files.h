#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "store/file_io.h"
#include "store/packs.h"
#include "store/store.h"

namespace hart::test {

/// A file system that knows no holes.
class SolidFile final : public store::File {
 public:
  explicit SolidFile(std::unique_ptr<store::File> file)
      : File{file->path()}, file_{std::move(file)} {}
  std::uint64_t size() override { return file_->size(); }
  void truncate(std::uint64_t bytes) override { file_->truncate(bytes); }
  void sync() override { file_->sync(); }
  bool punch_hole(std::uint64_t, std::uint64_t) override { return false; }

 protected:
  std::size_t read_some(std::uint64_t offset, std::span<std::uint8_t> into) override {
    file_->read_at(offset, into);
    return into.size();
  }
  std::size_t write_some(std::uint64_t offset, ByteView bytes) override {
    file_->write_at(offset, bytes);
    return bytes.size();
  }

 private:
  std::unique_ptr<store::File> file_;
};

class SolidFiles final : public store::FileIo {
 public:
  std::unique_ptr<store::File> open(const std::string& path, Mode mode) override {
    return std::make_unique<SolidFile>(store::posix_file_io().open(path, mode));
  }
  bool remove(const std::string& path) override { return store::posix_file_io().remove(path); }
  void rename(const std::string& from, const std::string& to) override {
    store::posix_file_io().rename(from, to);
  }
  void sync_directory(const std::string& directory) override {
    store::posix_file_io().sync_directory(directory);
  }
};

/// Makes the next extent begin a pack of its own, as if the newest were full.
inline void begin_pack(store::Store& store) {
  const std::int64_t id = store.db().query_integer("SELECT max(pack_id) FROM pack") + 1;
  store::posix_file_io()
      .open(store.packs().path(id), store::FileIo::Mode::create)
      ->write_at(0, store::pack_header(id));
  store.db().prepare("INSERT INTO pack VALUES (?, 64)", store::Scope::owner).run(id);
}

}  // namespace hart::test
