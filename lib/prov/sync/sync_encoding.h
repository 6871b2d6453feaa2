#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "prov/sync/sync_record.h"

namespace hart::prov {

/// A record in the form in which a target takes it. What `parts` means is the encoding's own.
struct EncodedRecord {
  std::uint64_t leaf_index = 0;
  std::uint64_t nodes = 0;
  std::uint64_t edges = 0;
  std::array<std::string, 3> parts;

  [[nodiscard]] std::size_t size() const {
    return parts[0].size() + parts[1].size() + parts[2].size();
  }
};

/// How records are written to a target. Encoded records can be put together in any selection,
/// so that a batch that is refused can be split.
class SyncEncoding {
 public:
  virtual ~SyncEncoding() = default;
  [[nodiscard]] virtual EncodedRecord encode(const SyncRecord& record) const = 0;
  /// What is handed to the target.
  [[nodiscard]] virtual std::string assemble(std::span<const EncodedRecord> records) const = 0;
  /// Of a file with it: "jsonl".
  [[nodiscard]] virtual std::string extension() const = 0;
};

/// One JSON object a receipt and line, of type "provenance" (hart-jsonl(5)).
[[nodiscard]] std::unique_ptr<SyncEncoding> json_lines_encoding(std::string tenant);
/// Statements of Cypher that make nothing twice (see CypherScript).
[[nodiscard]] std::unique_ptr<SyncEncoding> cypher_encoding();
/// A script for psql: one transaction that makes the tables hart_receipt, hart_node and
/// hart_edge where they are missing and adds the rows that they lack. What jsonb cannot hold,
/// U+0000, becomes U+FFFD.
[[nodiscard]] std::unique_ptr<SyncEncoding> sql_encoding(std::string tenant);

}  // namespace hart::prov
