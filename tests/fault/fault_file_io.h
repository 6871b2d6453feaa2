#pragma once

#include "fault_disk.h"
#include "store/file_io.h"

namespace hart::fault {

/// The pack layer's files on a disk that fails as planned.
class FaultFileIo final : public store::FileIo {
 public:
  explicit FaultFileIo(FaultDisk& disk) noexcept : disk_{disk} {}

  std::unique_ptr<store::File> open(const std::string& path, Mode mode) override;
  bool remove(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  void sync_directory(const std::string& directory) override;

 private:
  FaultDisk& disk_;
};

}  // namespace hart::fault
