#include "fault_file_io.h"

#include <algorithm>
#include <cerrno>

#include "core/error.h"

namespace hart::fault {
namespace {

void check(int error, const std::string& path) {
  if (error != 0) throw_errno(Fault::io, path, error);
}

class DiskFile final : public store::File {
 public:
  DiskFile(FaultDisk& disk, const std::string& path, store::FileIo::Mode mode)
      : File{path}, disk_{disk} {
    const bool create = mode == store::FileIo::Mode::create;
    check(disk_.open(path, create, file_), path);
    if (create && file_->size() > 0) truncate(0);
  }

  std::uint64_t size() override { return file_->size(); }
  void truncate(std::uint64_t bytes) override { check(disk_.truncate(*file_, bytes), path()); }
  void sync() override { check(disk_.sync(*file_), path()); }

  bool punch_hole(std::uint64_t offset, std::uint64_t bytes) override {
    if (offset >= file_->size()) return true;
    write_at(offset, ByteBuffer(std::min(bytes, file_->size() - offset)));
    return true;
  }

 protected:
  std::size_t read_some(std::uint64_t offset, std::span<std::uint8_t> into) override {
    std::size_t got = 0;
    check(disk_.read(*file_, offset, into, got), path());
    return got;
  }

  std::size_t write_some(std::uint64_t offset, ByteView bytes) override {
    std::size_t put = 0;
    check(disk_.write(*file_, offset, bytes, put), path());
    return put;
  }

 private:
  FaultDisk& disk_;
  UnsyncedFile* file_ = nullptr;
};

}  // namespace

std::unique_ptr<store::File> FaultFileIo::open(const std::string& path, Mode mode) {
  return std::make_unique<DiskFile>(disk_, path, mode);
}

bool FaultFileIo::remove(const std::string& path) {
  const int error = disk_.remove(path);
  if (error == ENOENT) return false;
  check(error, path);
  return true;
}

void FaultFileIo::rename(const std::string& from, const std::string& to) {
  check(disk_.rename(from, to), from);
}

void FaultFileIo::sync_directory(const std::string& directory) {
  check(disk_.sync_directory(directory), directory);
}

}  // namespace hart::fault
