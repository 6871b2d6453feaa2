#include "core/mapped_file.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/error.h"

namespace hart {
namespace {

/// A directory of its own that goes with the test: mapping needs real files.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hart-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] std::string path(const char* name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string write(const char* name, const std::string& content) const {
    std::ofstream{path(name), std::ios::binary} << content;
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

Fault fault_of(const std::string& path) {
  try {
    const MappedFile file{path};
  } catch (const Error& error) {
    return error.fault();
  }
  return Fault::internal;
}

TEST_CASE("mapped file: shows the bytes of the file, whatever the access hint") {
  const Scratch scratch;
  const std::string content = std::string(5000, 'a') + '\0' + "end";
  const std::string path = scratch.write("file", content);
  for (const auto access :
       {MappedFile::Access::normal, MappedFile::Access::sequential, MappedFile::Access::random})
    CHECK(as_text(MappedFile{path, access}.bytes()) == content);
}

TEST_CASE("mapped file: a file of no bytes is empty and no error") {
  const Scratch scratch;
  CHECK(MappedFile{scratch.write("empty", "")}.bytes().empty());
  CHECK(MappedFile{}.bytes().empty());
}

TEST_CASE("mapped file: moving hands the mapping over") {
  const Scratch scratch;
  MappedFile first{scratch.write("one", "first")};
  MappedFile second{scratch.write("two", "second")};
  const std::uint8_t* const data = first.bytes().data();
  second = std::move(first);
  CHECK(second.bytes().data() == data);
  CHECK(as_text(second.bytes()) == "first");
  const MappedFile third{std::move(second)};
  CHECK(as_text(third.bytes()) == "first");
}

TEST_CASE("mapped file: dropped pages read the same again, ranges past the end do no harm") {
  const Scratch scratch;
  const std::string content(20'000, 'q');
  const MappedFile file{scratch.write("file", content)};
  file.drop(0, 20'000);
  file.drop(100, 9000);
  file.drop(19'000, 50'000);
  file.drop(90'000, 1);
  CHECK(as_text(file.bytes()) == content);
}

TEST_CASE(
    "mapped file: an absent file, a directory and a pipe are told apart, and none is waited "
    "for") {
  const Scratch scratch;
  CHECK(fault_of(scratch.path("absent")) == Fault::no_input);
  CHECK(fault_of(scratch.path("")) == Fault::data);
  CHECK(fault_of(scratch.write("file", "x") + "/below") == Fault::no_input);
  REQUIRE(::mkfifo(scratch.path("pipe").c_str(), 0600) == 0);
  CHECK(fault_of(scratch.path("pipe")) == Fault::data);
}

}  // namespace
}  // namespace hart
