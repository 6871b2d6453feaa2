#pragma once

#include <cstdint>
#include <string>

namespace hart::bill {

/// A number that lives as long as the object, or its process: an exclusive lock on the byte of
/// that number in the file `reservations` of a store.
class QuotaHolder {
 public:
  /// Throws Error(denied) and kin when the file cannot be written.
  explicit QuotaHolder(const std::string& directory);
  ~QuotaHolder();
  QuotaHolder(const QuotaHolder&) = delete;
  QuotaHolder& operator=(const QuotaHolder&) = delete;

  [[nodiscard]] std::int64_t number() const noexcept { return number_; }
  /// Whether somebody holds `number`. One that cannot be asked for is taken to live.
  [[nodiscard]] bool lives(std::int64_t number) const noexcept;

 private:
  int fd_;
  std::int64_t number_ = 0;
};

}  // namespace hart::bill
