#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bill/quota.h"

namespace hart::bill {

/// What one holder has set aside for a tenant in one minute. A window of a quota begins at a
/// full minute, so that nothing finer has to be told apart.
struct ReservedSlot {
  std::int64_t holder = 0;  ///< 0: the slot is free
  std::int64_t tenant_id = 0;
  TimeUs minute = 0;     ///< its first instant
  QuotaAmounts amounts;  ///< none below 0
};

/// What `slots` hold of a resource for a tenant in windows that begin at `start` or later.
[[nodiscard]] std::int64_t sum_reserved(const std::vector<ReservedSlot>& slots,
                                        std::int64_t tenant_id, QuotaResource resource,
                                        TimeUs start) noexcept;

/// The slots of a store whose holders live. Takes the file's lock for an instant.
[[nodiscard]] std::vector<ReservedSlot> living_reservations(const std::string& directory);

/// What uses that are under way have set aside: the file `reservations` of a store, which all
/// of its processes share. The format stands in hart-store(5).
///
/// The file is never synced, and need not be: what it holds ends with the process that wrote
/// it. A holder keeps a lock on the byte of the file whose number it is; a slot whose byte
/// nobody holds is of a process that died, by SIGKILL or by a power cut, and so is garbage of
/// any kind.
class QuotaReservations {
 public:
  /// A new holder. Makes the file where there is none; throws Error(denied) and kin when it
  /// cannot be written.
  explicit QuotaReservations(const std::string& directory);
  ~QuotaReservations();
  QuotaReservations(const QuotaReservations&) = delete;
  QuotaReservations& operator=(const QuotaReservations&) = delete;

  [[nodiscard]] std::int64_t holder() const noexcept { return holder_; }

  /// The file, while nobody else reads or writes it: for an instant, since others wait.
  class Locked {
   public:
    /// Throws Error(busy) after 30 seconds.
    explicit Locked(QuotaReservations& file);
    ~Locked();
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

    /// All slots, read at the first call.
    [[nodiscard]] const std::vector<ReservedSlot>& slots();
    /// Frees the slots of holders that died.
    void drop_the_dead();
    /// Adds to, and takes from, what the holder has set aside. Throws Error(io) when that
    /// cannot be written.
    void add(std::int64_t tenant_id, TimeUs minute, const QuotaAmounts& amounts);
    void take(std::int64_t tenant_id, TimeUs minute, const QuotaAmounts& amounts);

   private:
    void write(std::size_t index, const ReservedSlot& slot);
    [[nodiscard]] std::size_t free_index();

    QuotaReservations& file_;
    std::vector<ReservedSlot> slots_;
    bool read_ = false;
  };

 private:
  /// Where the holder's own slot of a tenant and a minute is, and what it says: nobody else
  /// writes it.
  struct Own {
    std::size_t index = 0;
    ReservedSlot slot;
  };

  std::string path_;
  int fd_;
  std::int64_t holder_ = 0;
  std::map<std::pair<std::int64_t, TimeUs>, Own> own_;
};

}  // namespace hart::bill
