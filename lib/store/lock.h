#pragma once

#include <string>

namespace hart::store {

/// The store's advisory writer lock (the file `lock`). Writers queue for it before they ask
/// SQLite for its own lock, whose back-off is unfair. Released when the object goes, or the
/// process dies.
class WriterLock {
 public:
  /// Waits up to `timeout_ms`. Throws Error(busy), or Error(denied) where the file cannot be
  /// opened.
  WriterLock(const std::string& path, int timeout_ms);
  ~WriterLock();
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  int fd_;
};

}  // namespace hart::store
