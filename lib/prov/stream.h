#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/id.h"
#include "core/uuid.h"
#include "prov/receipt.h"
#include "prov/receipt_openings.h"
#include "store/store.h"

namespace hart::prov {

/// A result as the store keeps it (a generation, an embedding, a search, an ingest): the
/// receipt, and beside it what it is searched by.
struct GenerationStream {
  std::int64_t generation_stream_id = 0;
  std::uint64_t leaf_index = 0;  ///< in the tenant's transparency log
  Uuid uuid{};
  std::string operation;
  std::optional<Id> model;  ///< the first that had a part
  TimeUs started = 0;
  TimeUs completed = 0;
  std::uint64_t tokens_in = 0;
  std::uint64_t tokens_out = 0;
  std::string finish_reason;
  ByteBuffer receipt;
  Hash256 receipt_hash{};   ///< SHA-256 of `receipt`
  Hash256 previous_hash{};  ///< that of the receipt at leaf_index - 1, zeros for
                            ///< the first
};

/// Resolves a UUID, with or without dashes, or a prefix of at least 6 of its hexadecimal
/// digits. Throws Error(no_input) when no generation of the acting tenant's matches,
/// Error(data) when several do or the text is neither.
[[nodiscard]] GenerationStream resolve_stream(store::Store& store,
                                              const std::string& reference);

/// The acting tenant's generation at a place in the log.
[[nodiscard]] std::optional<GenerationStream> stream_at(store::Store& store,
                                                        std::uint64_t leaf_index);

/// The same for many receipts, by the number of their row: the statement is prepared once.
class StreamLookup {
 public:
  explicit StreamLookup(store::Store& store);
  [[nodiscard]] std::optional<GenerationStream> find(std::int64_t generation_stream_id);

 private:
  store::Statement row_;
};

/// The acting tenant's generations in the order of the log.
void for_each_stream(store::Store& store,
                     const std::function<void(const GenerationStream&)>& visit);

}  // namespace hart::prov
