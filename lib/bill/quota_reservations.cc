#include "bill/quota_reservations.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <thread>

#include "bill/exact.h"
#include "core/error.h"
#include "core/uuid.h"

namespace hart::bill {
namespace {

/// Holder, tenant, minute, the amounts in the order of QuotaResource, and a word of zeros.
using SlotWords = std::array<std::int64_t, 8>;
constexpr std::size_t kSlotBytes = sizeof(SlotWords);
/// Read at once; more only where so many uses are under way.
constexpr std::size_t kSlotsAtFirst = 32;

/// Whoever reads or writes slots holds this byte. Holders' numbers lie far above it.
constexpr std::int64_t kGuardByte = 0;
/// As long as a store waits by default.
constexpr double kReservationsWaitS = 30;
constexpr std::chrono::microseconds kFirstNap{20};
constexpr std::chrono::microseconds kLongestNap{1'000};

/// A lock lies beyond the file's end as well.
struct flock byte_lock(std::int64_t number, short type) noexcept {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = number;
  lock.l_len = 1;
  return lock;
}

void lock_guard_byte(int fd, short type, const std::string& path) {
  double give_up = 0;
  for (auto nap = kFirstNap;; nap = std::min(nap * 2, kLongestNap)) {
    struct flock lock = byte_lock(kGuardByte, type);
    if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return;
    if (errno != EAGAIN && errno != EACCES && errno != EINTR)
      throw_errno(Fault::io, path, errno);
    if (give_up == 0) give_up = steady_seconds() + kReservationsWaitS;
    if (steady_seconds() >= give_up)
      throw Error{Fault::busy, path + ": is locked by another process"};
    std::this_thread::sleep_for(nap);
  }
}

void unlock_guard_byte(int fd) noexcept {
  struct flock lock = byte_lock(kGuardByte, F_UNLCK);
  ::fcntl(fd, F_OFD_SETLK, &lock);
}

/// Whether somebody else than `fd` holds `number`. What cannot be asked for is taken to live.
bool lives(int fd, std::int64_t number) noexcept {
  if (number <= kGuardByte) return false;
  struct flock lock = byte_lock(number, F_WRLCK);
  return ::fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

/// What root makes in another's store belongs to the store's owner, who is to use it too.
void give_to_owner(int fd, const std::string& database) noexcept {
  struct stat owner, file;
  if (::geteuid() != 0 || ::stat(database.c_str(), &owner) != 0 || ::fstat(fd, &file) != 0)
    return;
  if (owner.st_uid != file.st_uid || owner.st_gid != file.st_gid)
    static_cast<void>(::fchown(fd, owner.st_uid, owner.st_gid) == 0);
}

ReservedSlot decode(const SlotWords& words) noexcept {
  ReservedSlot slot{words[0], words[1], words[2], {}};
  for (std::size_t i = 0; i < kQuotaResources; ++i)
    slot.amounts.micros[i] = std::max<std::int64_t>(0, words[3 + i]);
  return slot;
}

std::vector<ReservedSlot> read_slots(int fd, const std::string& path) {
  std::vector<SlotWords> words(kSlotsAtFirst);
  std::size_t bytes = 0;
  for (;;) {
    const ssize_t count = ::pread(fd, reinterpret_cast<char*>(words.data()) + bytes,
                                  words.size() * kSlotBytes - bytes, static_cast<off_t>(bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno(Fault::io, path, errno);
    bytes += static_cast<std::size_t>(count);
    if (bytes < words.size() * kSlotBytes) break;
    words.resize(words.size() * 4);
  }
  // A slot that a full disk cut off is none.
  words.resize(bytes / kSlotBytes);
  std::vector<ReservedSlot> slots;
  slots.reserve(words.size());
  for (const SlotWords& slot : words) slots.push_back(decode(slot));
  return slots;
}

std::int64_t sum_of(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(
      std::min(Wide{a} + b, Wide{std::numeric_limits<std::int64_t>::max()}));
}

}  // namespace

std::int64_t sum_reserved(const std::vector<ReservedSlot>& slots, std::int64_t tenant_id,
                          QuotaResource resource, TimeUs start) noexcept {
  std::int64_t sum = 0;
  for (const ReservedSlot& slot : slots)
    if (slot.holder != 0 && slot.tenant_id == tenant_id && slot.minute >= start)
      sum = sum_of(sum, slot.amounts.of(resource));
  return sum;
}

std::vector<ReservedSlot> living_reservations(const std::string& directory) {
  const std::string path = directory + "/reservations";
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return {};
  if (fd < 0) throw_errno(Fault::denied, path, errno);
  const struct Close {
    int fd;
    ~Close() { ::close(fd); }
  } close{fd};
  lock_guard_byte(fd, F_RDLCK, path);
  std::vector<ReservedSlot> slots = read_slots(fd, path);
  std::erase_if(slots, [&](const ReservedSlot& slot) { return !lives(fd, slot.holder); });
  return slots;
}

QuotaReservations::QuotaReservations(const std::string& directory)
    : path_{directory + "/reservations"} {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd_ < 0) throw_errno(Fault::denied, path_, errno);
  give_to_owner(fd_, directory + "/hart.db");
  for (;;) {
    std::uint8_t bytes[7];
    random_bytes(bytes, sizeof bytes);
    holder_ = 1;
    for (const std::uint8_t byte : bytes) holder_ = (holder_ << 8) | byte;
    struct flock lock = byte_lock(holder_, F_WRLCK);
    if (::fcntl(fd_, F_OFD_SETLK, &lock) == 0) return;
    if (errno == EAGAIN || errno == EACCES || errno == EINTR) continue;
    const int error = errno;
    ::close(fd_);
    throw_errno(Fault::io, path_, error);
  }
}

QuotaReservations::~QuotaReservations() {
  ::close(fd_);
}

QuotaReservations::Locked::Locked(QuotaReservations& file) : file_{file} {
  lock_guard_byte(file_.fd_, F_WRLCK, file_.path_);
}

QuotaReservations::Locked::~Locked() {
  unlock_guard_byte(file_.fd_);
}

const std::vector<ReservedSlot>& QuotaReservations::Locked::slots() {
  if (!read_) slots_ = read_slots(file_.fd_, file_.path_);
  read_ = true;
  return slots_;
}

void QuotaReservations::Locked::drop_the_dead() {
  static_cast<void>(slots());
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const std::int64_t holder = slots_[i].holder;
    if (holder == 0 || holder == file_.holder_ || lives(file_.fd_, holder)) continue;
    write(i, {});
  }
}

void QuotaReservations::Locked::write(std::size_t index, const ReservedSlot& slot) {
  SlotWords words{slot.holder, slot.tenant_id, slot.minute};
  std::ranges::copy(slot.amounts.micros, words.begin() + 3);
  const auto offset = static_cast<off_t>(index * kSlotBytes);
  ssize_t written = 0;
  do written = ::pwrite(file_.fd_, words.data(), kSlotBytes, offset);
  while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(kSlotBytes))
    throw_errno(Fault::io, file_.path_, written < 0 ? errno : ENOSPC);
  if (!read_) return;
  if (index == slots_.size()) slots_.emplace_back();
  slots_[index] = slot;
}

std::size_t QuotaReservations::Locked::free_index() {
  static_cast<void>(slots());
  const auto first_free = [&] {
    const auto slot = std::ranges::find(slots_, 0, &ReservedSlot::holder);
    return static_cast<std::size_t>(slot - slots_.begin());
  };
  if (slots_.size() >= kSlotsAtFirst && first_free() == slots_.size()) drop_the_dead();
  return first_free();
}

void QuotaReservations::Locked::add(std::int64_t tenant_id, TimeUs minute,
                                    const QuotaAmounts& amounts) {
  const auto known = file_.own_.find({tenant_id, minute});
  Own own = known != file_.own_.end()
                ? known->second
                : Own{free_index(), {file_.holder_, tenant_id, minute, {}}};
  for (std::size_t i = 0; i < kQuotaResources; ++i)
    own.slot.amounts.micros[i] =
        sum_of(own.slot.amounts.micros[i], std::max<std::int64_t>(0, amounts.micros[i]));
  write(own.index, own.slot);
  file_.own_.insert_or_assign({tenant_id, minute}, own);
}

void QuotaReservations::Locked::take(std::int64_t tenant_id, TimeUs minute,
                                     const QuotaAmounts& amounts) {
  const auto known = file_.own_.find({tenant_id, minute});
  if (known == file_.own_.end()) return;
  Own own = known->second;
  bool nothing = true;
  for (std::size_t i = 0; i < kQuotaResources; ++i) {
    std::int64_t& micros = own.slot.amounts.micros[i];
    micros = std::max<std::int64_t>(0, micros - std::max<std::int64_t>(0, amounts.micros[i]));
    nothing = nothing && micros == 0;
  }
  write(own.index, nothing ? ReservedSlot{} : own.slot);
  if (nothing)
    file_.own_.erase(known);
  else
    known->second = own;
}

}  // namespace hart::bill
