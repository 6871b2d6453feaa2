#include "fault_vfs.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <new>
#include <string>

namespace hart::fault {
namespace {

FaultDisk* the_disk = nullptr;
sqlite3_vfs* the_system = nullptr;
Random the_random{0};
int last_error = 0;  ///< errno of the last open that failed

/// An open file of the disk. The system's own handle, for locks and shared memory, lies behind
/// it in the block that SQLite allocates.
struct DiskHandle {
  sqlite3_file base;
  UnsyncedFile* file;
  FaultDisk* disk;
  /// The directory to be synced with the file's first sync, as SQLite's unix VFS does for a new
  /// journal or WAL; else empty.
  std::string* directory;
};

DiskHandle& handle_of(sqlite3_file* file) {
  return *reinterpret_cast<DiskHandle*>(file);
}

sqlite3_file* system_file(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + sizeof(DiskHandle));
}

int close(sqlite3_file* file) {
  delete handle_of(file).directory;
  return system_file(file)->pMethods->xClose(system_file(file));
}

int read(sqlite3_file* file, void* into, int bytes, sqlite3_int64 offset) {
  DiskHandle& handle = handle_of(file);
  std::span rest{static_cast<std::uint8_t*>(into), static_cast<std::size_t>(bytes)};
  while (!rest.empty()) {
    std::size_t got = 0;
    const std::uint64_t at = static_cast<std::uint64_t>(offset + bytes) - rest.size();
    if (handle.disk->read(*handle.file, at, rest, got) != 0) return SQLITE_IOERR_READ;
    if (got == 0) {
      std::memset(rest.data(), 0, rest.size());
      return SQLITE_IOERR_SHORT_READ;
    }
    rest = rest.subspan(got);
  }
  return SQLITE_OK;
}

int write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 offset) {
  DiskHandle& handle = handle_of(file);
  ByteView rest{static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(bytes)};
  while (!rest.empty()) {
    std::size_t put = 0;
    const std::uint64_t at = static_cast<std::uint64_t>(offset + bytes) - rest.size();
    const int error = handle.disk->write(*handle.file, at, rest, put);
    if (error != 0) return error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    rest = rest.subspan(put);
  }
  return SQLITE_OK;
}

int truncate(sqlite3_file* file, sqlite3_int64 bytes) {
  DiskHandle& handle = handle_of(file);
  return handle.disk->truncate(*handle.file, static_cast<std::uint64_t>(bytes)) == 0
             ? SQLITE_OK
             : SQLITE_IOERR_TRUNCATE;
}

int sync(sqlite3_file* file, int) {
  DiskHandle& handle = handle_of(file);
  if (handle.disk->sync(*handle.file) != 0) return SQLITE_IOERR_FSYNC;
  if (handle.directory != nullptr) {
    // The unix VFS does not look at whether this succeeds.
    handle.disk->sync_directory(*handle.directory, true);
    delete handle.directory;
    handle.directory = nullptr;
  }
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* bytes) {
  *bytes = static_cast<sqlite3_int64>(handle_of(file).file->size());
  return SQLITE_OK;
}

int lock(sqlite3_file* file, int level) {
  return system_file(file)->pMethods->xLock(system_file(file), level);
}
int unlock(sqlite3_file* file, int level) {
  return system_file(file)->pMethods->xUnlock(system_file(file), level);
}
int check_reserved_lock(sqlite3_file* file, int* locked) {
  return system_file(file)->pMethods->xCheckReservedLock(system_file(file), locked);
}
int file_control(sqlite3_file* file, int operation, void* argument) {
  // Room for later writes: the system would take it past the disk.
  if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE)
    return SQLITE_OK;
  return system_file(file)->pMethods->xFileControl(system_file(file), operation, argument);
}
int sector_size(sqlite3_file* file) {
  return system_file(file)->pMethods->xSectorSize(system_file(file));
}
int device_characteristics(sqlite3_file* file) {
  return system_file(file)->pMethods->xDeviceCharacteristics(system_file(file));
}
int shm_map(sqlite3_file* file, int page, int bytes, int extend, void volatile** memory) {
  return system_file(file)->pMethods->xShmMap(system_file(file), page, bytes, extend, memory);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
  return system_file(file)->pMethods->xShmLock(system_file(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) {
  system_file(file)->pMethods->xShmBarrier(system_file(file));
}
int shm_unmap(sqlite3_file* file, int remove) {
  return system_file(file)->pMethods->xShmUnmap(system_file(file), remove);
}

/// Version 2: without memory mapping, which would read past the disk.
constexpr sqlite3_io_methods kMethods{2,
                                      close,
                                      read,
                                      write,
                                      truncate,
                                      sync,
                                      file_size,
                                      lock,
                                      unlock,
                                      check_reserved_lock,
                                      file_control,
                                      sector_size,
                                      device_characteristics,
                                      shm_map,
                                      shm_lock,
                                      shm_barrier,
                                      shm_unmap,
                                      nullptr,
                                      nullptr};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  if (name == nullptr || !the_disk->holds(name))
    return the_system->xOpen(the_system, name, file, flags, out_flags);
  auto* handle = new (file) DiskHandle{{nullptr}, nullptr, the_disk, nullptr};
  const bool create = (flags & SQLITE_OPEN_CREATE) != 0;
  last_error = the_disk->open(name, create, handle->file);
  if (last_error != 0) return SQLITE_CANTOPEN;
  const int code = the_system->xOpen(the_system, name, system_file(file), flags, out_flags);
  if (code != SQLITE_OK) return code;
  constexpr int kJournals =
      SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
  if (create && (flags & kJournals) != 0)
    handle->directory = new std::string{std::filesystem::path{name}.parent_path().string()};
  handle->base.pMethods = &kMethods;
  return SQLITE_OK;
}

int remove(sqlite3_vfs*, const char* name, int sync_directory) {
  if (!the_disk->holds(name)) return the_system->xDelete(the_system, name, sync_directory);
  const int error = the_disk->remove(name);
  if (error == ENOENT) return SQLITE_IOERR_DELETE_NOENT;
  if (error != 0) return SQLITE_IOERR_DELETE;
  if (sync_directory != 0 &&
      the_disk->sync_directory(std::filesystem::path{name}.parent_path().string()) != 0)
    return SQLITE_IOERR_DIR_FSYNC;
  return SQLITE_OK;
}

int access(sqlite3_vfs*, const char* name, int flags, int* result) {
  return the_system->xAccess(the_system, name, flags, result);
}

int full_path(sqlite3_vfs*, const char* name, int bytes, char* out) {
  return the_system->xFullPathname(the_system, name, bytes, out);
}

int randomness(sqlite3_vfs*, int bytes, char* out) {
  for (int i = 0; i < bytes; ++i) out[i] = static_cast<char>(the_random.next());
  return bytes;
}

int sleep(sqlite3_vfs*, int microseconds) {
  return the_system->xSleep(the_system, microseconds);
}

int get_last_error(sqlite3_vfs*, int, char*) {
  return last_error;
}

int current_time(sqlite3_vfs*, double* out) {
  return the_system->xCurrentTime(the_system, out);
}

sqlite3_vfs& the_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made{};
    made.iVersion = 1;
    made.szOsFile = static_cast<int>(sizeof(DiskHandle)) + the_system->szOsFile;
    made.mxPathname = the_system->mxPathname;
    made.zName = "hart-fault";
    made.xOpen = open;
    made.xDelete = remove;
    made.xAccess = access;
    made.xFullPathname = full_path;
    made.xRandomness = randomness;
    made.xSleep = sleep;
    made.xCurrentTime = current_time;
    made.xGetLastError = get_last_error;
    return made;
  }();
  return vfs;
}

}  // namespace

FaultVfs::FaultVfs(FaultDisk& disk, std::uint64_t seed) {
  if (the_system == nullptr) the_system = sqlite3_vfs_find(nullptr);
  the_disk = &disk;
  the_random = Random{seed};
  sqlite3_vfs_register(&the_vfs(), 1);
  // Makes SQLite ask for a new seed.
  sqlite3_randomness(0, nullptr);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&the_vfs());
  the_disk = nullptr;
}

}  // namespace hart::fault
