#pragma once

#include <cstdint>

#include "store/connection.h"
#include "store/pack_range.h"

namespace hart::store {

/// The catalog's present epoch: see ReaderLease.
[[nodiscard]] std::int64_t reader_epoch(Connection& db);

/// Notes ranges of packs that no extent names any more, merging neighbours of one kind. Inside
/// one WriteTransaction.
class HoleWriter {
 public:
  /// `overwrite`: zeros are to be written before the range is given back.
  HoleWriter(Connection& db, bool overwrite);
  void add(const PackRange& range);

 private:
  Statement before_;
  Statement after_;
  Statement remove_;
  Statement insert_;
  std::int64_t epoch_;
  int overwrite_;
};

/// Notes holes as given back. Inside one WriteTransaction.
class FreedHoles {
 public:
  explicit FreedHoles(Connection& db);
  /// `hole` is one that waits; returns it together with what is free on both its sides.
  PackRange add(const PackRange& hole);

 private:
  Statement before_;
  Statement after_;
  Statement remove_;
  Statement insert_;
};

}  // namespace hart::store
