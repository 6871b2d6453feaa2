// A commit in which one operation fails: what the store says, and what a power cut leaves of
// it.

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "atom/atomize.h"
#include "core/error.h"
#include "fault_disk.h"
#include "fault_file_io.h"
#include "fault_vfs.h"
#include "ledger.h"
#include "scratch_directory.h"
#include "store/schema.h"

namespace hart::fault {
namespace {

namespace fs = std::filesystem;

/// Copies of one store, which holds one text.
class Stores {
 public:
  Stores() {
    const store::SchemaModule modules[] = {store::catalog_schema()};
    store::Store::create(pristine().string(), modules);
    store::Store store{{pristine().string(), "default", 0, true}};
    add(store, ledger_, "a text that was there before\n");
  }

  static void add(store::Store& store, Ledger& ledger, const std::string& text) {
    const ByteView bytes = as_bytes(text);
    store::WriteTransaction transaction{store};
    store::CatalogWriter writer{store};
    atom::AtomizeOptions options;
    options.name = "text";
    const atom::Atomized added = atom::atomize(store, writer, bytes, options, {});
    Holdings after = ledger.acknowledged();
    after["text@" + std::to_string(added.version)] = ledger.keep({bytes.begin(), bytes.end()});
    ledger.commit(transaction, std::move(after));
  }

  /// Adds to a fresh copy until the disk fails as planned, once more after that when `again`;
  /// cuts the power; verifies. Returns the fault that the failed add reported.
  std::optional<Fault> fail(const std::function<void(FaultDisk&)>& plan, std::uint64_t seed,
                            bool again) {
    const fs::path directory = scratch_.path() / "copy";
    fs::remove_all(directory);
    fs::copy(pristine(), directory, fs::copy_options::recursive);
    Ledger ledger = ledger_;
    std::optional<Fault> reported;
    FaultDisk disk{directory.string(), seed};
    {
      const FaultVfs vfs{disk, seed};
      FaultFileIo io{disk};
      const store::FileIoOverride io_override{io};
      plan(disk);
      try {
        store::Store store{{directory.string(), "default", 0, true}};
        reported = fault_of([&] { add(store, ledger, std::string(700, 'x') + " first\n"); });
        if (reported && again)
          static_cast<void>(fault_of([&] { add(store, ledger, "shorter\n"); }));
        // Before the store is closed, which would make a checkpoint.
        disk.cut_power();
      } catch (const Error& error) {
        reported = error.fault();
      }
    }
    disk.apply_crash();
    verify(directory.string(), ledger);
    return reported;
  }

 private:
  static std::optional<Fault> fault_of(const std::function<void()>& body) {
    try {
      body();
    } catch (const Error& error) {
      return error.fault();
    }
    return std::nullopt;
  }
  [[nodiscard]] fs::path pristine() const { return scratch_.path() / "pristine"; }

  ScratchDirectory scratch_;
  Ledger ledger_;
};

/// Fails the first operation of the kind, then the second, … until none is left to fail.
void fail_each(OperationKind kind, bool again) {
  Stores stores;
  std::uint64_t failed = 0;
  for (std::uint64_t at = 1;; ++at) {
    CAPTURE(at);
    std::optional<Fault> reported;
    REQUIRE_NOTHROW(reported = stores.fail(
                        [&](FaultDisk& disk) {
                          disk.plan({FaultKind::io_error, kind, at, 1});
                        },
                        at, again));
    if (reported) {
      CHECK(*reported == Fault::io);
      ++failed;
    } else if (at > failed + 20) {
      // Some failures do no harm, as that of a checkpoint; twenty in a row are the end.
      break;
    }
  }
  CHECK(failed > 2);
}

TEST_CASE(
    "commit: a write that fails, whichever, is reported as that and leaves a sound store") {
  fail_each(OperationKind::change, false);
}

TEST_CASE(
    "commit: a read that fails, whichever, is reported as that and leaves a sound store") {
  fail_each(OperationKind::read, false);
}

TEST_CASE(
    "commit: an add after one that failed does not take the bytes that a power cut may"
    " bring back into the catalog") {
  Stores stores;
  // The sync of a WAL whose frames are all there: what failed may come true.
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    REQUIRE_NOTHROW(stores.fail(
        [&](FaultDisk& disk) {
          disk.plan({FaultKind::io_error, OperationKind::sync, 1 + seed % 5, 1});
          disk.plan_crash_after_failure(1 + seed / 5);
        },
        seed, true));
  }
}

}  // namespace
}  // namespace hart::fault
