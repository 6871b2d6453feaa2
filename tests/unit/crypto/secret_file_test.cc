#include "crypto/secret_file.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

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

}  // namespace
}  // namespace hart::crypto
