#include "formats/payload_writer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"

namespace hart::formats {

PayloadWriter::PayloadWriter(ByteSink sink, ByteView header, std::vector<PayloadPart> parts)
    : sink_{std::move(sink)}, parts_{std::move(parts)} {
  emit(header);
  complete_parts();
}

void PayloadWriter::write(ByteView piece) {
  while (!piece.empty()) {
    if (part_ == parts_.size())
      throw Error{Fault::usage, "model file: " + std::to_string(piece.size()) +
                                    " bytes of payload beyond the last tensor"};
    const std::uint64_t missing = parts_[part_].bytes - part_bytes_;
    const ByteView taken = piece.first(std::min<std::uint64_t>(missing, piece.size()));
    emit(taken);
    part_bytes_ += taken.size();
    piece = piece.subspan(taken.size());
    complete_parts();
  }
}

const PayloadPart* PayloadWriter::next() const noexcept {
  return part_ == parts_.size() ? nullptr : &parts_[part_];
}

void PayloadWriter::finish() const {
  if (part_ == parts_.size()) return;
  throw Error{Fault::usage, "model file: tensor '" + parts_[part_].name + "' has " +
                                std::to_string(part_bytes_) + " of its " +
                                std::to_string(parts_[part_].bytes) + " bytes"};
}

void PayloadWriter::emit(ByteView bytes) {
  if (bytes.empty()) return;
  sink_(bytes);
  written_ += bytes.size();
}

void PayloadWriter::complete_parts() {
  static constexpr std::array<std::uint8_t, 4096> kZeros{};
  for (; part_ < parts_.size() && part_bytes_ == parts_[part_].bytes; ++part_) {
    for (std::uint64_t left = parts_[part_].padding; left > 0;) {
      const ByteView zeros =
          ByteView{kZeros}.first(std::min<std::uint64_t>(left, kZeros.size()));
      emit(zeros);
      left -= zeros.size();
    }
    part_bytes_ = 0;
  }
}

}  // namespace hart::formats
