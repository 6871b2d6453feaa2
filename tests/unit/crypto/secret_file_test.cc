#include "crypto/secret_file.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>

#include "core/error.h"

namespace hart::crypto {
namespace {

namespace fs = std::filesystem;

/// A folder of its own, gone with the object.
struct SecretFolder {
  SecretFolder() {
    path = (fs::temp_directory_path() / "hart-secret-XXXXXX").string();
    REQUIRE(::mkdtemp(path.data()) != nullptr);
  }
  ~SecretFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  std::string path;
};

Fault fault_of_reading(const std::string& path) {
  try {
    (void)read_secret_file(path, "secret");
  } catch (const Error& error) {
    return error.fault();
  }
  return Fault{0};
}

TEST_CASE(
    "secret file: what was written is read back, by its owner alone, and never replaced") {
  const SecretFolder folder;
  const std::string path = folder.path + "/key";
  write_secret_file(path, "abc");
  CHECK(fs::status(path).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(fs::file_size(path) == 4);
  CHECK(read_secret_file(path, "secret") == "abc");
  CHECK_THROWS_AS(write_secret_file(path, "other"), Error);
  CHECK(read_secret_file(path, "secret") == "abc");
}

TEST_CASE("secret file: one that others may read, an empty and a long one are refused") {
  const SecretFolder folder;
  const std::string path = folder.path + "/key";
  CHECK(fault_of_reading(path) == Fault::no_input);
  write_secret_file(path, "abc");
  for (const fs::perms open : {fs::perms::group_read, fs::perms::others_read,
                               fs::perms::group_write, fs::perms::others_exec}) {
    fs::permissions(path, fs::perms::owner_read | open);
    CHECK(fault_of_reading(path) == Fault::denied);
  }
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  CHECK(fault_of_reading(path) == Fault{0});
  std::ofstream{path} << "\nabc\n";
  CHECK(fault_of_reading(path) == Fault::data);
  std::ofstream{path} << std::string(1024, 'a');
  CHECK(fault_of_reading(path) == Fault::data);
}

TEST_CASE("secret file: a folder is told as one, whoever may read it") {
  const SecretFolder folder;
  for (const fs::perms perms : {fs::perms::owner_all, fs::perms::all}) {
    fs::permissions(folder.path, perms);
    std::string message;
    try {
      (void)read_secret_file(folder.path, "secret");
    } catch (const Error& error) {
      message = error.what();
    }
    CHECK(message == folder.path + ": is a directory, and holds no secret");
  }
}

TEST_CASE("secret file: a pipe is read to its end, however its bytes arrive") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  std::thread writer{[&] {
    for (const std::string_view part : {"a", "b", "c\n"})
      CHECK(::write(ends[1], part.data(), part.size()) == static_cast<ssize_t>(part.size()));
    ::close(ends[1]);
  }};
  CHECK(read_secret_file("/dev/fd/" + std::to_string(ends[0]), "secret") == "abc");
  writer.join();
  ::close(ends[0]);
}

}  // namespace
}  // namespace hart::crypto
