#include "store/file_io.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "faults.h"
#include "scratch.h"

namespace hart::store {
namespace {

namespace fs = std::filesystem;
using Mode = FileIo::Mode;
using test::fault_of;

ByteBuffer content(const std::string& path) {
  const auto file = posix_file_io().open(path, Mode::read);
  ByteBuffer bytes(file->size());
  file->read_at(0, bytes);
  return bytes;
}

void put(const std::string& path, std::string_view text) {
  posix_file_io().open(path, Mode::create)->write_at(0, as_bytes(text));
}

TEST_CASE("file: what is written at a place is read there, and a gap before it is zeros") {
  const Scratch scratch;
  const std::string path = scratch / "a";
  const auto file = posix_file_io().open(path, Mode::create);
  file->write_at(3, as_bytes("xyz"));
  CHECK(file->size() == 6);
  CHECK(content(path) == ByteBuffer{0, 0, 0, 'x', 'y', 'z'});
  ByteBuffer two(2);
  file->read_at(4, two);
  CHECK(two == ByteBuffer{'y', 'z'});
  CHECK(fault_of([&] { file->read_at(5, two); }) == Fault::data);
  CHECK_NOTHROW(file->sync());
}

TEST_CASE(
    "file: create empties a file that is there, read_write keeps it, and neither finds none") {
  const Scratch scratch;
  const std::string path = scratch / "a";
  CHECK(fault_of([&] { posix_file_io().open(path, Mode::read_write); }) == Fault::no_input);
  CHECK(fault_of([&] { posix_file_io().open(path, Mode::read); }) == Fault::no_input);
  put(path, "text");
  CHECK(posix_file_io().open(path, Mode::read_write)->size() == 4);
  CHECK(posix_file_io().open(path, Mode::create)->size() == 0);
}

TEST_CASE("file: truncate cuts and extends with zeros") {
  const Scratch scratch;
  put(scratch / "a", "text");
  const auto file = posix_file_io().open(scratch / "a", Mode::read_write);
  file->truncate(2);
  file->truncate(3);
  CHECK(content(scratch / "a") == ByteBuffer{'t', 'e', 0});
}

TEST_CASE("file: a hole reads as zeros, leaves its neighbours and the size, and frees blocks") {
  const Scratch scratch;
  const std::string path = scratch / "a";
  const auto file = posix_file_io().open(path, Mode::create);
  ByteBuffer bytes(std::size_t{256} << 10, 7);
  file->write_at(0, bytes);
  if (!file->punch_hole(65'536, 131'072)) return;  // The file system cannot.
  std::fill_n(bytes.begin() + 65'536, 131'072, std::uint8_t{0});
  CHECK(content(path) == bytes);
}

TEST_CASE("file: a write to a file opened for reading is an error") {
  const Scratch scratch;
  put(scratch / "a", "text");
  const auto file = posix_file_io().open(scratch / "a", Mode::read);
  CHECK(fault_of([&] { file->write_at(0, as_bytes("x")); }) == Fault::io);
  CHECK(content(scratch / "a").size() == 4);
}

TEST_CASE("file: remove tells whether there was one, rename replaces") {
  const Scratch scratch;
  put(scratch / "a", "a");
  put(scratch / "b", "bb");
  posix_file_io().rename(scratch / "a", scratch / "b");
  CHECK_FALSE(fs::exists(scratch / "a"));
  CHECK(content(scratch / "b") == ByteBuffer{'a'});
  CHECK(posix_file_io().remove(scratch / "b"));
  CHECK_FALSE(posix_file_io().remove(scratch / "b"));
  CHECK(fault_of([&] { posix_file_io().rename(scratch / "a", scratch / "b"); }) ==
        Fault::no_input);
}

TEST_CASE("file: a directory can be synced, a missing one not") {
  const Scratch scratch;
  CHECK_NOTHROW(posix_file_io().sync_directory(scratch / "."));
  CHECK(fault_of([&] { posix_file_io().sync_directory(scratch / "none"); }) == Fault::no_input);
}

/// Moves one byte a call; takes none once it has taken `room` bytes.
class SlowFile final : public File {
 public:
  explicit SlowFile(std::size_t room) : File{"slow"}, room_{room} {}
  std::uint64_t size() override { return bytes_.size(); }
  void truncate(std::uint64_t bytes) override { bytes_.resize(bytes); }
  void sync() override {}
  bool punch_hole(std::uint64_t, std::uint64_t) override { return false; }

 protected:
  std::size_t read_some(std::uint64_t offset, std::span<std::uint8_t> into) override {
    if (offset >= bytes_.size()) return 0;
    into.front() = bytes_[offset];
    return 1;
  }
  std::size_t write_some(std::uint64_t offset, ByteView bytes) override {
    if (offset >= room_) return 0;
    bytes_.resize(std::max<std::size_t>(bytes_.size(), offset + 1));
    bytes_[offset] = bytes.front();
    return 1;
  }

 private:
  std::size_t room_;
  ByteBuffer bytes_;
};

TEST_CASE("file: short transfers are continued, and a device that takes nothing is an error") {
  SlowFile file{5};
  file.write_at(0, as_bytes("hello"));
  ByteBuffer back(5);
  file.read_at(0, back);
  CHECK(std::ranges::equal(back, as_bytes("hello")));
  CHECK(fault_of([&] { file.write_at(4, as_bytes("oo")); }) == Fault::io);
}

TEST_CASE("file: an override counts while it lives, and the one before it comes back") {
  class Nothing final : public FileIo {
   public:
    std::unique_ptr<File> open(const std::string&, Mode) override { return nullptr; }
    bool remove(const std::string&) override { return true; }
    void rename(const std::string&, const std::string&) override {}
    void sync_directory(const std::string&) override {}
  } first, second;
  {
    const FileIoOverride outer{first};
    {
      const FileIoOverride inner{second};
      CHECK(&file_io() == &second);
    }
    CHECK(&file_io() == &first);
  }
  CHECK(&file_io() == &posix_file_io());
}

}  // namespace
}  // namespace hart::store
