#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fault_disk.h"
#include "ledger.h"
#include "random.h"

namespace hart::fault {

/// A small model, so that others can be made from it.
struct Model {
  bool gguf = true;
  bool bf16 = false;
  std::vector<std::vector<float>> tensors;
};

/// One process that works on a store: a random sequence of operations, told to the ledger,
/// until the power goes or all is done.
class Process {
 public:
  Process(std::string directory, FaultDisk& disk, Ledger& ledger, std::vector<Model>& models,
          Random random);

  /// Throws Violation when the store breaks a promise while it runs. An error of the disk's is
  /// none, as long as it is reported as one.
  void run(int operations);

  Ledger& ledger;
  std::vector<Model>& models;
  Random random;
  [[nodiscard]] store::Store& store() { return *store_; }
  void reopen();
  /// A second connection with a snapshot, which keeps checkpoints from ending and the WAL from
  /// being removed; held until the next call.
  void toggle_reader();

 private:
  void guarded(const char* name, const std::function<void()>& body);

  std::string directory_;
  FaultDisk& disk_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Store> reader_;
};

}  // namespace hart::fault
