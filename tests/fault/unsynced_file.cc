#include "unsynced_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/error.h"

namespace hart::fault {
namespace {

constexpr std::uint64_t kPageBytes = 4096;
/// What a disk writes whole or not at all.
constexpr std::uint64_t kSectorBytes = 512;

void write_all(int fd, std::uint64_t offset, ByteView bytes) {
  if (::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)) !=
      static_cast<ssize_t>(bytes.size()))
    throw_errno(Fault::io, "the disk under the simulation", errno);
}

void set_size(int fd, std::uint64_t bytes) {
  if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0)
    throw_errno(Fault::io, "the disk under the simulation", errno);
}

}  // namespace

UnsyncedFile::UnsyncedFile(const std::string& path, bool create, int& error)
    : fd_{::open(path.c_str(), O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0644)} {
  error = fd_ < 0 ? errno : 0;
  if (fd_ >= 0) synced_size_ = size();
}

UnsyncedFile::~UnsyncedFile() {
  if (fd_ >= 0) ::close(fd_);
}

std::uint64_t UnsyncedFile::size() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0)
    throw_errno(Fault::io, "the disk under the simulation", errno);
  return static_cast<std::uint64_t>(status.st_size);
}

std::size_t UnsyncedFile::read(std::uint64_t offset, std::span<std::uint8_t> into) const {
  const ssize_t got = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
  if (got < 0) throw_errno(Fault::io, "the disk under the simulation", errno);
  return static_cast<std::size_t>(got);
}

void UnsyncedFile::save_pages(std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t page = begin / kPageBytes; page * kPageBytes < end; ++page) {
    lost_pages_.erase(page);
    const auto [entry, fresh] = synced_pages_.try_emplace(page);
    const std::uint64_t at = page * kPageBytes;
    if (!fresh || at >= synced_size_) continue;
    entry->second.resize(std::min(kPageBytes, synced_size_ - at));
    entry->second.resize(read(at, entry->second));
  }
}

void UnsyncedFile::write(std::uint64_t offset, ByteView bytes) {
  save_pages(offset, offset + bytes.size());
  write_all(fd_, offset, bytes);
  changes_.push_back({false, offset, {bytes.begin(), bytes.end()}});
}

void UnsyncedFile::truncate(std::uint64_t bytes) {
  save_pages(bytes, std::max(size(), bytes));
  set_size(fd_, bytes);
  changes_.push_back({true, bytes, {}});
}

void UnsyncedFile::sync_succeeded() {
  changes_.clear();
  synced_size_ = size();
  std::erase_if(synced_pages_,
                [&](const auto& entry) { return !lost_pages_.contains(entry.first); });
}

void UnsyncedFile::sync_failed(Random& random) {
  for (const auto& [page, bytes] : synced_pages_)
    if (random.chance(50)) lost_pages_.insert(page);
}

void UnsyncedFile::restore_synced() {
  set_size(fd_, synced_size_);
  for (const auto& [page, bytes] : synced_pages_) {
    const std::uint64_t at = page * kPageBytes;
    if (at >= synced_size_) continue;
    ByteBuffer whole = bytes;
    whole.resize(std::min(kPageBytes, synced_size_ - at));
    write_all(fd_, at, whole);
  }
}

void UnsyncedFile::replay(const Change& change) {
  if (change.is_truncate) {
    set_size(fd_, change.offset);
  } else {
    write_all(fd_, change.offset, change.bytes);
  }
}

void UnsyncedFile::replay_torn(const Change& change, Random& random) {
  if (change.is_truncate) return;
  const std::uint64_t end = change.offset + change.bytes.size();
  // Now and then the new size is on disk and the data are not.
  if (random.chance(25) && size() < end) set_size(fd_, end);
  const bool prefix = random.chance(50);
  for (std::uint64_t at = change.offset; at < end;) {
    const std::uint64_t next = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
    if (random.chance(50)) {
      write_all(fd_, at, ByteView{change.bytes}.subspan(at - change.offset, next - at));
    } else if (prefix) {
      return;
    }
    at = next;
  }
}

void UnsyncedFile::apply_crash(Survival survival, Random& random) {
  restore_synced();
  const std::size_t cut = random.below(changes_.size() + 1);
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const bool torn = survival == Survival::any ? random.chance(25) : i == cut;
    const bool kept = survival == Survival::everything ||
                      (survival == Survival::prefix && i < cut) ||
                      (survival == Survival::any && random.chance(50));
    if (kept) {
      replay(changes_[i]);
    } else if (torn && survival != Survival::nothing) {
      replay_torn(changes_[i], random);
    }
  }
  changes_.clear();
  synced_pages_.clear();
  lost_pages_.clear();
  synced_size_ = size();
}

}  // namespace hart::fault
