#pragma once

#include <cstdint>

#include "fault_disk.h"

namespace hart::fault {

/// While it lives, SQLite's files in the disk's directory lie on that disk: a VFS over the
/// default one, of which it keeps locks and shared memory, is the default. Other files are not
/// touched. SQLite's random numbers follow from `seed`. One at a time; all connections opened
/// under it are closed before it ends.
class FaultVfs {
 public:
  FaultVfs(FaultDisk& disk, std::uint64_t seed);
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
};

}  // namespace hart::fault
