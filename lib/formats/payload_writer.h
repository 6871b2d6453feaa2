#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/bytes.h"

namespace hart::formats {

/// Takes the next bytes of an output. It throws when it cannot.
using ByteSink = std::function<void(ByteView)>;

/// A piece of a model file's data section: the bytes of one tensor and the zeros after them.
struct PayloadPart {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t padding = 0;
};

/// Writes a model file whose header is known before its payload: the header first, then the
/// parts in their order, in pieces of any size, each part padded as soon as it is complete.
/// Holds nothing of what it writes.
class PayloadWriter {
 public:
  /// Writes `header` to `sink`, which must outlive the writer's use.
  PayloadWriter(ByteSink sink, ByteView header, std::vector<PayloadPart> parts);

  /// The next bytes of the payload; a piece may span several parts. Throws Error(usage) when it
  /// goes beyond the last part.
  void write(ByteView piece);

  /// The part whose bytes are expected next; null when all are complete. Parts of no bytes are
  /// complete by themselves.
  [[nodiscard]] const PayloadPart* next() const noexcept;
  /// Bytes written so far, header and padding included.
  [[nodiscard]] std::uint64_t written() const noexcept { return written_; }

  /// Throws Error(usage) naming the part that is incomplete.
  void finish() const;

 private:
  void emit(ByteView bytes);
  void complete_parts();

  ByteSink sink_;
  std::vector<PayloadPart> parts_;
  std::size_t part_ = 0;          ///< index of the part being written
  std::uint64_t part_bytes_ = 0;  ///< of it written already
  std::uint64_t written_ = 0;
};

}  // namespace hart::formats
