#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hart::prov {

/// What a target said to a batch.
struct Delivery {
  enum class Outcome : std::uint8_t {
    accepted,     ///< all of it, durably
    refused,      ///< as it is: a part of it may be accepted by itself
    unavailable,  ///< whatever was in it: nothing is known to be wrong with it
  };
  Outcome outcome = Outcome::accepted;
  std::string reason;  ///< "psql ended with status 3"; nothing of the content
};

/// A piece of the log, encoded for the target.
struct SyncBatch {
  std::uint64_t first = 0;  ///< leaf indexes
  std::uint64_t last = 0;
  std::string payload;
};

/// Where receipts are delivered to. A batch may be delivered again after it was accepted, when
/// the process was killed before the checkpoint was written: targets know what they have by its
/// names.
class SyncTarget {
 public:
  virtual ~SyncTarget() = default;
  /// Throws Error when something is wrong with the target for good.
  [[nodiscard]] virtual Delivery deliver(const SyncBatch& batch) = 0;
  /// The first receipt that the target does not have, where it can tell.
  [[nodiscard]] virtual std::optional<std::uint64_t> position() { return std::nullopt; }
};

/// A folder, made when it is missing: each batch is a file TENANT-FIRST-LAST.EXTENSION,
/// complete and durable when it appears, and never written again. The last file says how far
/// the folder is, so that nothing stands in two files. Holds a lock on the folder as long as it
/// lives: Error(busy) when another process does. With `only_look`, for a dry run, nothing is
/// made or locked.
[[nodiscard]] std::unique_ptr<SyncTarget> folder_target(const std::string& path,
                                                        const std::string& tenant,
                                                        const std::string& extension,
                                                        bool only_look = false);

/// A command that reads a batch from its standard input: run once for each, without a shell.
/// Status 0 accepts the batch; 69 and 75 (sysexits.h: unavailable, try again) say that it could
/// not be looked at; every other refuses it.
[[nodiscard]] std::unique_ptr<SyncTarget> command_target(std::vector<std::string> arguments);

/// A PostgreSQL database, through psql. The password, if the URL has one, is handed on in the
/// environment, where other users do not see it.
[[nodiscard]] std::unique_ptr<SyncTarget> postgres_target(const std::string& url);

/// The URL without its password: what may be stored and shown.
[[nodiscard]] std::string without_password(const std::string& url);
[[nodiscard]] bool is_postgres_url(std::string_view target);

}  // namespace hart::prov
