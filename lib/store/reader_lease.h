#pragma once

#include <cstdint>
#include <string>

namespace hart::store {

class Connection;

/// A reader's claim on an epoch. What a collection takes out of the catalog in epoch n stays in
/// the packs until nobody holds a lease on an epoch up to n: a reader may still go by what it
/// read before. Readers never wait. The lease is a shared lock on byte n of the file `readers`
/// and ends with the object or the process.
class ReaderLease {
 public:
  /// Takes a lease on the catalog's present epoch. Where `readers` is missing and cannot be
  /// made (a read-only medium), nothing can be collected either, and no lease is needed.
  ReaderLease(const std::string& directory, Connection& catalog);
  ~ReaderLease();
  ReaderLease(const ReaderLease&) = delete;
  ReaderLease& operator=(const ReaderLease&) = delete;

  /// Moves on to the present epoch: for a process that has let go of all that it read.
  void renew(Connection& catalog);

  /// Whether no other process or object holds a lease on an epoch up to `epoch`.
  [[nodiscard]] static bool nobody_before(const std::string& directory, std::int64_t epoch);

 private:
  int fd_;
};

}  // namespace hart::store
